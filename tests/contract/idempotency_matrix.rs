//! The matrix of retries: each row of `tests/data/idempotency.tsv` has two attempts and a change between them.
//!
//! The test checks the answer to the second attempt and the records. A replay or a refusal does not change the table.

mod between;
mod callers;
mod log;
mod row;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use shared::domain::Timestamp;
use shared::platform::{Call, Randomness};
use tests::dynamo::Item;
use tests::host;

use crate::failures::Failures;
use crate::support::{Answer, World};
use callers::Callers;
use row::{Row, Try};

/// The answer to an attempt, from HTTP or a direct invocation.
struct Told {
    /// The body of a 201, or the error code.
    outcome: Result<Value, String>,
    answer: Option<Answer>,
}

impl Told {
    fn code(&self) -> &str {
        match &self.outcome {
            Ok(_) => "created",
            Err(code) => code,
        }
    }
}

/// The state of one row.
struct Play<'a> {
    world: &'a World,
    row: &'a Row,
    callers: Callers,
    started: Timestamp,
    /// The keys in the table before the row.
    existing: BTreeSet<String>,
}

#[tokio::test]
async fn every_retry_gets_the_expected_answer_and_records() {
    let level = host::variable("APIKEYS_CONTRACT_LOG_LEVEL").unwrap_or_else(|| "ERROR".to_owned());
    let roles = r#"{"writer":3,"user":4,"tester":4,"curator":5,"admin":9}"#;
    let variables = [("ALLOW_PLAINTEXT_RESULT", "true"), ("ROLE_LEVELS", roles), ("LOG_LEVEL", &level)];
    let rows = Row::all();
    let mut failures = Failures::default();
    for row in &rows {
        let world = World::with(&variables).await;
        let play = Play::new(&world, row).await;
        failures.check(row.id, play.check()).await;
    }
    failures.assert_none();
    assert!(rows.len() >= 40, "only {} rows", rows.len());
}

#[test]
fn each_row_has_its_own_id() {
    let rows = Row::all();
    assert_eq!(rows.iter().map(|row| row.id).collect::<BTreeSet<_>>().len(), rows.len());
}

impl<'a> Play<'a> {
    async fn new(world: &'a World, row: &'a Row) -> Self {
        let callers = Callers::new(world).await;
        let mut play = Self { world, row, callers, started: Timestamp::now(), existing: BTreeSet::new() };
        play.existing = play.keys().await;
        play
    }

    async fn check(&self) {
        let (row, id) = (self.row, self.row.id);
        let first = self.send(&row.first, None).await;
        assert_eq!(first.code(), row.first.answer, "{id}, first");
        self.between(&first).await;
        let before = self.table().await;
        let second = self.send(&row.second, Some(&first)).await;
        let after = self.table().await;
        match row.expected {
            "replayed" => assert_replayed(&first, &second, id),
            "created" => {
                assert_eq!(second.code(), "created", "{id}");
                assert_ne!(second.outcome.as_ref().ok(), first.outcome.as_ref().ok(), "{id}");
                if let Some(answer) = &second.answer {
                    assert!(!answer.replayed(), "{id}");
                    self.world.assert_created(answer, id).await;
                }
            }
            code => assert_eq!(second.code(), code, "{id}"),
        }
        if row.expected != "created" {
            assert_eq!(after, before, "{id}: the table has changed");
        }
        let is_new = |key: &&String| !key.starts_with("idem#") && !self.existing.contains(*key);
        assert_eq!(after.keys().filter(is_new).count(), row.records, "{id}: records");
    }

    /// Every item of the table, by its key.
    async fn table(&self) -> BTreeMap<String, Item> {
        let items = self.world.dynamo.items().await.into_iter();
        items.map(|item| (item["key"].as_s().unwrap().clone(), item)).collect()
    }

    async fn keys(&self) -> BTreeSet<String> {
        self.table().await.into_keys().collect()
    }

    /// The stored answer for the row's value.
    async fn memo(&self) -> Item {
        let memo = self.table().await.into_iter().find(|(key, _)| key.starts_with("idem#"));
        memo.unwrap_or_else(|| panic!("{}: no answer is stored", self.row.id)).1
    }

    /// Sends an attempt. `first` is the answer to the earlier attempt.
    async fn send(&self, tried: &Try, first: Option<&Told>) -> Told {
        let authorization = self.callers.authorization(self.world, tried.who, first);
        let event = tried.event(&self.row.value(), authorization.as_deref());
        let call = Call::at(self.moment(tried.at).await, 10_000, Randomness::draw());
        let endpoint = tried.endpoint();
        if tried.via == "direct" {
            let outcome = self.world.invoke_raw(endpoint, &event, call).await.map_err(str::to_owned);
            return Told { outcome, answer: None };
        }
        let answer = self.world.invoke_with(endpoint, &event, call).await.unwrap();
        let body: Value = serde_json::from_str(&answer.body).unwrap();
        let outcome = if answer.status == 201 { Ok(body) } else { Err(body["error"].as_str().unwrap().to_owned()) };
        Told { outcome, answer: Some(answer) }
    }

    /// A time: seconds after the start, or relative to the second at which the stored answer expires, such as `end-1`.
    async fn moment(&self, at: &str) -> Timestamp {
        let Some(from_end) = at.strip_prefix("end") else {
            return Timestamp::from_millis(self.started.millis() + at.parse::<u64>().unwrap() * 1_000);
        };
        let end: i64 = self.memo().await["expiresAt"].as_n().unwrap().parse().unwrap();
        let seconds = end + if from_end.is_empty() { 0 } else { from_end.parse::<i64>().unwrap() };
        Timestamp::from_millis(u64::try_from(seconds).unwrap() * 1_000)
    }
}

fn assert_replayed(first: &Told, second: &Told, id: &str) {
    assert_eq!((first.code(), second.code()), ("created", "created"), "{id}");
    assert_eq!(first.outcome, second.outcome, "{id}");
    if let Some(answer) = &second.answer {
        assert!(answer.replayed(), "{id}");
        if let Some(first) = &first.answer {
            assert_eq!(answer.body, first.body, "{id}: the bodies differ");
        }
    }
}
