//! Neighbours in group H: the order of the checks, and the end of a chain.

use shared::domain::Timestamp;
use tests::event::{Request, Source};
use tests::token::Claims;

use crate::matrix::{Endpoint, Expected, FAILED, Rows, assert_rows};
use crate::support::{StoredKey, World, assert_refused};

const EXCEEDS: Expected = Expected::Refused(403, "keyLevelExceedsRoleLevel");
const INSUFFICIENT: Expected = Expected::Refused(403, "insufficientAccessLevel");
const INVALID_ID: Expected = Expected::Refused(400, "idempotencyKeyInvalid");
const TOO_LONG: Expected = Expected::Refused(400, "expiresInHigherThanMaximum");
const ID: &str = "2b0ff0b4-0b6d-4d0c-9b3e-0f3a7a6f1c55";

pub(super) async fn rows(world: &World) -> Rows {
    let mut rows = Rows::new();
    let user = World::anonymous(Endpoint::Jwt).header("Authorization", &world.bearer(&Claims::new()));
    of_level_4(&mut rows, Endpoint::Jwt, &user);
    let keys = [
        StoredKey::new(),
        StoredKey::new().level(3),
        StoredKey::new().level(3).number("expiresAt", rows.now() - 1),
        StoredKey::new().number("chainExpiresAt", rows.now()),
        StoredKey::new().level(8).chain_expires_in(-31_536_000),
    ];
    for key in &keys {
        world.dynamo.put_item(key.item.clone()).await;
    }
    let [strong, weak, late, ended, long_ended] =
        keys.map(|key| World::anonymous(Endpoint::Key).header("Authorization", &key.authorization()));
    of_level_4(&mut rows, Endpoint::Key, &strong);
    for (id, request, expected) in [
        ("H+2", weak.clone().header("Idempotency-Key", "x"), INSUFFICIENT),
        ("H+2", weak.clone().only_header("Content-Type", "text/plain"), INSUFFICIENT),
        ("H+2", weak.body(asks(0, 0)), INSUFFICIENT),
        ("H+2", late.body(asks(8, 60)), FAILED),
        ("H+3", ended.clone().body(asks(4, 1)), TOO_LONG),
        ("H+3", ended.clone().body(asks(5, 1)), EXCEEDS),
        ("H+3", ended.clone().header("Idempotency-Key", ID).body(asks(4, 1)), TOO_LONG),
        ("H+3", ended.header("Idempotency-Key", "x").body(asks(4, 1)), INVALID_ID),
        ("H+3", long_ended.body(asks(8, 1)), TOO_LONG),
    ] {
        rows.add(id, "order", Endpoint::Key, &request, expected);
    }
    rows
}

fn asks(level: u64, expires_in: u64) -> String {
    format!(r#"{{"name":"a","level":{level},"expiresIn":{expires_in}}}"#)
}

/// The body is checked first, then the idempotency key, then the level.
fn of_level_4(rows: &mut Rows, endpoint: Endpoint, request: &Request) {
    let with = |id: &str, body: &str| request.clone().header("Idempotency-Key", id).body(body);
    for (request, expected) in [
        (with("x", "{"), Expected::Refused(400, "postBodyInvalid")),
        (with("x", &asks(9, 60)), Expected::Refused(400, "invalidLevel")),
        (with("x", &asks(5, 31_536_001)), TOO_LONG),
        (with("x", &asks(5, 60)), INVALID_ID),
        (with("", &asks(4, 60)), INVALID_ID),
        (with(ID, &asks(5, 31_536_001)), TOO_LONG),
        (with(ID, &asks(5, 60)), EXCEEDS),
        (request.clone().body(asks(5, 31_536_001)), TOO_LONG),
    ] {
        rows.add("H+1", "order", endpoint, &request, expected);
    }
}

#[tokio::test]
async fn the_account_status_is_checked_before_the_role_level() {
    let world = World::with(&[("ROLE_LEVELS", r#"{"writer":3,"":4,"__proto__":5,"a b":9,"none":0}"#)]).await;
    let mut rows = Rows::new();
    let mut add = |id, claims: Claims, level: u64, expected| {
        let request = World::anonymous(Endpoint::Jwt).header("Authorization", &world.bearer(&claims));
        rows.add(id, claims.to_json(), Endpoint::Jwt, &request.body(asks(level, 60)), expected);
    };
    let lacking = Expected::Refused(403, "accountStatusLacking");
    add("H+4", Claims::new().role("writer").with("status", 0), 8, lacking);
    add("H+4", Claims::new().role("writer").with("status", "0"), 8, FAILED);
    add("H+4", Claims::new().role("user").with("status", 0), 8, FAILED);
    // A role can be any text, and is compared exactly.
    for (role, level) in [("", 4), ("__proto__", 5), ("a b", 8)] {
        add("H+4", Claims::new().role(role), level, Expected::Created);
        add(
            "H+4",
            Claims::new().role(role),
            level + 1,
            if level == 8 { Expected::Refused(400, "invalidLevel") } else { EXCEEDS },
        );
    }
    add("H+4", Claims::new().role("none"), 0, INSUFFICIENT);
    add("H+4", Claims::new().role("a  b"), 0, FAILED);
    assert_rows(&world, rows).await;
}

#[tokio::test]
async fn a_key_may_expire_in_the_same_second_as_its_chain() {
    let world = World::new().await;
    let caller = StoredKey::new().chain_expires_in(1_000);
    world.dynamo.put_item(caller.item.clone()).await;
    let chain: u64 = caller.item["chainExpiresAt"].as_n().unwrap().parse().unwrap();
    // A lifetime begins at the next whole second. `now` is 999 ms before it, so that a slow machine has enough time.
    let now = Timestamp::from_millis((chain - 900) * 1_000 - 999);
    let request = World::anonymous(Endpoint::Key).header("Authorization", &caller.authorization());
    let event = |expires_in| request.clone().body(asks(4, expires_in)).event(Source::HttpApi);
    let answer = world.invoke_at(Endpoint::Key, &event(900), now).await.unwrap();
    world.assert_created(&answer, "to the end of the chain").await;
    assert_eq!(answer.apikey("expiresAt"), Timestamp::from_millis(chain * 1_000).to_rfc3339());
    let answer = world.invoke_at(Endpoint::Key, &event(901), now).await.unwrap();
    assert_refused(&answer, 400, "expiresInHigherThanMaximum", "one second more");
}
