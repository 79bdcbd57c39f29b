//! Tokens as Keycloak, Auth0, Cognito and Supabase issue them: each row of `tests/data/issuers.tsv` is one token.
//!
//! A row has the configuration, `-` for an unset variable, and the expected user and level. `<iss>`, `<aud>`, `<iat>`
//! and `<exp>` are replaced in the claims.

use serde_json::json;
use tests::host;
use tests::token::{AUDIENCE, Claims, ISSUER, Token};

use crate::failures::Failures;
use crate::support::{Endpoint, World, assert_refused};

const ROWS: &str = include_str!("../data/issuers.tsv");

#[tokio::test]
async fn a_token_of_each_issuer_works_with_its_configuration_and_only_with_it() {
    let mut failures = Failures::default();
    for row in ROWS.lines().skip(1) {
        let [id, user, role, expected, claims, _note] = row.split('\t').collect::<Vec<_>>()[..] else {
            panic!("six columns: {row}");
        };
        let variables = [("JWT_USER_CLAIM", user), ("JWT_ROLE_CLAIM", role)].map(|(name, value)| {
            let value = if value == "-" { "" } else { value };
            (name, value)
        });
        let world = World::with(&variables).await;
        failures.check(id, check(&world, id, claims, expected)).await;
    }
    failures.assert_none();
}

async fn check(world: &World, id: &str, claims: &str, expected: &str) {
    let now = host::now();
    let claims = claims
        .replace("<iss>", &json!(ISSUER).to_string())
        .replace("<aud>", &json!(AUDIENCE).to_string())
        .replace("<iat>", &now.to_string())
        .replace("<exp>", &(now + 300).to_string());
    let token = Token::new(&Claims::new()).payload(claims).sign(world.signer());
    let request = World::anonymous(Endpoint::Jwt).header("Authorization", &format!("Bearer {token}"));
    let asks = |level: u64| request.clone().body(format!(r#"{{"name":"x","level":{level},"expiresIn":60}}"#));
    if expected == "refused" {
        return assert_refused(&world.send(Endpoint::Jwt, &asks(0)).await, 403, "authenticationFailed", id);
    }
    let (user, level) = expected.split_once('/').unwrap();
    let level = level.parse::<u64>().unwrap();
    let answer = world.send(Endpoint::Jwt, &asks(level.min(8))).await;
    world.assert_created(&answer, id).await;
    assert_eq!(answer.apikey("userId").to_string(), user, "{id}");
    if level < 8 {
        assert_refused(&world.send(Endpoint::Jwt, &asks(level + 1)).await, 403, "keyLevelExceedsRoleLevel", id);
    }
}
