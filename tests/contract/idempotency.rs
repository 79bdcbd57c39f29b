//! `Idempotency-Key`: a retry creates no second key, and gets the secret of the first attempt.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::AttributeValue;
use shared::domain::Timestamp;
use shared::platform::{Call, Randomness};
use tests::event::{Request, Source};
use tests::fault::{Fault, Proxy};
use tests::host;
use tests::rng::SeededRng;
use tests::token::Claims;
use tokio::task::JoinSet;

use crate::support::{Answer, BODY, Endpoint, StoredKey, World, assert_refused};

const VALUE: &str = "2b0ff0b4-0b6d-4d0c-9b3e-0f3a7a6f1c55";

fn tried(request: &Request, value: &str) -> Request {
    request.clone().header("Idempotency-Key", value)
}

async fn keys(world: &World) -> usize {
    let named = AttributeValue::S("My first API key".to_owned());
    world.dynamo.items().await.iter().filter(|item| item.get("name") == Some(&named)).count()
}

/// Asserts that the second answer repeats the first one, and that `Idempotency-Replayed` says so.
fn assert_replay(first: &Answer, again: &Answer, context: &str) {
    assert_eq!((again.status, &again.body), (201, &first.body), "{context}");
    assert!(again.replayed(), "{context}");
}

#[tokio::test]
async fn the_same_caller_value_and_body_get_the_same_answer_byte_for_byte() {
    for endpoint in Endpoint::ALL {
        let world = World::new().await;
        let request = world.request(endpoint);
        let first = world.send(endpoint, &tried(&request, VALUE)).await;
        world.assert_created(&first, "first").await;
        assert!(!first.replayed());
        let quoted = format!("\"{VALUE}\"");
        for value in [VALUE, &quoted, &VALUE.to_uppercase()] {
            for source in Source::ALL {
                let again = world.invoke(endpoint, &tried(&request, value).event(source)).await;
                assert_replay(&first, &again, value);
            }
        }
        let spelled = r#"{"expiresIn":3.6e3, "level":3.0, "name":"My first API key", "more":1}"#;
        assert_replay(&first, &world.send(endpoint, &tried(&request.body(spelled), VALUE)).await, spelled);
        assert_eq!(keys(&world).await, 1);
    }
}

#[tokio::test]
async fn another_body_with_the_same_value_is_refused() {
    let world = World::new().await;
    let request = world.request(Endpoint::Jwt);
    world.send(Endpoint::Jwt, &tried(&request, VALUE)).await;
    for (part, other) in [("My first", "My second"), ("3600", "3601"), ("\"level\":3", "\"level\":4")] {
        let answer = world.send(Endpoint::Jwt, &tried(&request.clone().body(BODY.replace(part, other)), VALUE)).await;
        assert_refused(&answer, 400, "idempotencyKeyReused", other);
    }
    assert_eq!(keys(&world).await, 1);
}

#[tokio::test]
async fn another_caller_or_another_value_is_another_request() {
    let world = World::new().await;
    let caller = StoredKey::new();
    world.dynamo.put_item(caller.item.clone()).await;
    let other_user = World::anonymous(Endpoint::Jwt).header("Authorization", &world.bearer(&Claims::new().id(7)));
    let other_key = World::anonymous(Endpoint::Key).header("Authorization", &caller.authorization());
    let first = world.send(Endpoint::Jwt, &tried(&world.request(Endpoint::Jwt), VALUE)).await;
    let mut bodies = vec![first.body];
    for (endpoint, request, value) in [
        (Endpoint::Jwt, other_user, VALUE),
        (Endpoint::Key, world.request(Endpoint::Key), VALUE),
        (Endpoint::Key, other_key, VALUE),
        (Endpoint::Jwt, world.request(Endpoint::Jwt), "018f3a6e-7c7e-7d1c-9d5c-3d9c5b6e7f80"),
    ] {
        let answer = world.send(endpoint, &tried(&request, value)).await;
        assert!(answer.status == 201 && !answer.replayed() && !bodies.contains(&answer.body), "{value}");
        bodies.push(answer.body);
    }
}

#[tokio::test]
async fn a_value_is_a_uuid_of_any_version_with_or_without_a_prefix() {
    let world = World::new().await;
    let request = world.request(Endpoint::Jwt);
    let longest = "a".repeat(64);
    let mut bodies = BTreeSet::new();
    let uuids = [VALUE, "c232ab00-9414-11ec-b3c8-9f6bdeced846", "00000000-0000-0000-0000-000000000000"];
    for uuid in uuids.into_iter().chain(["ffffffff-ffff-ffff-ffff-ffffffffffff"]) {
        for prefix in ["", "a", "-", "Order_1.b:c-", &longest] {
            let first = world.send(Endpoint::Jwt, &tried(&request, &format!("{prefix}{uuid}"))).await;
            assert!(first.status == 201 && !first.replayed(), "{prefix}{uuid}: {}", first.body);
            // Only the UUID can be spelled in upper case.
            for again in [format!("{prefix}{}", uuid.to_uppercase()), format!("\"{prefix}{uuid}\"")] {
                assert_replay(&first, &world.send(Endpoint::Jwt, &tried(&request, &again)).await, &again);
            }
            bodies.insert(first.body);
        }
    }
    assert_eq!(bodies.len(), 20);
    let other_case = world.send(Endpoint::Jwt, &tried(&request, &format!("order_1.b:c-{VALUE}"))).await;
    assert!(other_case.status == 201 && !other_case.replayed(), "the case of a prefix counts");
}

#[tokio::test]
async fn a_value_ends_in_one_uuid_and_is_checked_after_the_body() {
    for endpoint in Endpoint::ALL {
        let world = World::new().await;
        let request = world.request(endpoint);
        for value in [
            "",
            " ",
            "order-1",
            &VALUE[1..],
            &VALUE.replace('-', ""),
            &format!("{VALUE}-1"),
            &format!("order/{VALUE}"),
            &format!("order {VALUE}"),
            &format!("\u{e9}{VALUE}"),
            &format!("order\"{VALUE}\""),
            &format!("{}{VALUE}", "a".repeat(65)),
            &format!("\"{}{VALUE}\"", "a".repeat(65)),
            &format!("{{{VALUE}}}"),
            &format!("'{VALUE}'"),
            &format!("\"{VALUE}"),
            &format!("\"{VALUE}\";a=1"),
            &format!("{VALUE},{VALUE}"),
            &format!(" {VALUE}"),
            "é",
        ] {
            let answer = world.send(endpoint, &tried(&request, value)).await;
            assert_refused(&answer, 400, "idempotencyKeyInvalid", value);
        }
        let twice = tried(&tried(&request, VALUE), VALUE).event(Source::RestApi);
        assert_refused(&world.invoke(endpoint, &twice).await, 400, "idempotencyKeyInvalid", "twice");
        let both = tried(&request.clone().body("{"), "order-1");
        assert_refused(&world.send(endpoint, &both).await, 400, "postBodyInvalid", "the body is checked first");
        let too_high =
            tried(&World::anonymous(Endpoint::Jwt).body(BODY.replace("\"level\":3", "\"level\":5")), "order-1");
        let too_high = too_high.header("Authorization", &world.bearer(&Claims::new()));
        assert_refused(&world.send(Endpoint::Jwt, &too_high).await, 400, "idempotencyKeyInvalid", "before the level");
        assert_eq!(keys(&world).await, 0);
    }
}

#[tokio::test]
async fn an_answer_expires_after_24_hours_even_if_its_item_still_exists() {
    let world = World::new().await;
    let now = Timestamp::now().millis();
    let at = |hours: u64| Timestamp::from_millis(now - hours * 3_600_000);
    let claims = Claims::new().without("iat").with("exp", host::now() + 3_600);
    let request = tried(&World::anonymous(Endpoint::Jwt).header("Authorization", &world.bearer(&claims)), VALUE);
    let event = request.event(Source::HttpApi);
    let first = world.invoke_at(Endpoint::Jwt, &event, at(25)).await.unwrap();
    let within = world.invoke_at(Endpoint::Jwt, &event, at(2)).await.unwrap();
    assert_replay(&first, &within, "23 hours later");
    let after = world.invoke_at(Endpoint::Jwt, &event, at(0)).await.unwrap();
    assert!(after.status == 201 && !after.replayed() && after.body != first.body);
    assert_replay(&after, &world.invoke_at(Endpoint::Jwt, &event, at(0)).await.unwrap(), "the new one");
}

#[tokio::test]
async fn the_table_reveals_neither_the_secret_nor_the_value() {
    let world = World::new().await;
    let now = Timestamp::now();
    let event = tried(&world.request(Endpoint::Jwt), VALUE).event(Source::HttpApi);
    let answer = world.invoke_at(Endpoint::Jwt, &event, now).await.unwrap();
    let items = world.dynamo.items().await;
    let memo = items.iter().find(|item| item["key"].as_s().unwrap().starts_with("idem#")).unwrap();
    let mut names: Vec<_> = memo.keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["expiresAt", "key", "requestHash", "salt", "sealed"]);
    let lifetime = memo["expiresAt"].as_n().unwrap().parse::<u64>().unwrap() - now.seconds();
    let elapsed = Timestamp::now().seconds() - now.seconds();
    assert!((86_400..=86_401 + elapsed).contains(&lifetime), "{lifetime}");
    let dump = format!("{items:?}");
    let secret = answer.apikey("secret").as_str().unwrap().to_owned();
    assert!(!dump.contains(&secret) && !dump.contains(VALUE));
    assert!(!dump.contains(&format!("{:?}", hex::decode(secret).unwrap()).replace(['[', ']'], "")));
}

/// A world whose DynamoDB is behind a proxy, and the proxy.
pub(crate) async fn broken() -> (World, Proxy) {
    let store = World::new().await;
    let proxy = Proxy::to(store.dynamo.port()).await;
    let mut world = World::with(&[("AWS_ENDPOINT_URL_DYNAMODB", &proxy.endpoint())]).await;
    world.dynamo = store.dynamo;
    (world, proxy)
}

fn conflict() -> Fault {
    Fault::Respond {
        status: 400,
        content_type: "application/x-amz-json-1.0".to_owned(),
        body: r#"{"__type":"com.amazonaws.dynamodb.v20120810#TransactionCanceledException","message":"x","CancellationReasons":[{"Code":"TransactionConflict"},{"Code":"None"}]}"#.to_owned(),
    }
}

#[tokio::test]
async fn a_first_attempt_and_a_replay_are_one_transaction_each() {
    let (world, proxy) = broken().await;
    let request = world.request(Endpoint::Jwt);
    for calls in 1..=2 {
        world.send(Endpoint::Jwt, &tried(&request, VALUE)).await;
        assert_eq!((proxy.count("TransactWriteItems"), proxy.requests().len()), (calls, calls));
    }
    world.send(Endpoint::Jwt, &request).await;
    assert_eq!((proxy.count("PutItem"), proxy.requests().len()), (1, 3));
}

#[tokio::test]
async fn a_retry_after_a_lost_reply_is_not_marked_as_a_replay() {
    let (world, proxy) = broken().await;
    proxy.next(Fault::ApplyThenLose);
    let answer = world.send(Endpoint::Jwt, &tried(&world.request(Endpoint::Jwt), VALUE)).await;
    world.assert_created(&answer, "lost once").await;
    assert!(!answer.replayed());
    assert_eq!(keys(&world).await, 1);
}

#[tokio::test]
async fn a_request_after_lost_replies_gets_the_stored_answer() {
    let (world, proxy) = broken().await;
    let request = tried(&world.request(Endpoint::Jwt).body(BODY.replace("\"level\":3", "\"level\":4")), VALUE);
    for _ in 0..3 {
        proxy.next(Fault::ApplyThenLose);
    }
    assert_refused(&world.send(Endpoint::Jwt, &request).await, 500, "createApikeyFailed", "every reply was lost");
    let answer = world.send(Endpoint::Jwt, &request).await;
    world.assert_created(&answer, "the next request").await;
    assert!(answer.replayed());
    assert_eq!(keys(&world).await, 1);
    let child = World::anonymous(Endpoint::Key).header("Authorization", &answer.basic());
    assert_eq!(world.send(Endpoint::Key, &child).await.status, 201, "the secret authenticates");
}

#[tokio::test]
async fn a_transaction_conflict_is_retried() {
    let (world, proxy) = broken().await;
    for _ in 0..4 {
        proxy.next(conflict());
    }
    let answer = world.send(Endpoint::Jwt, &tried(&world.request(Endpoint::Jwt), VALUE)).await;
    world.assert_created(&answer, "after four conflicts").await;
}

#[tokio::test]
async fn a_retry_is_not_refused_at_the_end_of_the_chain() {
    let world = World::new().await;
    let caller = StoredKey::new().chain_expires_in(1_000);
    world.dynamo.put_item(caller.item.clone()).await;
    let request = World::anonymous(Endpoint::Key).header("Authorization", &caller.authorization());
    let request = request.body(BODY.replace("3600", "990"));
    let at = |seconds: u64| Timestamp::from_millis(Timestamp::now().millis() + seconds * 1_000);
    let first = world.send(Endpoint::Key, &tried(&request, VALUE)).await;
    let event = tried(&request, VALUE).event(Source::HttpApi);
    let later = world.invoke_at(Endpoint::Key, &event, at(100)).await.unwrap();
    assert_replay(&first, &later, "the same request");
    let fresh = tried(&request, "018f3a6e-7c7e-7d1c-9d5c-3d9c5b6e7f80").event(Source::HttpApi);
    let fresh = world.invoke_at(Endpoint::Key, &fresh, at(100)).await.unwrap();
    assert_refused(&fresh, 400, "expiresInHigherThanMaximum", "a new request");
    let other = tried(&request.body(BODY.replace("3600", "991")), VALUE).event(Source::HttpApi);
    let other = world.invoke_at(Endpoint::Key, &other, at(100)).await.unwrap();
    assert_refused(&other, 400, "idempotencyKeyReused", "another request");
}

#[tokio::test]
async fn a_taken_id_leads_to_the_spare_id_and_a_damaged_answer_to_a_500() {
    let world = World::new().await;
    let randomness = || Ok(Randomness::from_random_bytes([[1; 16], [2; 16], [3; 16], [4; 16], [5; 16], [6; 16]]));
    let first = AttributeValue::S("01010101-0101-4101-8101-010101010101".to_owned());
    world.dynamo.put_item(StoredKey::new().with("key", first).item).await;
    let event = tried(&world.request(Endpoint::Jwt), VALUE).event(Source::HttpApi);
    let call = Call::at(Timestamp::now(), 10_000, randomness());
    let answer = world.invoke_with(Endpoint::Jwt, &event, call).await.unwrap();
    assert_eq!(answer.apikey("key"), "02020202-0202-4202-8202-020202020202");
    for item in world.dynamo.items().await {
        if item["key"].as_s().unwrap().starts_with("idem#") {
            let mut damaged = item.clone();
            damaged.remove("salt");
            world.dynamo.put_item(damaged).await;
        }
    }
    assert_refused(&world.invoke(Endpoint::Jwt, &event).await, 500, "createApikeyFailed", "damaged");
}

/// For any order of attempts, lost replies, resets and conflicts, the table has one record, and every 201 contains the
/// same secret, which authenticates.
#[tokio::test]
async fn interleaved_and_failed_attempts_create_one_key_with_one_answer() {
    for seed in 0..24 {
        let (world, proxy) = broken().await;
        let world = std::sync::Arc::new(world);
        let mut rng = SeededRng(seed);
        for _ in 0..rng.below(8) {
            proxy.next(match rng.below(5) {
                0 => Fault::ApplyThenLose,
                1 => Fault::Reset,
                2 => conflict(),
                3 => Fault::dynamodb(500, "InternalServerError"),
                _ => Fault::Pass,
            });
        }
        let request = tried(&world.request(Endpoint::Jwt).body(BODY.replace("\"level\":3", "\"level\":4")), VALUE);
        let mut tries = JoinSet::new();
        for _ in 0..2 + rng.below(4) {
            let (world, request) = (world.clone(), request.clone());
            tries.spawn(async move {
                loop {
                    let answer = world.send(Endpoint::Jwt, &request).await;
                    if answer.status == 201 {
                        return answer;
                    }
                    assert_refused(&answer, 500, "createApikeyFailed", &format!("seed {seed}"));
                }
            });
        }
        let answers = tries.join_all().await;
        assert!(answers.iter().all(|answer| answer.body == answers[0].body), "seed {seed}");
        assert!(answers.iter().filter(|answer| !answer.replayed()).count() <= 1, "seed {seed}");
        assert_eq!(keys(&world).await, 1, "seed {seed}");
        let child = World::anonymous(Endpoint::Key).header("Authorization", &answers[0].basic());
        // The remaining faults can also affect this request.
        while world.send(Endpoint::Key, &child).await.status != 201 {
            assert!(proxy.requests().len() < 200, "seed {seed}: the secret does not authenticate");
        }
    }
}
