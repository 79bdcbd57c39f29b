//! Group I: network faults between a function and DynamoDB.

use std::time::Duration;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use shared::domain::Timestamp;
use shared::platform::{Call, Randomness};
use tests::event::Source;
use tests::fault::{Fault, Proxy};
use tokio::time::Instant;

use crate::failures::{check_each, pairs};
use crate::support::{Answer, Endpoint, StoredKey, World, assert_refused};

/// A function that calls DynamoDB through a proxy.
struct Broken {
    world: World,
    proxy: Proxy,
    caller: StoredKey,
}

impl Broken {
    async fn new() -> Self {
        let store = World::new().await;
        let proxy = Proxy::to(store.dynamo.port()).await;
        let mut world = World::with(&[("AWS_ENDPOINT_URL_DYNAMODB", &proxy.endpoint())]).await;
        world.dynamo = store.dynamo;
        let caller = StoredKey::new();
        world.dynamo.put_item(caller.item.clone()).await;
        Self { world, proxy, caller }
    }

    async fn send(&self, endpoint: Endpoint) -> Answer {
        let authorization = match endpoint {
            Endpoint::Jwt => self.world.authorization(endpoint),
            Endpoint::Key => self.caller.authorization(),
        };
        self.world.send(endpoint, &World::anonymous(endpoint).header("Authorization", &authorization)).await
    }

    /// The number of created keys, without the caller's key.
    async fn created(&self) -> usize {
        self.world
            .dynamo
            .items()
            .await
            .iter()
            .filter(|item| item["name"] == AttributeValue::S("My first API key".into()))
            .count()
    }
}

fn transient() -> Vec<Fault> {
    vec![
        Fault::Reset,
        Fault::Truncate,
        Fault::ResetPooled,
        Fault::Delay(Duration::from_millis(300)),
        Fault::Hang,
        Fault::html(503),
        Fault::dynamodb(500, "InternalServerError"),
        Fault::dynamodb(400, "ProvisionedThroughputExceededException"),
        Fault::dynamodb(400, "ThrottlingException"),
        Fault::dynamodb(400, "RequestLimitExceeded"),
    ]
}

#[tokio::test]
async fn one_transient_fault_still_creates_the_key() {
    check_each(pairs(Endpoint::ALL, transient()), async |(endpoint, fault)| {
        let broken = Broken::new().await;
        broken.proxy.next(fault.clone());
        for request in ["first", "second"] {
            let answer = broken.send(endpoint).await;
            broken.world.assert_created(&answer, &format!("{endpoint:?}, {fault:?}, {request}")).await;
        }
        assert_eq!(broken.created().await, 2, "{endpoint:?}, {fault:?}");
    })
    .await;
}

#[tokio::test]
async fn a_store_that_keeps_failing_is_a_500() {
    let permanent = [
        Fault::Drip,
        Fault::html(200),
        Fault::Respond { status: 200, content_type: "application/x-amz-json-1.0".into(), body: String::new() },
        Fault::html(502),
        Fault::Respond { status: 200, content_type: "application/x-amz-json-1.0".into(), body: "{\"Item\":".into() },
        Fault::Respond {
            status: 200,
            content_type: "application/x-amz-json-1.0".into(),
            body: "{\"Item\":{\"key\":7}}".into(),
        },
        Fault::dynamodb(400, "ResourceNotFoundException"),
        Fault::dynamodb(400, "AccessDeniedException"),
        Fault::dynamodb(400, "UnrecognizedClientException"),
        Fault::dynamodb(400, "ExpiredTokenException"),
        Fault::dynamodb(400, "ValidationException"),
        Fault::dynamodb(400, "KMSAccessDeniedException"),
        Fault::dynamodb(400, "KMSDisabledException"),
    ];
    let passes = |fault: &Fault| matches!(fault, Fault::Delay(_) | Fault::ResetPooled);
    let faults: Vec<_> = transient().into_iter().filter(|fault| !passes(fault)).chain(permanent).collect();
    check_each(pairs(Endpoint::ALL, faults), async |(endpoint, fault)| {
        let broken = Broken::new().await;
        broken.proxy.always(fault.clone());
        let answer = broken.send(endpoint).await;
        assert_refused(&answer, 500, "createApikeyFailed", &format!("{endpoint:?}, {fault:?}"));
    })
    .await;
}

#[tokio::test]
async fn a_refused_connection_is_a_500_and_the_function_recovers() {
    check_each(Endpoint::ALL, async |endpoint| {
        let broken = Broken::new().await;
        broken.proxy.refuse().await;
        assert_refused(&broken.send(endpoint).await, 500, "createApikeyFailed", "refused");
        broken.proxy.accept().await;
        let answer = broken.send(endpoint).await;
        broken.world.assert_created(&answer, "recovered").await;
    })
    .await;
}

#[tokio::test]
async fn a_retry_after_a_lost_reply_recognises_its_own_item() {
    let broken = Broken::new().await;
    broken.proxy.next(Fault::ApplyThenLose);
    let answer = broken.send(Endpoint::Jwt).await;
    broken.world.assert_created(&answer, "the reply was lost once").await;
    assert_eq!((broken.proxy.count("PutItem"), broken.created().await), (2, 1));
}

#[tokio::test]
async fn if_every_reply_is_lost_the_answer_is_500_and_the_key_exists() {
    let broken = Broken::new().await;
    broken.proxy.always(Fault::ApplyThenLose);
    let answer = broken.send(Endpoint::Jwt).await;
    assert_refused(&answer, 500, "createApikeyFailed", "every reply was lost");
    assert_eq!(broken.created().await, 1);
}

#[tokio::test]
async fn a_taken_id_is_never_overwritten_and_the_spare_id_is_used() {
    let world = World::new().await;
    let randomness = || Ok(Randomness::from_random_bytes([[1; 16], [2; 16], [3; 16], [4; 16], [5; 16], [6; 16]]));
    let foreign = |key: &str| {
        StoredKey::new()
            .with("key", AttributeValue::S(key.to_owned()))
            .with("secretHash", AttributeValue::B(Blob::new([9; 32])))
    };
    let [first, spare] = ["01010101-0101-4101-8101-010101010101", "02020202-0202-4202-8202-020202020202"];
    let event = world.request(Endpoint::Jwt).event(Source::HttpApi);
    let call = || Call::at(Timestamp::now(), 10_000, randomness());

    let existing = foreign(first).item;
    world.dynamo.put_item(existing.clone()).await;
    let answer = world.invoke_with(Endpoint::Jwt, &event, call()).await.unwrap();
    assert_eq!(answer.apikey("key"), spare);
    world.assert_created(&answer, "spare id").await;
    assert_eq!(world.dynamo.item(first).await, Some(existing));

    world.dynamo.put_item(foreign(spare).item).await;
    let answer = world.invoke_with(Endpoint::Jwt, &event, call()).await.unwrap();
    assert_refused(&answer, 500, "createApikeyFailed", "both ids are taken");
}

/// Uses tokio's clock. A paused clock advances only while every task waits, so the machine's speed has no effect.
#[tokio::test]
async fn a_hanging_store_is_a_500_after_2_5_s_and_before_the_invocation_ends() {
    check_each(Endpoint::ALL, async |endpoint| {
        let broken = Broken::new().await;
        broken.proxy.always(Fault::Hang);
        let authorization = match endpoint {
            Endpoint::Jwt => broken.world.authorization(endpoint),
            Endpoint::Key => broken.caller.authorization(),
        };
        let event = World::anonymous(endpoint).header("Authorization", &authorization).event(Source::HttpApi);
        tokio::time::pause();
        let cases = [(10_000, 2_500), (3_000, 2_500), (1_000, 500), (500, 0), (200, 0), (0, 0)];
        check_each(cases, async |(millis_left, given_up_after)| {
            let started = Instant::now();
            let call = Call::at(Timestamp::now(), millis_left, Randomness::draw());
            let answer = broken.world.invoke_with(endpoint, &event, call).await.unwrap();
            assert_refused(&answer, 500, "createApikeyFailed", "the deadline");
            // tokio's timers have a resolution of one millisecond.
            let late = started.elapsed().saturating_sub(Duration::from_millis(given_up_after));
            assert!(late <= Duration::from_millis(2), "{millis_left} ms left, given up after {:?}", started.elapsed());
        })
        .await;
        let calls = broken.proxy.requests().len();
        let call = Call::at(Timestamp::now(), 540, Randomness::draw());
        broken.world.invoke_with(endpoint, &event, call).await.unwrap();
        assert_eq!(broken.proxy.requests().len(), calls, "a call began without enough time left");
        tokio::time::resume();
    })
    .await;
}

#[tokio::test]
async fn a_store_without_tls_is_a_500_and_gets_no_plaintext() {
    check_each(Endpoint::ALL, async |endpoint| {
        let broken = Broken::new().await;
        let https = broken.proxy.endpoint().replace("http:", "https:");
        let world = World::with(&[("AWS_ENDPOINT_URL_DYNAMODB", &https)]).await;
        let request = World::anonymous(endpoint);
        let authorization =
            if endpoint == Endpoint::Jwt { world.authorization(endpoint) } else { broken.caller.authorization() };
        let answer = world.send(endpoint, &request.header("Authorization", &authorization)).await;
        assert_refused(&answer, 500, "createApikeyFailed", "no TLS");
        assert_eq!(broken.proxy.requests(), []);
    })
    .await;
}

#[tokio::test]
async fn a_lifetime_begins_at_the_creation_not_at_the_request() {
    let broken = Broken::new().await;
    broken.proxy.next(Fault::Delay(Duration::from_millis(1_200)));
    let begun = tests::host::now();
    let answer = broken.send(Endpoint::Key).await;
    let item = broken.world.dynamo.item(answer.apikey("key").as_str().unwrap()).await.unwrap();
    let seconds = |name: &str| item[name].as_n().unwrap().parse::<i64>().unwrap();
    // The read takes more than a second, and the creation follows it.
    assert!(seconds("createdAt") > begun, "{} is not after {begun}", seconds("createdAt"));
}
