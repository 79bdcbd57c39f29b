//! Delivery: what one event leaves behind, however often it comes, whatever fails between, and whoever stands in the way.

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

use crate::site::{Delivered, Lineage, Process, Site, Source, Standing};
use crate::support::{Endpoint, StoredKey};

/// A request that is sent more than once.
#[derive(Clone)]
struct Wish {
    endpoint: Endpoint,
    request: Value,
}

impl Wish {
    /// For a key of level 4, which can be seen to authenticate, to be delivered to `ci` under the id `once`.
    fn new(site: &Site, endpoint: Endpoint) -> Self {
        let request =
            json!({ "name": "wish", "level": 4, "expiresIn": 3600, "deliverTo": "ci", "idempotencyKey": "once" });
        match endpoint {
            Endpoint::Jwt => Self { endpoint, request }.with("authorization", site.bearer(&Claims::new())),
            Endpoint::Key => Self { endpoint, request },
        }
    }

    /// The same with another member.
    fn with(mut self, member: &str, value: impl Into<Value>) -> Self {
        self.request[member] = value.into();
        self
    }

    /// The same as one event among several: with a destination and an id of its own.
    fn to(self, to: &str) -> Self {
        self.with("deliverTo", to).with("idempotencyKey", format!("once-{to}"))
    }

    /// The request's text.
    fn text(&self) -> String {
        self.request.to_string()
    }

    /// Sends it by itself.
    async fn send(&self, process: &Process) -> Result<String, &'static str> {
        process.invoke(self.endpoint, &self.text()).await
    }

    /// Sends it by itself, at any time.
    async fn send_at(&self, process: &Process, now: Timestamp) -> Result<String, &'static str> {
        process.invoke_at(self.endpoint, &self.text(), now).await
    }

    /// Sends it from a source, and says whether it is done with.
    async fn send_from(&self, source: Source, process: &Process) -> bool {
        let answer = process.invoke(self.endpoint, &source.payload("event", &self.text())).await;
        match source {
            Source::Sqs => answer.as_deref() == Ok(source.success()),
            _ => answer.is_ok(),
        }
    }

    /// Takes the one key that has come of it.
    async fn only(&self, site: &Site, before: &Standing, caller: &StoredKey, context: &str) -> Delivered {
        let lineage = if self.endpoint == Endpoint::Jwt { Lineage::Token } else { Lineage::Key(caller) };
        let come = site.standing().await.since(before, context);
        Delivered::only(site, &come, &self.request, lineage, context).await
    }
}

/// The key that a direct invocation was told of.
fn key_of(answer: &str) -> String {
    let answer: Value = serde_json::from_str(answer).unwrap();
    answer["apikey"]["key"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
}
