//! The matrix of events: each row of `tests/data/events.tsv` is one event.
//!
//! The test checks the answer, the new records and secrets, and the log line of each row. A refusal creates nothing.

mod deployment;
mod log;
mod row;
mod shapes;

use std::collections::BTreeMap;

use serde_json::Value;
use shared::domain::Timestamp;
use shared::platform::{Call, Randomness};

use crate::failures::Failures;
use crate::site::{DeliveredKey, Snapshot, Source};
use crate::support::{Answer, assert_created_form};
use deployment::Deployment;
use row::{Expected, Row};

/// The state before and after a row, and the function's answer.
struct Observation<'a> {
    row: &'a Row,
    deployment: &'a Deployment,
    request: Value,
    before: &'a Snapshot,
    after: &'a Snapshot,
    answer: Result<String, &'static str>,
}

#[tokio::test]
async fn every_event_gets_the_expected_answer_and_records() {
    let mut deployments: BTreeMap<&str, (Deployment, Snapshot)> = BTreeMap::new();
    let mut answers: BTreeMap<&str, Result<String, &'static str>> = BTreeMap::new();
    let rows = Row::all();
    let mut failures = Failures::default();
    for row in &rows {
        if !deployments.contains_key(row.deployment) {
            let deployment = Deployment::of(row.deployment).await;
            let snapshot = deployment.site.snapshot().await;
            deployments.insert(row.deployment, (deployment, snapshot));
        }
        let (deployment, before) = deployments.get_mut(row.deployment).unwrap();
        let request = row.request(|name| deployment.credential(name));
        let call = Call::at(Timestamp::now(), 30_000, Randomness::draw());
        let answer = deployment.process.invoke_as(row.endpoint, &row.payload(&request), row.id, call).await;
        let after = deployment.site.snapshot().await;
        let request = serde_json::from_str(&request).unwrap_or_default();
        let observation = Observation { row, deployment, request, before, after: &after, answer };
        failures.check(row.id, observation.check(answers.get(row.scope()))).await;
        answers.entry(row.scope()).or_insert(observation.answer);
        *before = after;
    }
    failures.assert_none();
    assert!(rows.len() >= 300, "only {} rows", rows.len());
}

impl Observation<'_> {
    async fn check(&self, first: Option<&Result<String, &'static str>>) {
        let id = self.row.id;
        match self.row.expected {
            Expected::Created => self.assert_delivered().await,
            Expected::Plaintext => self.assert_secret_in_answer(),
            Expected::Replayed => {
                self.assert_unchanged();
                self.assert_success();
                // If a row with the expected result `replayed` is a direct invocation, the first row of its group is
                // one too.
                if self.row.source == Some(Source::Direct) {
                    assert_eq!(Some(&self.answer), first, "{id}");
                }
            }
            Expected::Refused { code, .. } => {
                self.assert_unchanged();
                match self.row.source {
                    Some(Source::Sqs) => {
                        let message_id = self.row.message_id();
                        let named = format!(r#"{{"batchItemFailures":[{{"itemIdentifier":"{message_id}"}}]}}"#);
                        assert_eq!(self.answer, Ok(named), "{id}");
                    }
                    _ => assert_eq!(self.answer, Err(code), "{id}"),
                }
            }
        }
    }

    fn assert_unchanged(&self) {
        assert_eq!(self.after, self.before, "{}", self.row.id);
    }

    fn assert_success(&self) {
        let source = self.row.source.unwrap();
        if source != Source::Direct {
            assert_eq!(self.answer.as_deref(), Ok(source.success()), "{}", self.row.id);
        }
    }

    fn created(&self) -> Snapshot {
        let Snapshot { items, secrets } = self.after;
        Snapshot { items: items.clone(), secrets: secrets.clone() }.since(self.before, self.row.id)
    }

    async fn assert_delivered(&self) {
        let (id, site) = (self.row.id, &self.deployment.site);
        self.assert_success();
        let delivered =
            DeliveredKey::expect_one(site, &self.created(), &self.request, self.deployment.lineage(self.row), id).await;
        assert_eq!(delivered.name, site.name(61, self.request["deliverTo"].as_str().unwrap()), "{id}");
        if self.row.source == Some(Source::Direct) {
            delivered.assert_answer(site, self.answer.as_deref().unwrap(), id).await;
        }
    }

    /// Asserts that the answer contains the secret, and that the table and Secrets Manager do not.
    fn assert_secret_in_answer(&self) {
        let (id, created) = (self.row.id, self.created());
        let body = self.answer.clone().unwrap();
        assert_created_form(&body, &serde_json::from_str(&body).unwrap());
        assert_eq!((created.records().len(), created.secrets.len()), (1, 0), "{id}");
        let remembered = usize::from(self.request["idempotencyKey"].is_string());
        assert_eq!(created.items.len(), 1 + remembered, "{id}");
        let answer = Answer { status: 201, headers: Vec::new(), body };
        let secret = answer.apikey("secret").as_str().unwrap().to_owned();
        let delivered = DeliveredKey {
            name: String::new(),
            text: String::new(),
            key: answer.apikey("key").as_str().unwrap().to_owned(),
            secret: secret.clone(),
        };
        delivered.assert_record(created.records()[0], &self.request, self.deployment.lineage(self.row), id);
        assert!(!format!("{created:?}").contains(&secret), "{id}");
    }
}
