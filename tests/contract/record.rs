//! The record, its TTL, and what answers reveal.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::Value;
use shared::domain::Timestamp;
use shared::platform::{Call, Randomness};
use tests::event::Source;
use tests::host;
use tests::token::Claims;

use crate::support::{Endpoint, StoredKey, World, assert_refused, standing_still};

#[tokio::test]
async fn an_answer_depends_only_on_the_request_the_time_and_the_randomness() {
    let world = World::new().await;
    let randomness = Randomness::from_random_bytes([[1; 16], [2; 16], [3; 16], [4; 16], [5; 16], [6; 16]]);
    let now = Timestamp::from_millis(1_667_746_649_001);
    let call = standing_still(Call::at(now, 10_000, Ok(randomness)));
    let seconds = now.seconds();
    let claims = Claims::new().with("iat", seconds).with("exp", seconds + 60);
    let request = World::anonymous(Endpoint::Jwt).header("Authorization", &world.bearer(&claims));
    let answer = world.invoke_with(Endpoint::Jwt, &request.event(Source::HttpApi), call).await.unwrap();
    assert_eq!(
        answer.body,
        concat!(
            r#"{"result":"success","apikey":{"key":"01010101-0101-4101-8101-010101010101","#,
            r#""secret":"0303030303030303030303030303030304040404040404040404040404040404","level":3,"#,
            r#""expiresAt":"2022-11-06T15:57:30.000Z","name":"My first API key","userId":61}}"#,
        )
    );
}

#[tokio::test]
async fn the_record_is_what_the_contract_says() {
    let world = World::new().await;
    let begun = host::now();
    let answer = world.send(Endpoint::Jwt, &world.request(Endpoint::Jwt)).await;
    let item = world.dynamo.item(answer.apikey("key").as_str().unwrap()).await.unwrap();
    let kinds: BTreeMap<&str, char> = item.iter().map(|(name, value)| (name.as_str(), kind(value))).collect();
    let expected = [
        ("key", 'S'),
        ("secretHash", 'B'),
        ("name", 'S'),
        ("level", 'N'),
        ("userId", 'N'),
        ("createdAt", 'N'),
        ("expiresAt", 'N'),
        ("createdBy", 'S'),
        ("chain", 'S'),
        ("chainExpiresAt", 'N'),
    ];
    assert_eq!(kinds, BTreeMap::from(expected));
    let number = |name: &str| item[name].as_n().unwrap().parse::<i64>().unwrap();
    assert_eq!(item["expiresAt"].as_n().unwrap().len(), 10);
    assert!((begun..=host::now()).contains(&number("createdAt")));
    assert!((0..=1).contains(&(number("expiresAt") - number("createdAt") - 3_600)));
    assert!((0..=1).contains(&(number("chainExpiresAt") - number("createdAt") - 31_536_000)));
    assert_eq!(item["createdBy"], AttributeValue::S("jwt".to_owned()));
    assert_eq!(item["chain"], item["key"]);
    let secret = answer.apikey("secret").as_str().unwrap().to_owned();
    let dump = format!("{:?}", world.dynamo.items().await);
    assert!(!dump.contains(&secret) && !dump.contains(&format!("{:?}", hex::decode(&secret).unwrap())));
}

fn kind(value: &AttributeValue) -> char {
    match value {
        AttributeValue::S(_) => 'S',
        AttributeValue::N(_) => 'N',
        AttributeValue::B(_) => 'B',
        _ => '?',
    }
}

#[tokio::test]
async fn expires_at_is_the_ttl_second_across_leap_days_and_year_ends() {
    let world = World::new().await;
    for (now, expires_in, expected) in [
        (1_709_164_798_001, 1, "2024-02-29T00:00:00.000Z"),
        (1_709_251_199_001, 86_400, "2024-03-02T00:00:00.000Z"),
        (1_735_689_599_001, 1, "2025-01-01T00:00:01.000Z"),
        (1_711_846_799_001, 3_600, "2024-03-31T02:00:00.000Z"),
        (1_729_999_999_001, 31_536_000, "2025-10-27T03:33:20.000Z"),
    ] {
        let now = Timestamp::from_millis(now);
        let claims = Claims::new().with("iat", now.seconds()).with("exp", now.seconds() + 60);
        let request = World::anonymous(Endpoint::Jwt).header("Authorization", &world.bearer(&claims));
        let request = request.body(format!(r#"{{"name":"a","level":1,"expiresIn":{expires_in}}}"#));
        let call = standing_still(Call::at(now, 10_000, Randomness::draw()));
        let answer = world.invoke_with(Endpoint::Jwt, &request.event(Source::HttpApi), call).await.unwrap();
        assert_eq!(answer.apikey("expiresAt"), expected);
        world.assert_created(&answer, expected).await;
    }
}

#[tokio::test]
async fn an_expired_key_does_not_authenticate_before_or_after_its_deletion() {
    let world = World::new().await;
    let caller = StoredKey::new().expires_in(-5);
    world.dynamo.put_item(caller.item.clone()).await;
    let event = World::anonymous(Endpoint::Key).header("Authorization", &caller.authorization()).event(Source::HttpApi);
    let ten_seconds_ago = Timestamp::from_millis(Timestamp::now().millis() - 10_000);
    assert_eq!(world.invoke_at(Endpoint::Key, &event, ten_seconds_ago).await.unwrap().status, 201);
    assert_refused(&world.invoke(Endpoint::Key, &event).await, 403, "authenticationFailed", "expired");
    assert!(world.dynamo.item(&caller.key).await.is_some());
    assert_eq!(world.dynamo.sweep_ttl(), 1);
    assert!(world.dynamo.item(&caller.key).await.is_none());
    assert_refused(&world.invoke(Endpoint::Key, &event).await, 403, "authenticationFailed", "swept");
}

#[tokio::test]
async fn failed_authentications_all_get_the_same_answer() {
    let world = World::new().await;
    let expired = StoredKey::new().expires_in(-1);
    let alive = StoredKey::new();
    for key in [&expired, &alive] {
        world.dynamo.put_item(key.item.clone()).await;
    }
    let wrong = StoredKey { secret: "0".repeat(64), ..alive.clone() };
    let unknown = StoredKey::new();
    let credentials = [
        expired.authorization(),
        wrong.authorization(),
        unknown.authorization(),
        "Basic !".to_owned(),
        "Basic a, Basic b".to_owned(),
    ];
    let mut answers = BTreeSet::new();
    for credential in credentials {
        let answer =
            world.send(Endpoint::Key, &World::anonymous(Endpoint::Key).header("Authorization", &credential)).await;
        answers.insert(format!("{answer:?}"));
    }
    assert_eq!(answers.len(), 1, "{answers:?}");
    let mut answers = BTreeSet::new();
    for claims in
        [Claims::new().expires_in(-1), Claims::new().role("x"), Claims::new().without("aud"), Claims::new().id(0)]
    {
        let request = World::anonymous(Endpoint::Jwt).header("Authorization", &world.bearer(&claims));
        answers.insert(format!("{:?}", world.send(Endpoint::Jwt, &request).await));
    }
    assert_eq!(answers.len(), 1, "{answers:?}");
}

/// The minimum time does not depend on the machine. `make prove PROOF=timing` measures the differences.
#[tokio::test]
async fn a_refusal_after_a_lookup_takes_at_least_a_fixed_time() {
    let world = World::new().await;
    let (alive, expired) = (StoredKey::new(), StoredKey::new().expires_in(-1));
    for key in [&alive, &expired] {
        world.dynamo.put_item(key.item.clone()).await;
    }
    let wrong = StoredKey { secret: "0".repeat(64), ..alive };
    for key in [wrong, StoredKey::new(), expired] {
        let request = World::anonymous(Endpoint::Key).header("Authorization", &key.authorization());
        let began = Instant::now();
        assert_refused(&world.send(Endpoint::Key, &request).await, 403, "authenticationFailed", "refused");
        assert!(began.elapsed() >= Duration::from_millis(20), "{:?}", began.elapsed());
    }
}

#[tokio::test]
async fn an_event_of_unknown_shape_is_the_invocation_error_unknown_event() {
    let world = World::new().await;
    for event in [
        "{}",
        "null",
        "[]",
        "1",
        "\"x\"",
        r#"{"Records":[]}"#,
        r#"{"source":"aws.events","detail":{}}"#,
        r#"{"httpMethod":"POST"}"#,
    ] {
        let event: Value = serde_json::from_str(event).unwrap();
        for endpoint in Endpoint::ALL {
            let answer = world.invoke_at(endpoint, &event, Timestamp::now()).await;
            assert_eq!(answer.map(|answer| answer.body), Err("unknownEvent"), "{event}");
        }
    }
}
