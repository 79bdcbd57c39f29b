//! The matrix of retries: two tries a row, and what happens between them, in `tests/data/idempotency.tsv`.
//!
//! A row is checked whole: the second answer, the records that are left, and that no replay and no refusal changes
//! anything in the table.

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

/// What a try was answered with, however it came.
struct Told {
    /// The 201 body, or an error's code.
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

/// One row while it is played.
struct Play<'a> {
    world: &'a World,
    row: &'a Row,
    callers: Callers,
    started: Timestamp,
    /// What stood in the table before it.
    standing: BTreeSet<String>,
}

#[tokio::test]
async fn every_second_try_gets_its_answer_and_leaves_its_records() {
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
    assert!(rows.len() >= 40, "an empty table proves nothing");
}

#[test]
fn each_row_has_its_own_id() {
    let rows = Row::all();
    assert_eq!(rows.iter().map(|row| row.id).collect::<BTreeSet<_>>().len(), rows.len());
}

impl<'a> Play<'a> {
    async fn new(world: &'a World, row: &'a Row) -> Self {
        let callers = Callers::new(world).await;
        let mut play = Self { world, row, callers, started: Timestamp::now(), standing: BTreeSet::new() };
        play.standing = play.keys().await;
        play
    }

    async fn check(&self) {
        let (row, id) = (self.row, self.row.id);
        let first = self.send(&row.first, None).await;
        assert_eq!(first.code(), row.first.told, "{id}, first");
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
            assert_eq!(after, before, "{id}: something has changed");
        }
        let is_new = |key: &&String| !key.starts_with("idem#") && !self.standing.contains(*key);
        assert_eq!(after.keys().filter(is_new).count(), row.records, "{id}: records");
    }

    /// Everything in the table, by its key.
    async fn table(&self) -> BTreeMap<String, Item> {
        let items = self.world.dynamo.items().await.into_iter();
        items.map(|item| (item["key"].as_s().unwrap().clone(), item)).collect()
    }

    async fn keys(&self) -> BTreeSet<String> {
        self.table().await.into_keys().collect()
    }

    /// What the row's value has left.
    async fn memo(&self) -> Item {
        let memo = self.table().await.into_iter().find(|(key, _)| key.starts_with("idem#"));
        memo.unwrap_or_else(|| panic!("{}: nothing is remembered", self.row.id)).1
    }

    /// Sends a try; `first` is what an earlier one was told.
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

    /// Seconds from the start, or from the second at which the memo ends: `end-1`.
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
            assert_eq!(answer.body, first.body, "{id}: byte for byte");
        }
    }
}
