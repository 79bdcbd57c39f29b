//! Many callers of one function: each request gets its own answer, whatever requests precede, follow or accompany it.
//!
//! Good, refused and panicking requests of eight users run one after another, then concurrently on several threads.

mod panicking_verifier;

use std::sync::Arc;

use futures_util::{StreamExt, stream};
use serde_json::{Value, json};
use shared::domain::Timestamp;
use shared::lambda::Function;
use shared::platform::{Call, Randomness};
use tests::event::{Request, Source};
use tests::stored_key::basic;
use tests::token::Claims;
use tokio::task::JoinSet;

use crate::site::{Site, message, queue};
use crate::support::{
    Answer, Endpoint, JWT_SECRET, StoredKey, World, assert_form, assert_refused, invoke, standing_still,
};
use panicking_verifier::{PANICKING_USER, PanickingVerifier};
use tests::rng::SeededRng;

const USERS: u64 = 8;

/// The number of concurrent requests. With all of them at once, DynamoDB's answers to a busy machine take too long.
const AT_ONCE: usize = 16;

/// One request and its expected answer.
#[derive(Clone)]
struct Case {
    name: String,
    event: Value,
    expected: Expected,
}

#[derive(Clone, Copy)]
enum Expected {
    Created { user: u64, level: u64 },
    Refused(u64, &'static str),
}

impl Case {
    /// One of the eight kinds of request, for a user. All users send the same `Idempotency-Key`.
    fn new(world: &World, user: u64, kind: u64, round: u64) -> Self {
        let (role, level) = [("user", 4), ("curator", 5), ("bughunter", 6)][usize::try_from(user % 3).unwrap()];
        let name = format!("{user} {kind} {round}");
        let body = |level: u64| json!({ "name": name, "level": level, "expiresIn": 60 + user }).to_string();
        let bearer = |user| world.bearer(&Claims::new().id(user).role(role));
        let request = World::anonymous(Endpoint::Jwt).body(body(level)).header("Authorization", &bearer(user));
        let once = format!("00000000-0000-4000-8000-{:012}", round / (8 * USERS));
        let created = Expected::Created { user, level };
        let (request, expected) = match kind {
            0 | 1 => (request, created),
            2 => (request.header("Idempotency-Key", &once), created),
            3 => (request.body("{"), Expected::Refused(400, "postBodyInvalid")),
            4 => (request.body(body(level + 1)), Expected::Refused(403, "keyLevelExceedsRoleLevel")),
            5 => (request.without_header("Authorization"), Expected::Refused(401, "authenticationRequired")),
            6 => (
                request.only_header("Authorization", &bearer(PANICKING_USER)),
                Expected::Refused(500, "createApikeyFailed"),
            ),
            _ => (
                request.only_header("Authorization", &format!("{}x", bearer(user))),
                Expected::Refused(403, "authenticationFailed"),
            ),
        };
        Self { name, event: request.event(Source::HttpApi), expected }
    }

    /// Every kind of request for every user, three times, in an order that depends on the seed.
    fn shuffled(world: &World, seed: u64) -> Vec<Self> {
        let mut cases: Vec<_> =
            (0..3 * 8 * USERS).map(|n| Self::new(world, 101 + n % USERS, n / USERS % 8, n)).collect();
        let mut rng = SeededRng(seed);
        for index in (1..cases.len()).rev() {
            cases.swap(index, usize::try_from(rng.below(index as u64 + 1)).unwrap());
        }
        cases
    }

    async fn check(&self, world: &World, answer: &Answer) {
        let name = &self.name;
        match self.expected {
            Expected::Refused(status, code) => assert_refused(answer, status, code, name),
            Expected::Created { user, level } => {
                world.assert_created(answer, name).await;
                let values = ["name", "userId", "level"].map(|member| answer.apikey(member));
                assert_eq!(values, [json!(name), json!(user), json!(level)]);
                assert!(!answer.replayed(), "{name}");
            }
        }
    }
}

async fn send(function: &Function<PanickingVerifier>, case: &Case) -> Answer {
    let call = standing_still(Call::at(Timestamp::now(), 10_000, Randomness::draw()));
    let answer = Answer::read(&invoke(function, &case.event, call).await.unwrap());
    assert_form(Endpoint::Jwt, &answer);
    answer
}

/// Asserts that the records are exactly those of the 201s, by name.
async fn assert_records(world: &World, cases: &[Case]) {
    let created = |case: &&Case| matches!(case.expected, Expected::Created { .. });
    let mut expected: Vec<_> = cases.iter().filter(created).map(|case| case.name.clone()).collect();
    let items = world.dynamo.items().await;
    let mut names: Vec<_> = items.iter().filter_map(|item| Some(item.get("name")?.as_s().unwrap().clone())).collect();
    names.retain(|name| name != "A key for local work");
    expected.sort_unstable();
    names.sort_unstable();
    assert_eq!(names, expected);
}

#[tokio::test]
async fn good_refused_and_panicking_requests_do_not_affect_each_other() {
    let world = World::new().await;
    let function = PanickingVerifier::function(&[("AWS_ENDPOINT_URL_DYNAMODB", &world.dynamo.endpoint())]).await;
    let cases = Case::shuffled(&world, 61);
    for case in &cases {
        case.check(&world, &send(&function, case).await).await;
    }
    assert_records(&world, &cases).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn concurrent_good_refused_and_panicking_requests_get_their_own_answers() {
    let world = World::new().await;
    let function =
        Arc::new(PanickingVerifier::function(&[("AWS_ENDPOINT_URL_DYNAMODB", &world.dynamo.endpoint())]).await);
    let cases = Case::shuffled(&world, 7);
    let answers = stream::iter(cases.clone()).map(|case| {
        let function = function.clone();
        tokio::spawn(async move { (send(&function, &case).await, case) })
    });
    let answers: Vec<_> = answers.buffer_unordered(AT_ONCE).collect().await;
    for answered in answers {
        let (answer, case) = answered.unwrap();
        case.check(&world, &answer).await;
    }
    assert_records(&world, &cases).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn concurrent_requests_of_several_keys_act_for_their_own_users() {
    let world = Arc::new(World::new().await);
    let mut running = JoinSet::new();
    for user in 0..32 {
        let caller = StoredKey::new().number("userId", 101 + user).level(4 + user % 5);
        world.dynamo.put_item(caller.item.clone()).await;
        let (world, is_good) = (world.clone(), user % 4 != 0);
        running.spawn(async move {
            let secret = if is_good { caller.secret.clone() } else { "0".repeat(64) };
            let request =
                Request::post("/apikeys/key", json!({ "name": caller.key, "level": 4, "expiresIn": 60 }).to_string());
            let answer =
                world.send(Endpoint::Key, &request.header("Authorization", &basic(&caller.key, &secret))).await;
            if !is_good {
                return assert_refused(&answer, 403, "authenticationFailed", &caller.key);
            }
            world.assert_created(&answer, &caller.key).await;
            assert_eq!((answer.apikey("name"), answer.apikey("userId")), (json!(caller.key), json!(101 + user)));
            let item = world.dynamo.item(answer.apikey("key").as_str().unwrap()).await.unwrap();
            assert_eq!(item["createdBy"].as_s().unwrap(), &format!("key:{}", caller.key));
            assert_eq!(item["chainExpiresAt"], caller.item["chainExpiresAt"]);
        });
    }
    assert_eq!(running.join_all().await.len(), 32);
}

#[tokio::test]
async fn only_the_message_that_panics_is_reported_as_failed() {
    let site = Site::new().await;
    let variables = [
        ("AWS_ENDPOINT_URL_DYNAMODB", site.dynamo.endpoint()),
        ("AWS_ENDPOINT_URL_SECRETS_MANAGER", site.vault.endpoint()),
        ("DELIVERY_PREFIX", site.prefix.clone()),
        ("JWT_SECRET", JWT_SECRET.to_owned()),
    ];
    let variables = variables.each_ref().map(|(name, value)| (*name, value.as_str()));
    let function = PanickingVerifier::function(&variables).await;
    let messages = [61, PANICKING_USER, 7].map(|user| {
        let body = json!({
            "name": "x", "level": 4, "expiresIn": 60, "deliverTo": "ci", "idempotencyKey": "once",
            "authorization": site.bearer(&Claims::new().id(user)),
        });
        message(&format!("of {user}"), &body.to_string())
    });
    let event: Value = serde_json::from_str(&queue(&messages)).unwrap();
    let answer = Box::pin(invoke(&function, &event, Call::at(Timestamp::now(), 30_000, Randomness::draw()))).await;
    assert_eq!(answer, Ok(json!({ "batchItemFailures": [{ "itemIdentifier": "of 13" }] })));
    let snapshot = site.snapshot().await;
    assert_eq!(snapshot.secrets.keys().cloned().collect::<Vec<_>>(), [site.name(61, "ci"), site.name(7, "ci")]);
    assert_eq!(snapshot.records().len(), 2);
}
