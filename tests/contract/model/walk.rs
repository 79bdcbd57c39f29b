//! Random sequences of requests, for the model and the service.
//!
//! The seed of a walk determines its times, ids and secrets.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::Client;
use shared::domain::Timestamp;
use tests::dynamo::Dynamo;
use tests::fault::Proxy;
use tests::rng::SeededRng;
use tests::{figures, host};

use super::ask::{Ask, Shown};
use super::audit::Table;
use super::{Expected, Key, Model};
use crate::support::{Answer, World, assert_refused};

const ROLES: &str = r#"{"0":0,"1":1,"2":2,"3":3,"4":4,"5":5,"6":6,"7":7,"8":8,"9":9}"#;

/// The start of every walk: a time in the year 2033, in milliseconds.
const BEGINNING: u64 = 2_000_000_000_000;

/// The number of times that each answer was given.
pub(super) type Tally = BTreeMap<String, u64>;

pub(super) struct Walk {
    seed: u64,
    step: u64,
    pub(super) doing: String,
    pub(super) rng: SeededRng,
    /// The time in milliseconds.
    pub(super) now: u64,
    pub(super) model: Model,
    /// Every request with an `Idempotency-Key` so far.
    pub(super) repeatable: Vec<Ask>,
    /// The keys whose secrets were in an answer, in the order of the answers.
    pub(super) answered: Vec<String>,
    /// The keys whose secrets were in no answer, since the answer was a 500.
    pub(super) unanswered: BTreeSet<String>,
    /// Every key that was ever in the table.
    pub(super) ever: BTreeMap<String, Key>,
    /// The level of each key's creator.
    pub(super) makers: BTreeMap<String, i64>,
    pub(super) secrets: BTreeMap<String, String>,
    bodies: BTreeMap<String, String>,
    pub(super) table: Table,
    pub(super) client: Client,
    pub(super) world: World,
    pub(super) proxy: Proxy,
}

impl Walk {
    async fn begin(seed: u64) -> Self {
        let mut rng = SeededRng(seed);
        let limit = rng.one_of([31_536_000, 31_536_000, 90_000, 600]);
        let store = Dynamo::in_memory().await;
        let proxy = Proxy::to(store.port()).await;
        let endpoint = proxy.endpoint();
        let limit_text = limit.to_string();
        let variables =
            [("AWS_ENDPOINT_URL_DYNAMODB", endpoint.as_str()), ("ROLE_LEVELS", ROLES), ("MAX_EXPIRES_IN", &limit_text)];
        let mut world = World::with(&variables).await;
        world.dynamo = store;
        Self {
            seed,
            step: 0,
            doing: String::new(),
            rng,
            now: BEGINNING,
            model: Model { limit, keys: BTreeMap::new(), memos: BTreeMap::new(), fences: BTreeMap::new() },
            repeatable: Vec::new(),
            answered: Vec::new(),
            unanswered: BTreeSet::new(),
            ever: BTreeMap::new(),
            makers: BTreeMap::new(),
            secrets: BTreeMap::new(),
            bodies: BTreeMap::new(),
            table: Table::default(),
            client: world.dynamo.client(),
            world,
            proxy,
        }
    }

    async fn take(&mut self, steps: u64, tally: &mut Tally) {
        for step in 0..steps {
            self.step = step;
            let focus = self.move_on();
            match self.rng.below(20) {
                0..=4 => *tally.entry(self.live().await).or_default() += 1,
                5 => self.sweep().await,
                _ => {
                    let ask = self.draw(step, focus);
                    let answer = self.ask(&ask).await;
                    *tally.entry(tally_name(&answer)).or_default() += 1;
                }
            }
            self.audit().await;
        }
    }

    /// Sends one request, and compares the answer with the model's.
    async fn ask(&mut self, ask: &Ask) -> Answer {
        self.doing = format!("{ask:?}");
        let expected = self.model.expect(ask, self.now);
        let secret = [self.bytes(), self.bytes()];
        self.plan(&ask.trouble);
        let answer = self.send(ask, secret).await;
        self.proxy.heal();
        match &expected {
            Expected::Created(issue) | Expected::Lost(issue) => {
                let secret = hex::encode(secret.as_flattened());
                self.bodies.insert(issue.id.clone(), body(&issue.id, &issue.key, &secret));
                self.secrets.insert(issue.id.clone(), secret);
                self.makers.insert(issue.id.clone(), self.level_of(&ask.shown));
            }
            Expected::Replayed(_) | Expected::Refused(_) => {}
        }
        match &expected {
            Expected::Created(issue) => self.record_answer(&issue.id, false, &answer),
            Expected::Replayed(id) => self.record_answer(id, true, &answer),
            Expected::Lost(issue) => {
                assert_refused(&answer, 500, "createApikeyFailed", "every reply was lost");
                self.unanswered.insert(issue.id.clone());
            }
            Expected::Refused((status, code)) => assert_refused(&answer, *status, code, "refused"),
        }
        self.model.learn(&expected);
        self.assert_alive(ask, &answer);
        answer
    }

    fn record_answer(&mut self, id: &str, replayed: bool, answer: &Answer) {
        assert_eq!((answer.status, answer.replayed(), &answer.body), (201, replayed, &self.bodies[id]));
        if self.unanswered.remove(id) || !replayed {
            self.answered.push(id.to_owned());
        }
    }

    /// Asserts that no expired or revoked key authenticates, independently of the model.
    fn assert_alive(&self, ask: &Ask, answer: &Answer) {
        let turned_away = ["authenticationRequired", "authenticationFailed", "createApikeyFailed"];
        let Shown::Key { id, .. } = &ask.shown else {
            return;
        };
        let is_alive = self.table.keys.get(id).is_some_and(|key| {
            let is_fenced = key.chain != *id && self.table.fences.contains_key(&key.chain);
            self.now < key.expires_at * 1000 && key.revoked.is_none() && !is_fenced
        });
        assert!(is_alive || turned_away.iter().any(|code| answer.body.contains(code)), "{}", answer.body);
    }

    fn level_of(&self, shown: &Shown) -> i64 {
        match shown {
            Shown::Token { role, .. } => role.unwrap(),
            Shown::Key { id, .. } => self.ever[id].level,
            _ => unreachable!("a key needs a credential"),
        }
    }
}

impl Drop for Walk {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("MODEL_SEED={} failed at step {} and {} ms: {}", self.seed, self.step, self.now, self.doing);
        }
    }
}

/// The body of a 201.
fn body(id: &str, key: &Key, secret: &str) -> String {
    let expires_at = Timestamp::from_millis(key.expires_at * 1000).to_rfc3339();
    format!(
        r#"{{"result":"success","apikey":{{"key":"{id}","secret":"{secret}","level":{},"expiresAt":"{expires_at}","name":"{}","userId":{}}}}}"#,
        key.level, key.name, key.user
    )
}

/// The name of an answer in the tally.
fn tally_name(answer: &Answer) -> String {
    let body: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
    let what = if answer.replayed() { "replayed" } else { body["error"].as_str().unwrap_or("created") };
    format!("{} {what}", answer.status)
}

#[tokio::test]
async fn random_requests_in_random_order_get_the_answers_of_the_model() {
    let number = |name, usual| host::variable(name).and_then(|text| text.parse().ok()).unwrap_or(usual);
    let (walks, steps, seed) = (number("MODEL_WALKS", 16), number("MODEL_STEPS", 60), number("MODEL_SEED", 61));
    let mut tally = Tally::new();
    for seed in seed..seed + walks {
        Walk::begin(seed).await.take(steps, &mut tally).await;
    }
    let answers: Vec<_> = tally.iter().map(|(answer, times)| format!("{times} x {answer}")).collect();
    let rows: String = tally.iter().map(|(answer, times)| format!("{answer}\t{times}\n")).collect();
    let requests = tally.values().sum::<u64>();
    figures::write("model", &format!("answer\ttimes\nwalks\t{walks}\nrequests\t{requests}\n{rows}"));
    println!("{walks} walks, {requests} requests: {}", answers.join(", "));
}
