//! Direct invocations whose answer may contain the secret. Their retries work as over HTTP.

use serde_json::{Value, json};
use tests::fault::Fault;
use tests::token::Claims;

use super::Wish;
use crate::failures::check_each;
use crate::site::{Process, Site, Source, strong};
use crate::support::{Answer, Endpoint};

const VALUE: &str = "2b0ff0b4-0b6d-4d0c-9b3e-0f3a7a6f1c55";

/// A request for a key of level 4 whose secret is in the answer.
fn wish(site: &Site, endpoint: Endpoint) -> Wish {
    Wish::new(site, endpoint).with("deliverTo", Value::Null).with("idempotencyKey", VALUE)
}

async fn open() -> (Site, Process) {
    let site = Site::of(&strong()).await.set("ALLOW_PLAINTEXT_RESULT", "true");
    let process = site.process().await;
    (site, process)
}

#[tokio::test]
async fn the_same_request_gets_the_same_answer_and_creates_one_key() {
    check_each(Endpoint::ALL, async |endpoint| {
        let (site, process) = open().await;
        let before = site.snapshot().await;
        let wish = wish(&site, endpoint);
        let first = wish.send(&process).await.unwrap();
        let created = site.snapshot().await.since(&before, "first");
        assert_eq!((created.records().len(), created.items.len(), created.secrets.len()), (1, 2, 0));
        let values = [VALUE.to_owned(), VALUE.to_uppercase(), format!("\"{VALUE}\"")];
        check_each(values, async |value| {
            let again = wish.clone().with("idempotencyKey", value).with("more", json!([1]));
            assert_eq!(again.send(&process).await.as_ref(), Ok(&first));
            assert_eq!(again.send(&site.process().await).await.as_ref(), Ok(&first));
        })
        .await;
        assert_eq!(site.snapshot().await.since(&before, "again"), created);
        let answer = Answer { status: 201, headers: Vec::new(), body: first };
        let child = Wish::new(&site, Endpoint::Key).to("child").with("authorization", answer.basic());
        child.send(&process).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn another_request_with_the_same_idempotency_key_is_refused() {
    let (site, process) = open().await;
    let wish = wish(&site, Endpoint::Jwt);
    wish.send(&process).await.unwrap();
    let snapshot = site.snapshot().await;
    let cases = [("name", json!("other")), ("level", json!(3)), ("expiresIn", json!(3_601))];
    check_each(cases, async |(member, value)| {
        assert_eq!(wish.clone().with(member, value).send(&process).await, Err("idempotencyKeyReused"), "{member}");
    })
    .await;
    assert_eq!(site.snapshot().await, snapshot);
}

#[tokio::test]
async fn an_idempotency_key_ends_in_a_uuid() {
    let (site, process) = open().await;
    let snapshot = site.snapshot().await;
    let prefixed = |length| format!("{}{VALUE}", "a".repeat(length));
    let invalid = ["", "once", &VALUE[1..], &format!("{VALUE}-1"), &format!("a b{VALUE}"), &prefixed(65)];
    check_each(invalid, async |value| {
        let wish = wish(&site, Endpoint::Jwt).with("idempotencyKey", value);
        assert_eq!(wish.send(&process).await, Err("idempotencyKeyInvalid"), "{value}");
    })
    .await;
    assert_eq!(site.snapshot().await, snapshot);
    let valid = ["00000000-0000-0000-0000-000000000000", &format!("order-{VALUE}"), &prefixed(64)];
    check_each(valid, async |value| {
        let wish = wish(&site, Endpoint::Jwt).with("idempotencyKey", value);
        let first = wish.send(&process).await;
        assert!(first.is_ok(), "{value}: {first:?}");
        assert_eq!(wish.send(&process).await, first, "{value}");
    })
    .await;
}

#[tokio::test]
async fn without_an_idempotency_key_each_invocation_creates_a_key() {
    let (site, process) = open().await;
    let before = site.snapshot().await;
    let wish = wish(&site, Endpoint::Jwt).with("idempotencyKey", Value::Null);
    let answers = [wish.send(&process).await.unwrap(), wish.send(&process).await.unwrap()];
    assert_ne!(answers[0], answers[1]);
    assert_eq!(site.snapshot().await.since(&before, "two").items.len(), 2);
}

#[tokio::test]
async fn an_idempotency_key_is_shared_with_http_but_not_with_deliveries() {
    let (site, process) = open().await;
    let wish = wish(&site, Endpoint::Jwt);
    let first = wish.send(&process).await.unwrap();
    let http = json!({
        "version": "2.0",
        "headers": { "authorization": site.bearer(&Claims::new()), "idempotency-key": VALUE },
        "requestContext": { "http": { "method": "POST", "path": "/apikeys/jwt" } },
        "body": json!({ "name": "wish", "level": 4, "expiresIn": 3600 }).to_string(),
    });
    let answer: Value = serde_json::from_str(&process.invoke(Endpoint::Jwt, &http.to_string()).await.unwrap()).unwrap();
    assert_eq!((&answer["statusCode"], &answer["body"]), (&json!(201), &json!(first)));
    let before = site.snapshot().await;
    assert!(wish.with("deliverTo", "ci").send_from(Source::EventBridge, &process).await);
    assert_eq!(site.snapshot().await.since(&before, "a delivery").records().len(), 1);
}

#[tokio::test]
async fn a_retry_gets_the_answer_that_was_lost() {
    let (site, process) = open().await;
    let before = site.snapshot().await;
    let wish = wish(&site, Endpoint::Jwt);
    site.table.die_on("TransactWriteItems", 1, Fault::ApplyThenLose, &[]);
    assert_eq!(wish.send(&process).await, Err("createApikeyFailed"));
    site.heal();
    let answer = wish.send(&site.process().await).await.unwrap();
    assert_eq!(site.snapshot().await.since(&before, "lost").records().len(), 1);
    assert_eq!(wish.send(&process).await, Ok(answer));
}

#[tokio::test]
async fn the_secret_is_in_the_answer_or_in_secrets_manager_and_never_in_both() {
    let (site, process) = open().await;
    let shown = wish(&site, Endpoint::Jwt).send(&process).await.unwrap();
    assert!(shown.contains(r#""secret":"#) && !shown.contains("secretArn"), "{shown}");
    assert_eq!(site.vault.requests(), []);
    let delivered = wish(&site, Endpoint::Jwt).to("ci").send(&process).await.unwrap();
    assert!(delivered.contains("secretArn") && !delivered.contains(r#""secret":"#), "{delivered}");
}
