//! Revocation against delivery: an event whose key is revoked is done when it is delivered again, and brings nothing
//! back.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tests::event::{Request, Source as Gateway};
use tests::fault::Fault;
use tests::token::Claims;
use tokio::task::JoinHandle;

use crate::site::{Process, Site, Source, later, strong};
use crate::support::{Endpoint, StoredKey};

/// An event that is delivered more than once.
#[derive(Clone)]
pub(super) struct Event {
    endpoint: Endpoint,
    text: String,
}

impl Event {
    pub(super) fn new(site: &Site, endpoint: Endpoint) -> Self {
        let mut request =
            json!({ "name": "event", "level": 4, "expiresIn": 3600, "deliverTo": "ci", "idempotencyKey": "once" });
        if endpoint == Endpoint::Jwt {
            request["authorization"] = site.bearer(&Claims::new()).into();
        }
        Self { endpoint, text: request.to_string() }
    }

    pub(super) async fn send(&self, process: &Process) -> Result<String, &'static str> {
        process.invoke(self.endpoint, &self.text).await
    }

    async fn send_from(&self, source: Source, process: &Process) -> bool {
        let answer = process.invoke(self.endpoint, &source.payload("event", &self.text)).await;
        match source {
            Source::Sqs => answer.as_deref() == Ok(source.success()),
            _ => answer.is_ok(),
        }
    }
}

pub(super) fn key_of(answer: &str) -> String {
    let answer: Value = serde_json::from_str(answer).unwrap();
    answer["apikey"]["key"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
}

/// Revokes a key with a token of its owner.
pub(super) async fn revoke(site: &Site, process: &Process, key: &str, with_chain: bool) -> u64 {
    let request = Request::new("DELETE", &format!("/apikeys/{key}/jwt"));
    let request = if with_chain { request.query("chain", "true") } else { request };
    let request = request.header("Authorization", &site.bearer(&Claims::new()));
    let answer = process.invoke(Endpoint::Jwt, &request.event(Gateway::HttpApi).to_string()).await.unwrap();
    serde_json::from_str::<Value>(&answer).unwrap()["statusCode"].as_u64().unwrap()
}

/// Whether a key authenticates.
pub(super) async fn authenticates(process: &Process, authorization: &str) -> bool {
    let request = Request::new("GET", "/whoami/key").header("Authorization", authorization);
    let answer = process.invoke(Endpoint::Key, &request.event(Gateway::HttpApi).to_string()).await.unwrap();
    match serde_json::from_str::<Value>(&answer).unwrap()["statusCode"].as_u64() {
        Some(200) => true,
        Some(403) => false,
        _ => panic!("{answer}"),
    }
}

#[tokio::test]
async fn a_redelivered_event_of_a_revoked_key_is_done_and_brings_nothing_back() {
    for endpoint in Endpoint::ALL {
        let site = Site::of(&strong()).await;
        let process = site.process().await;
        let event = Event::new(&site, endpoint);
        let first = event.send(&process).await.unwrap();
        assert_eq!(revoke(&site, &process, &key_of(&first), false).await, 204, "{endpoint:?}");
        let snapshot = site.snapshot().await;
        assert!(snapshot.items[&key_of(&first)].contains_key("revokedAt"));
        for process in [&process, &site.process().await] {
            assert_eq!(event.send(process).await.as_ref(), Ok(&first), "{endpoint:?}");
        }
        for source in Source::ALL {
            assert!(event.send_from(source, &process).await, "{endpoint:?}, {source:?}");
        }
        assert_eq!(site.snapshot().await, snapshot, "{endpoint:?}");
    }
}

/// TTL deletes the item of a revoked key only after the key's end. The event does not store the key then.
#[tokio::test]
async fn a_revoked_key_whose_item_is_gone_is_not_stored_again() {
    for endpoint in Endpoint::ALL {
        let caller = strong().expires_in(10_000);
        let site = Site::of(&caller).await;
        let process = site.process().await;
        let event = Event::new(&site, endpoint);
        let first = event.send(&process).await.unwrap();
        assert_eq!(revoke(&site, &process, &key_of(&first), false).await, 204);
        site.dynamo.delete_item(&key_of(&first)).await;
        let snapshot = site.snapshot().await;
        let text = if endpoint == Endpoint::Jwt {
            let mut request: Value = serde_json::from_str(&event.text).unwrap();
            request["authorization"] = site.bearer(&Claims::new().expires_in(9_000)).into();
            request.to_string()
        } else {
            event.text.clone()
        };
        let answer = process.invoke_at(endpoint, &text, later(3_602)).await;
        assert_eq!(answer, Ok(first), "{endpoint:?}");
        assert_eq!(site.snapshot().await, snapshot, "{endpoint:?}");
    }
}

/// Starts an event, and waits until it has stopped before its nth write.
async fn hold(
    site: &Site,
    process: &Arc<Process>,
    event: &Event,
    nth: usize,
) -> JoinHandle<Result<String, &'static str>> {
    let is_held = || site.table.requests().iter().any(|request| request.fault == Fault::Hold);
    site.table.inject_at("PutItem", nth, Fault::Hold);
    let (event, process) = (event.clone(), Arc::clone(process));
    let running = tokio::spawn(async move { event.send(&process).await });
    while !is_held() {
        assert!(!running.is_finished(), "there is no write {nth}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    running
}

#[tokio::test]
async fn a_delivery_that_a_revocation_overtakes_is_done_and_brings_nothing_back() {
    for endpoint in Endpoint::ALL {
        for with_chain in [false, true] {
            for is_retry in [false, true] {
                let context = format!("{endpoint:?}, chain: {with_chain}, retry of the SDK: {is_retry}");
                let caller = strong();
                let site = Site::of(&caller).await;
                let (process, other) = (Arc::new(site.process().await), site.process().await);
                let event = Event::new(&site, endpoint);
                let running = if is_retry {
                    // The first write is applied, and its reply is lost.
                    site.table.inject_at("PutItem", 1, Fault::ApplyThenLose);
                    hold(&site, &process, &event, 2).await
                } else {
                    event.send(&other).await.unwrap();
                    hold(&site, &process, &event, 1).await
                };
                let key = site.snapshot().await.items.keys().find(|key| **key != caller.key).unwrap().clone();
                assert_eq!(revoke(&site, &other, &key, with_chain).await, 204, "{context}");
                let snapshot = site.snapshot().await;
                site.table.release();
                assert_eq!(key_of(&running.await.unwrap().unwrap()), key, "{context}");
                assert_eq!(site.snapshot().await, snapshot, "{context}");
                assert!(snapshot.items[&key].contains_key("revokedAt"), "{context}");
                // A key's event belongs to the provisioner's chain.
                let is_ended = with_chain && endpoint == Endpoint::Key;
                assert_eq!(authenticates(&other, &caller.authorization()).await, !is_ended, "{context}");
            }
        }
    }
}

/// The record that is stored after the revocation of its chain has no effect.
#[tokio::test]
async fn a_first_record_that_is_stored_after_its_chain_is_revoked_authenticates_nobody() {
    let caller = strong();
    let site = Site::of(&caller).await;
    let (process, other) = (Arc::new(site.process().await), site.process().await);
    let event = Event::new(&site, Endpoint::Key);
    let running = hold(&site, &process, &event, 1).await;
    assert_eq!(revoke(&site, &other, &caller.key, true).await, 204);
    site.table.release();
    running.await.unwrap().unwrap();
    let text = site.secrets.value(&site.name(61, "ci"), tests::secrets_manager::Version::CURRENT).await.unwrap();
    let delivered: Value = serde_json::from_str(&text).unwrap();
    let text = |member: &str| delivered[member].as_str().unwrap();
    assert!(site.dynamo.item(text("key")).await.is_some());
    assert!(!authenticates(&other, &tests::stored_key::basic(text("key"), text("secret"))).await);
}

/// A provisioner that is not the first key of its chain.
fn derived(first: &StoredKey) -> StoredKey {
    first.child()
}

#[tokio::test]
async fn an_event_whose_provisioners_fence_can_not_be_read_fails_and_a_retry_delivers() {
    let first = strong();
    let caller = derived(&first);
    let site = Site::of(&caller).await;
    let process = site.process().await;
    let event = Event::new(&site, Endpoint::Key);
    let hollow =
        Fault::Respond { status: 200, content_type: "application/x-amz-json-1.0".to_owned(), body: "{}".to_owned() };
    for fault in [hollow, Fault::html(200), Fault::Reset, Fault::dynamodb(400, "AccessDeniedException")] {
        (2..8).for_each(|nth| site.table.inject_at("GetItem", nth, fault.clone()));
        assert_eq!(event.send(&process).await, Err("createApikeyFailed"), "{fault:?}");
        site.heal();
        assert_eq!(site.snapshot().await.records().len(), 1, "{fault:?}");
    }
    event.send(&process).await.unwrap();
    // The provisioner's chain ends, and with it every later event.
    site.dynamo.put_item(first.item.clone()).await;
    assert_eq!(revoke(&site, &process, &first.key, true).await, 204);
    let snapshot = site.snapshot().await;
    assert!(event.send(&process).await.is_err());
    assert!(event.send(&site.process().await).await.is_err());
    assert_eq!(site.snapshot().await, snapshot);
}
