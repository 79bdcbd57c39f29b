//! Neighbours in group I: faults of the transaction for a request with an `Idempotency-Key`, and invalid replies.
//!
//! After any fault, each idempotency key has one answer: a retry after a 500 gets a 201 with the only record.

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Value, json};
use shared::domain::Timestamp;
use tests::event::{Request, Source};
use tests::fault::{Fault, Proxy};

use crate::failures::check_each;
use crate::idempotency::broken;
use crate::support::{Answer, Endpoint, StoredKey, World, assert_refused};

const OPERATION: &str = "TransactWriteItems";

/// More attempts than the SDK makes.
const EVERY_TRY: usize = 8;

/// A function whose DynamoDB is behind a proxy. Each round has its own request.
struct Scene {
    world: World,
    proxy: Proxy,
}

impl Scene {
    async fn new() -> Self {
        let (world, proxy) = broken().await;
        Self { world, proxy }
    }

    fn request(&self, endpoint: Endpoint, round: usize) -> Request {
        let body = json!({ "name": format!("round {round}"), "level": 3, "expiresIn": 60 }).to_string();
        let value = format!("00000000-0000-4000-8000-{round:012}");
        let request = World::anonymous(endpoint).body(body).header("Idempotency-Key", &value);
        request.header("Authorization", &self.world.authorization(Endpoint::Jwt))
    }

    async fn send(&self, round: usize) -> Answer {
        self.world.send(Endpoint::Jwt, &self.request(Endpoint::Jwt, round)).await
    }

    async fn records(&self, round: usize) -> usize {
        let name = AttributeValue::S(format!("round {round}"));
        self.world.dynamo.items().await.iter().filter(|item| item.get("name") == Some(&name)).count()
    }

    /// Asserts that a retry succeeds once the faults have ended.
    async fn assert_mended(&self, round: usize, context: &str) {
        self.proxy.heal();
        let answer = self.send(round).await;
        self.world.assert_created(&answer, context).await;
        assert_eq!(self.records(round).await, 1, "{context}");
    }
}

fn reply(status: u16, body: &Value) -> Fault {
    Fault::Respond { status, content_type: "application/x-amz-json-1.0".to_owned(), body: body.to_string() }
}

/// A cancelled transaction. The first reason is the one for the record.
fn cancelled(reasons: &Value) -> Fault {
    let kind = "com.amazonaws.dynamodb.v20120810#TransactionCanceledException";
    reply(400, &json!({ "__type": kind, "message": "canary", "CancellationReasons": reasons }))
}

fn passing() -> Vec<Fault> {
    vec![
        Fault::Reset,
        Fault::ResetPooled,
        Fault::Hang,
        Fault::Truncate,
        Fault::ApplyThenLose,
        Fault::Delay(Duration::from_millis(200)),
        Fault::html(503),
        Fault::dynamodb(500, "InternalServerError"),
        Fault::dynamodb(400, "ThrottlingException"),
        Fault::dynamodb(400, "ProvisionedThroughputExceededException"),
        Fault::dynamodb(400, "TransactionInProgressException"),
        cancelled(&json!([{ "Code": "TransactionConflict" }, { "Code": "None" }])),
        cancelled(&json!([{ "Code": "None" }, { "Code": "TransactionConflict" }])),
        cancelled(&json!([{ "Code": "ThrottlingError" }, { "Code": "None" }])),
        cancelled(&json!([{ "Code": "None" }, { "Code": "ProvisionedThroughputExceeded" }])),
    ]
}

#[tokio::test]
async fn a_transaction_that_fails_once_still_creates_the_key_and_is_no_replay() {
    let scene = Scene::new().await;
    check_each(passing().into_iter().enumerate(), async |(round, fault)| {
        scene.proxy.heal();
        scene.proxy.inject_at(OPERATION, 1, fault.clone());
        let answer = scene.send(round).await;
        scene.world.assert_created(&answer, &format!("{fault:?}")).await;
        assert!(!answer.replayed(), "{fault:?}");
        assert_eq!(scene.records(round).await, 1, "{fault:?}");
    })
    .await;
}

#[tokio::test]
async fn a_transaction_that_always_fails_is_a_500_and_a_later_retry_succeeds() {
    let lasting = [
        Fault::html(200),
        Fault::html(404),
        reply(200, &json!({})),
        Fault::dynamodb(400, "AccessDeniedException"),
        Fault::dynamodb(400, "ResourceNotFoundException"),
        Fault::dynamodb(400, "IdempotentParameterMismatchException"),
        Fault::dynamodb(400, "ItemCollectionSizeLimitExceededException"),
    ];
    let scene = Scene::new().await;
    let no_end = |fault: &Fault| !matches!(fault, Fault::Delay(_) | Fault::ResetPooled);
    let faults = passing().into_iter().filter(no_end).chain(lasting);
    check_each(faults.enumerate(), async |(round, fault)| {
        scene.proxy.always(fault.clone());
        let context = format!("{fault:?}");
        assert_refused(&scene.send(round).await, 500, "createApikeyFailed", &context);
        scene.assert_mended(round, &context).await;
    })
    .await;
}

#[tokio::test]
async fn invalid_cancellation_reasons_are_a_500_without_a_retry() {
    let failed = json!({ "Code": "ConditionalCheckFailed" });
    let none = json!({ "Code": "None" });
    let foreign = json!({ "key": { "S": "idem#x" }, "name": { "S": "x" } });
    let scene = Scene::new().await;
    let cases = [
        json!([]),
        json!(null),
        json!([none]),
        json!([none, none]),
        json!([none, none, none]),
        json!([{}, {}]),
        json!([{ "Code": "ValidationError" }, none]),
        json!([none, { "Code": "ItemCollectionSizeLimitExceeded" }]),
        // Without the existing item, the function cannot know who stored it.
        json!([failed, none]),
        json!([none, failed]),
        json!([failed, failed]),
        // The existing item is not a stored answer.
        json!([none, { "Code": "ConditionalCheckFailed", "Item": foreign }]),
        json!([none, { "Code": "ConditionalCheckFailed", "Item": {} }]),
    ];
    check_each(cases.into_iter().enumerate(), async |(round, reasons)| {
        scene.proxy.heal();
        (1..=EVERY_TRY).for_each(|nth| scene.proxy.inject_at(OPERATION, nth, cancelled(&reasons)));
        let calls = scene.proxy.count(OPERATION);
        let context = reasons.to_string();
        assert_refused(&scene.send(round).await, 500, "createApikeyFailed", &context);
        assert_eq!(scene.proxy.count(OPERATION) - calls, 1, "{context}");
        scene.assert_mended(round, &context).await;
    })
    .await;
}

#[tokio::test]
async fn a_failed_condition_without_the_existing_item_is_a_500() {
    let scene = Scene::new().await;
    let kind = "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException";
    check_each([json!(null), json!({})], async |item| {
        scene.proxy.inject_at("PutItem", 1, reply(400, &json!({ "__type": kind, "message": "canary", "Item": item })));
        let answer = scene.world.send(Endpoint::Jwt, &scene.world.request(Endpoint::Jwt)).await;
        // An empty item belongs to another request, so the function uses the spare id.
        if item.is_null() {
            assert_refused(&answer, 500, "createApikeyFailed", "no item");
        } else {
            scene.world.assert_created(&answer, "spare id").await;
        }
    })
    .await;
}

/// If the new key would outlive the chain, the function reads the memo separately. A fault of this read is a 500.
#[tokio::test]
async fn a_memo_that_cannot_be_read_is_a_500_and_not_a_refusal() {
    let scene = Scene::new().await;
    let caller = StoredKey::new().chain_expires_in(100);
    scene.world.dynamo.put_item(caller.item.clone()).await;
    let request = scene.request(Endpoint::Key, 0).only_header("Authorization", &caller.authorization());
    let event = request.event(Source::HttpApi);
    let later = Timestamp::from_millis(Timestamp::now().millis() + 60_000);
    let first = scene.world.send(Endpoint::Key, &request).await;
    scene.world.assert_created(&first, "first").await;
    let faults = [Fault::Reset, Fault::html(200), Fault::dynamodb(400, "ThrottlingException"), reply(200, &json!({}))];
    check_each(faults, async |fault| {
        scene.proxy.heal();
        // The first read is the one of the calling key.
        (2..=EVERY_TRY).for_each(|nth| scene.proxy.inject_at("GetItem", nth, fault.clone()));
        let answer = scene.world.invoke_at(Endpoint::Key, &event, later).await.unwrap();
        assert_refused(&answer, 500, "createApikeyFailed", &format!("{fault:?}"));
        scene.proxy.heal();
        let answer = scene.world.invoke_at(Endpoint::Key, &event, later).await.unwrap();
        assert_eq!((answer.replayed(), answer.body), (true, first.body.clone()), "{fault:?}");
    })
    .await;
}
