//! Group H: the permissions of callers. OWASP API5:2023.

use tests::token::Claims;

use super::{Endpoint, Expected, FAILED, REQUIRED, Rows, World, assert_rows};
use crate::support::StoredKey;

#[tokio::test]
async fn no_caller_creates_a_key_with_more_rights_than_its_own() {
    let world = World::new().await;
    assert_rows(&world, rows(&world).await).await;
}

#[tokio::test]
async fn a_role_below_level_4_authenticates_but_may_not_create() {
    let world = World::with(&[("ROLE_LEVELS", r#"{"writer":3,"user":4}"#)]).await;
    let mut rows = Rows::new();
    let request =
        |role| World::anonymous(Endpoint::Jwt).header("Authorization", &world.bearer(&Claims::new().role(role)));
    let insufficient = Expected::Refused(403, "insufficientAccessLevel");
    rows.add("H01", "writer", Endpoint::Jwt, &request("writer"), insufficient);
    rows.add("H12", "writer, malformed body", Endpoint::Jwt, &request("writer").body("{"), insufficient);
    rows.add("H01", "user", Endpoint::Jwt, &request("user"), Expected::Created);
    rows.add("H01", "admin is not in the table", Endpoint::Jwt, &request("admin"), FAILED);
    assert_rows(&world, rows).await;
}

const EXCEEDS: Expected = Expected::Refused(403, "keyLevelExceedsRoleLevel");
const INSUFFICIENT: Expected = Expected::Refused(403, "insufficientAccessLevel");

pub(super) async fn rows(world: &World) -> Rows {
    let mut rows = Rows::new();
    roles(&mut rows, world);
    keys(&mut rows, world).await;
    order(&mut rows, world).await;
    rows
}

fn asks(level: i64, expires_in: i64) -> String {
    format!(r#"{{"name":"a","level":{level},"expiresIn":{expires_in}}}"#)
}

fn roles(rows: &mut Rows, world: &World) {
    for (role, own) in [("user", 4), ("tester", 4), ("curator", 5), ("bughunter", 6), ("support", 8), ("admin", 9)] {
        for asked in 0..=8 {
            let request =
                World::anonymous(Endpoint::Jwt).header("Authorization", &world.bearer(&Claims::new().role(role)));
            let id = if role == "admin" {
                "H04"
            } else if asked <= own {
                "H02"
            } else {
                "H03"
            };
            let expected = if asked <= own { Expected::Created } else { EXCEEDS };
            rows.add(id, format!("{role} asks for {asked}"), Endpoint::Jwt, &request.body(asks(asked, 60)), expected);
        }
    }
    let unknown = World::anonymous(Endpoint::Jwt).header("Authorization", &world.bearer(&Claims::new().role("writer")));
    rows.add("H01", "a role of level 3 that is in no table", Endpoint::Jwt, &unknown, FAILED);
}

async fn keys(rows: &mut Rows, world: &World) {
    for own in 0..=8 {
        let caller = StoredKey::new().level(own);
        world.dynamo.put_item(caller.item.clone()).await;
        for asked in 0..=8 {
            let expected = match (own, asked) {
                (0..4, _) => INSUFFICIENT,
                _ if asked > own => EXCEEDS,
                _ => Expected::Created,
            };
            let request =
                World::anonymous(Endpoint::Key).header("Authorization", &caller.authorization()).body(asks(asked, 60));
            rows.add("H06", format!("a key of level {own} asks for {asked}"), Endpoint::Key, &request, expected);
        }
    }
    let caller = StoredKey::new().chain_expires_in(1_000);
    world.dynamo.put_item(caller.item.clone()).await;
    let request = |body| World::anonymous(Endpoint::Key).header("Authorization", &caller.authorization()).body(body);
    let outlives = Expected::Refused(400, "expiresInHigherThanMaximum");
    rows.add("H09", "within the chain", Endpoint::Key, &request(asks(4, 900)), Expected::Created);
    rows.add("H09", "beyond the chain", Endpoint::Key, &request(asks(4, 1_100)), outlives);
    rows.add("H09", "the level is checked first", Endpoint::Key, &request(asks(5, 1_100)), EXCEEDS);
}

async fn order(rows: &mut Rows, world: &World) {
    let weak = StoredKey::new().level(3);
    world.dynamo.put_item(weak.item.clone()).await;
    for body in ["", "{", r#"{"name":1}"#, &asks(8, 60)] {
        let request = World::anonymous(Endpoint::Key).header("Authorization", &weak.authorization()).body(body);
        rows.add("H12", body, Endpoint::Key, &request, INSUFFICIENT);
        for endpoint in Endpoint::ALL {
            rows.add("H13", body, endpoint, &World::anonymous(endpoint).body(body), REQUIRED);
            let request = world.request(endpoint).only_header("Authorization", "Bearer x, Basic y").body(body);
            rows.add("H13", body, endpoint, &request, FAILED);
        }
    }
    let lacking = world.bearer(&Claims::new().with("status", 0));
    let request = World::anonymous(Endpoint::Jwt).header("Authorization", &lacking).body("{");
    rows.add("H12", "a lacking account", Endpoint::Jwt, &request, Expected::Refused(403, "accountStatusLacking"));
}
