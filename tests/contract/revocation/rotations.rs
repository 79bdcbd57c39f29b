//! Revocation against the steps of a rotation: a step stops before one of its calls, and a revocation runs to its end.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tests::fault::{Fault, Proxy};
use tests::rotation::{Rotation, Step};
use tests::secrets_manager::Version;
use tests::stored_key::basic;

use super::deliveries::{Event, authenticates, key_of, revoke};
use crate::site::{Process, Site, strong};
use crate::support::Endpoint;

/// A delivered secret in rotation.
struct Rotating {
    site: Site,
    process: Arc<Process>,
    rotation: Rotation,
    old: String,
}

impl Rotating {
    /// Runs the steps before `step`.
    async fn before(step: Step) -> Self {
        let site = Site::of(&strong()).await;
        let process = Arc::new(site.process().await);
        let old = key_of(&Event::new(&site, Endpoint::Jwt).send(&process).await.unwrap());
        let rotation = Rotation::begin(site.secrets, &site.name(61, "ci")).await.unwrap();
        let rotating = Self { site, process, rotation, old };
        for earlier in Step::ALL.into_iter().take_while(|earlier| *earlier != step) {
            assert_eq!(rotating.step(earlier).await, Ok("null".to_owned()), "{earlier:?}");
        }
        rotating
    }

    async fn step(&self, step: Step) -> Result<String, &'static str> {
        self.process.invoke(Endpoint::Key, &self.rotation.payload(step).to_string()).await
    }

    /// Runs a step that stops before its nth call of an operation, and revokes a key meanwhile.
    async fn overtaken(&self, row: &Row) -> Result<String, &'static str> {
        let proxy: &Proxy = if row.at_table { &self.site.table } else { &self.site.vault };
        proxy.inject_at(row.operation, row.nth, Fault::Hold);
        let (process, payload) = (Arc::clone(&self.process), self.rotation.payload(row.step).to_string());
        let running = tokio::spawn(async move { process.invoke(Endpoint::Key, &payload).await });
        while !proxy.requests().iter().any(|request| request.fault == Fault::Hold) {
            assert!(!running.is_finished(), "{row:?}: there is no such call");
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        let key = if row.revoked == Revoked::Pending { self.pending().await.0 } else { self.old.clone() };
        let process = self.site.process().await;
        assert_eq!(revoke(&self.site, &process, &key, row.revoked == Revoked::Chain).await, 204, "{row:?}");
        proxy.release();
        running.await.unwrap()
    }

    /// The id and the credential of the pending version.
    async fn pending(&self) -> (String, String) {
        let text = self.site.secrets.value(self.rotation.arn(), Version::Id(self.rotation.token())).await.unwrap();
        let value: Value = serde_json::from_str(&text).unwrap();
        let text = |member: &str| value[member].as_str().unwrap().to_owned();
        (text("key"), basic(&text("key"), &text("secret")))
    }

    async fn is_current(&self) -> bool {
        let versions = self.site.secrets.versions(self.rotation.arn()).await;
        versions.get(self.rotation.token()).is_some_and(|stages| stages.contains(&"AWSCURRENT".to_owned()))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Revoked {
    Replaced,
    Pending,
    Chain,
}

/// A step, the call before which it stops, what is revoked meanwhile, the step's result, and whether the rotation ends
/// with a successor in use.
#[derive(Clone, Copy, Debug)]
struct Row {
    step: Step,
    at_table: bool,
    operation: &'static str,
    nth: usize,
    revoked: Revoked,
    result: Result<(), &'static str>,
    is_in_use: bool,
}

const fn row(
    step: Step,
    (at_table, operation, nth): (bool, &'static str, usize),
    revoked: Revoked,
    result: Result<(), &'static str>,
    is_in_use: bool,
) -> Row {
    Row { step, at_table, operation, nth, revoked, result, is_in_use }
}

const FINAL: Result<(), &str> = Err("rotationKeyRevoked");

const ROWS: [Row; 17] = [
    row(Step::Create, (true, "GetItem", 1), Revoked::Replaced, FINAL, false),
    row(Step::Create, (true, "GetItem", 1), Revoked::Chain, FINAL, false),
    row(Step::Create, (false, "PutSecretValue", 1), Revoked::Replaced, Ok(()), false),
    row(Step::Create, (false, "PutSecretValue", 1), Revoked::Chain, Ok(()), false),
    row(Step::Set, (true, "GetItem", 1), Revoked::Replaced, FINAL, false),
    row(Step::Set, (true, "GetItem", 2), Revoked::Replaced, FINAL, false),
    // The replaced key was read, so the transaction finds the revocation.
    row(Step::Set, (true, "TransactWriteItems", 1), Revoked::Replaced, FINAL, false),
    row(Step::Set, (true, "TransactWriteItems", 1), Revoked::Chain, FINAL, false),
    row(Step::Test, (true, "GetItem", 1), Revoked::Pending, FINAL, false),
    row(Step::Test, (true, "GetItem", 1), Revoked::Chain, FINAL, false),
    row(Step::Test, (true, "GetItem", 2), Revoked::Chain, FINAL, false),
    row(Step::Finish, (true, "GetItem", 1), Revoked::Pending, FINAL, false),
    row(Step::Finish, (true, "GetItem", 1), Revoked::Replaced, FINAL, false),
    row(Step::Finish, (true, "GetItem", 2), Revoked::Chain, FINAL, false),
    row(Step::Finish, (true, "GetItem", 3), Revoked::Replaced, FINAL, false),
    // The last check has passed, so the rotation counts as finished before the revocation.
    row(Step::Finish, (false, "UpdateSecretVersionStage", 1), Revoked::Replaced, Ok(()), true),
    row(Step::Finish, (false, "UpdateSecretVersionStage", 1), Revoked::Chain, Ok(()), false),
];

#[tokio::test]
async fn a_step_that_a_revocation_overtakes_brings_no_successor_into_use() {
    let mut failures = Vec::new();
    for row in ROWS {
        let rotating = Rotating::before(row.step).await;
        let result = rotating.overtaken(&row).await.map(drop);
        if result != row.result {
            failures.push(format!("{row:?}: {result:?}"));
        }
        // Whatever is repeated afterwards, no revoked key gets a successor.
        for step in Step::ALL {
            let _ = rotating.step(step).await;
        }
        let process = rotating.site.process().await;
        let lives =
            match rotating.site.secrets.value(rotating.rotation.arn(), Version::Id(rotating.rotation.token())).await {
                None => false,
                Some(_) => rotating.is_current().await && authenticates(&process, &rotating.pending().await.1).await,
            };
        if lives != row.is_in_use {
            failures.push(format!("{row:?}: the successor is in use: {lives}"));
        }
    }
    assert_eq!(failures, Vec::<String>::new());
}
