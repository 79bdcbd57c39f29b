//! The delivery of one event that is sent repeatedly, meets faults, or requests a name that is taken.

mod direct;
mod faults;
mod gaps;
mod lifetime;
mod once;
mod provisioner;
mod queue;
mod taken;
mod topic;

use serde_json::{Value, json};
use shared::domain::Timestamp;
use tests::token::Claims;

use crate::site::{DeliveredKey, Lineage, Process, Site, Snapshot, Source};
use crate::support::{Endpoint, StoredKey};

/// A request that is sent more than once.
#[derive(Clone)]
struct Wish {
    endpoint: Endpoint,
    request: Value,
}

impl Wish {
    /// A request for a key of level 4, which can authenticate. Its destination is `ci`, and its id is `once`.
    fn new(site: &Site, endpoint: Endpoint) -> Self {
        let request =
            json!({ "name": "wish", "level": 4, "expiresIn": 3600, "deliverTo": "ci", "idempotencyKey": "once" });
        match endpoint {
            Endpoint::Jwt => Self { endpoint, request }.with("authorization", site.bearer(&Claims::new())),
            Endpoint::Key => Self { endpoint, request },
        }
    }

    fn with(mut self, member: &str, value: impl Into<Value>) -> Self {
        self.request[member] = value.into();
        self
    }

    /// Sets the destination, and an id that is unique to the destination.
    fn to(self, to: &str) -> Self {
        self.with("deliverTo", to).with("idempotencyKey", format!("once-{to}"))
    }

    fn text(&self) -> String {
        self.request.to_string()
    }

    /// Sends the request as a direct invocation.
    async fn send(&self, process: &Process) -> Result<String, &'static str> {
        process.invoke(self.endpoint, &self.text()).await
    }

    /// Sends the request as a direct invocation at a given time.
    async fn send_at(&self, process: &Process, now: Timestamp) -> Result<String, &'static str> {
        process.invoke_at(self.endpoint, &self.text(), now).await
    }

    /// Sends the request from a source. Returns whether the event was processed.
    async fn send_from(&self, source: Source, process: &Process) -> bool {
        let answer = process.invoke(self.endpoint, &source.payload("event", &self.text())).await;
        match source {
            Source::Sqs => answer.as_deref() == Ok(source.success()),
            _ => answer.is_ok(),
        }
    }

    /// Takes the one key that was created.
    async fn expect_one(&self, site: &Site, before: &Snapshot, caller: &StoredKey, context: &str) -> DeliveredKey {
        let lineage = if self.endpoint == Endpoint::Jwt { Lineage::Token } else { Lineage::Key(caller) };
        let created = site.snapshot().await.since(before, context);
        DeliveredKey::expect_one(site, &created, &self.request, lineage, context).await
    }
}

/// The key in the answer to a direct invocation.
fn key_of(answer: &str) -> String {
    let answer: Value = serde_json::from_str(answer).unwrap();
    answer["apikey"]["key"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
}
