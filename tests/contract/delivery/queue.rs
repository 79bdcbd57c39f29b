//! The messages of a queue. Each message is a separate request.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::Value;
use shared::domain::Timestamp;
use shared::platform::{Call, Randomness};
use tests::fault::Fault;

use super::Wish;
use crate::failures::{check_each, pairs};
use crate::site::{Process, Site, Snapshot, in_event, in_notification, message, queue, strong};
use crate::support::Endpoint;

/// A message with a valid request. Its id is also its destination.
fn good(site: &Site, endpoint: Endpoint, id: &str) -> String {
    message(id, &Wish::new(site, endpoint).to(id).text())
}

/// The ids of the failed messages.
async fn failed(process: &Process, endpoint: Endpoint, messages: &[String]) -> Vec<String> {
    failed_as(process, endpoint, messages, Call::at(Timestamp::now(), 30_000, Randomness::draw())).await
}

async fn failed_as(process: &Process, endpoint: Endpoint, messages: &[String], call: Call) -> Vec<String> {
    let answer = process.invoke_as(endpoint, &queue(messages), "test", call).await.unwrap();
    let answer: Value = serde_json::from_str(&answer).unwrap();
    let failures = answer["batchItemFailures"].as_array().unwrap().iter();
    failures.map(|failure| failure["itemIdentifier"].as_str().unwrap().to_owned()).collect()
}

fn ids(created: &Snapshot) -> Vec<&str> {
    created.secrets.keys().filter_map(|name| name.rsplit('/').next()).collect()
}

#[tokio::test]
async fn only_the_bad_message_of_ten_is_reported_as_failed() {
    let bad = [
        "not JSON".to_owned(),
        r#"{"name":7}"#.to_owned(),
        r#"{"name":"a","name":"b"}"#.to_owned(),
        r#"{"name":"a","level":3,"expiresIn":60,"authorization":"Bearer x"}"#.to_owned(),
        "[".repeat(100_000),
    ];
    check_each(pairs(Endpoint::ALL, bad), async |(endpoint, bad)| {
        let site = Site::of(&strong()).await;
        let (process, before) = (site.process().await, site.snapshot().await);
        let mut messages: Vec<_> = (0..10).map(|nth| good(&site, endpoint, &format!("m{nth}"))).collect();
        messages[4] = message("bad", &bad);
        assert_eq!(failed(&process, endpoint, &messages).await, ["bad"], "{endpoint:?}");
        let created = site.snapshot().await.since(&before, "the batch");
        assert_eq!((created.records().len(), created.secrets.len()), (9, 9));
    })
    .await;
}

#[tokio::test]
async fn every_message_has_its_own_randomness() {
    let site = Site::new().await;
    let process = site.process().await;
    let messages: Vec<_> = (0..10).map(|nth| good(&site, Endpoint::Jwt, &format!("m{nth}"))).collect();
    let fixed = Randomness::from_random_bytes([[1; 16], [2; 16], [3; 16], [4; 16], [5; 16], [6; 16]]);
    let call = Call::at(Timestamp::now(), 30_000, Ok(fixed));
    assert_eq!(failed_as(&process, Endpoint::Jwt, &messages, call).await, [""; 0]);
    let snapshot = site.snapshot().await;
    assert_eq!(snapshot.items.len(), 10);
    let hashes: BTreeSet<_> = snapshot.items.values().map(|item| item["secretHash"].as_b().unwrap().as_ref()).collect();
    assert_eq!(hashes.len(), 10);
}

#[tokio::test]
async fn every_message_has_its_own_time() {
    let site = Site::new().await;
    let process = site.process().await;
    for message in [1, 2] {
        site.vault.inject_at("CreateSecret", message, Fault::Delay(Duration::from_millis(300)));
        site.table.inject_at("PutItem", message, Fault::Delay(Duration::from_millis(300)));
    }
    let messages = ["first", "second", "third"].map(|id| good(&site, Endpoint::Jwt, id));
    assert_eq!(failed(&process, Endpoint::Jwt, &messages).await, [""; 0]);
    let mut created: Vec<u64> = Vec::new();
    for item in site.snapshot().await.items.values() {
        created.push(item["createdAt"].as_n().unwrap().parse().unwrap());
    }
    created.sort_unstable();
    assert!(created[2] - created[0] >= 1, "{created:?}");
}

#[tokio::test]
async fn good_refused_and_failing_messages_do_not_affect_each_other() {
    let site = Site::new().await;
    let process = site.process().await;
    let messages = [
        good(&site, Endpoint::Jwt, "good-1"),
        message("refused-1", r#"{"name":7}"#),
        good(&site, Endpoint::Jwt, "faulty-1"),
        good(&site, Endpoint::Jwt, "good-2"),
        good(&site, Endpoint::Jwt, "faulty-2"),
        message("refused-2", ""),
        good(&site, Endpoint::Jwt, "good-3"),
    ];
    site.vault.inject_at("CreateSecret", 2, Fault::secrets_manager(400, "AccessDeniedException"));
    // The third message that reaches `PutItem` is `faulty-2`.
    site.table.inject_at("PutItem", 3, Fault::dynamodb(400, "AccessDeniedException"));
    let named = ["refused-1", "faulty-1", "faulty-2", "refused-2"];
    assert_eq!(failed(&process, Endpoint::Jwt, &messages).await, named);
    let snapshot = site.snapshot().await;
    assert_eq!(ids(&snapshot), ["faulty-2", "good-1", "good-2", "good-3"]);
    assert_eq!(snapshot.items.len(), 3);
    // SQS delivers only the failed messages again. After a redrive they have new ids.
    let again = [
        message("again-1", r#"{"name":7}"#),
        message("again-2", &Wish::new(&site, Endpoint::Jwt).to("faulty-1").text()),
        message("again-3", &Wish::new(&site, Endpoint::Jwt).to("faulty-2").text()),
    ];
    assert_eq!(failed(&process, Endpoint::Jwt, &again).await, ["again-1"]);
    let created = site.snapshot().await.since(&snapshot, "again");
    assert_eq!((ids(&created), created.items.len()), (vec!["faulty-1"], 2));
}

#[tokio::test]
async fn the_same_request_twice_in_one_batch_creates_one_key() {
    let site = Site::new().await;
    let process = site.process().await;
    let body = Wish::new(&site, Endpoint::Jwt).text();
    let messages = [message("a", &body), message("b", &body), message("a", &body)];
    assert_eq!(failed(&process, Endpoint::Jwt, &messages).await, [""; 0]);
    let snapshot = site.snapshot().await;
    assert_eq!((snapshot.items.len(), snapshot.secrets.len()), (1, 1));
}

#[tokio::test]
async fn with_less_than_three_seconds_left_the_whole_batch_is_returned() {
    check_each(Endpoint::ALL, async |endpoint| {
        let site = Site::of(&strong()).await;
        let (process, before) = (site.process().await, site.snapshot().await);
        let messages = ["a", "b", "c"].map(|id| good(&site, endpoint, id));
        check_each([2_999, 600, 0], async |millis_left| {
            let call = Call::at(Timestamp::now(), millis_left, Randomness::draw());
            assert_eq!(failed_as(&process, endpoint, &messages, call).await, ["a", "b", "c"], "{millis_left} ms");
        })
        .await;
        assert_eq!(site.snapshot().await, before);
        assert_eq!((site.vault.requests(), site.table.requests()), (vec![], vec![]));
        assert_eq!(failed(&process, endpoint, &messages).await, [""; 0]);
    })
    .await;
}

#[tokio::test]
async fn messages_without_time_left_after_a_slow_one_are_returned() {
    let site = Site::new().await;
    let process = site.process().await;
    let messages = ["a", "b", "c", "d"].map(|id| good(&site, Endpoint::Jwt, id));
    // Each of the two calls times out after 900 ms and is retried. Less than 3 s are left after that.
    site.vault.inject_at("CreateSecret", 2, Fault::Hang);
    site.table.inject_at("PutItem", 2, Fault::Hang);
    let call = Call::at(Timestamp::now(), 4_700, Randomness::draw());
    assert_eq!(failed_as(&process, Endpoint::Jwt, &messages, call).await, ["c", "d"]);
    let snapshot = site.snapshot().await;
    assert_eq!((ids(&snapshot), snapshot.items.len()), (vec!["a", "b"], 2));
}

#[tokio::test]
async fn messages_of_every_form_share_a_batch() {
    let site = Site::new().await;
    let process = site.process().await;
    let wish = |to: &str| Wish::new(&site, Endpoint::Jwt).with("deliverTo", to).with("idempotencyKey", Value::Null);
    let messages = [
        message("bare", &wish("bare").with("idempotencyKey", "x").text()),
        message("of-a-bus", &in_event("1", &wish("of-a-bus").text())),
        message("of-a-topic", &in_notification("1", &wish("of-a-topic").text())),
        message("too-deep", &in_notification("1", &in_event("1", &wish("no").text()))),
    ];
    assert_eq!(failed(&process, Endpoint::Jwt, &messages).await, ["too-deep"]);
    assert_eq!(ids(&site.snapshot().await), ["bare", "of-a-bus", "of-a-topic"]);
}
