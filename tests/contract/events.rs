//! The files of `events/`. Each event gets the answer in its file name.

use serde_json::{Value, json};
use shared::domain::{Secret, Timestamp};
use shared::platform::{Call, Randomness};
use tests::event::{self, AuthorizerKind};
use tests::fault::Proxy;
use tests::host;
use tests::local::events::{Backend, EventFile, Outcome, Setup, Source};
use tests::rotation::Step;
use tests::secrets_manager::{Secrets, SecretsManager, Version, unique_prefix};

use crate::failures::Failures;
use crate::support::{Answer, Endpoint, StoredKey, World, assert_form, assert_refused};

/// The error codes of the routes that list, read and revoke keys.
const ROUTE_CODES: [&str; 8] = [
    "notFound",
    "limitInvalid",
    "cursorInvalid",
    "userIdInvalid",
    "chainInvalid",
    "listApikeysFailed",
    "readApikeyFailed",
    "removeApikeyFailed",
];

/// The error codes that only events have.
const CODES: [&str; 20] = [
    "unknownEvent",
    "taskTokenUnsupported",
    "authorizeFailed",
    "eventsDisabled",
    "eventCredentialRefused",
    "deliverToMissing",
    "deliverToInvalid",
    "deliverToTaken",
    "idempotencyKeyMissing",
    "idempotencyKeyInvalid",
    "idempotencyKeyReused",
    "rotationStepInvalid",
    "rotationSecretRefused",
    "rotationSecretReplica",
    "rotationNotEnabled",
    "rotationVersionUnknown",
    "rotationVersionNotPending",
    "rotationPendingMissing",
    "rotationSecretInvalid",
    "rotationKeyRevoked",
];

#[tokio::test]
async fn every_event_file_gets_the_answer_in_its_name() {
    let stage = Stage::new().await;
    let files = EventFile::all().unwrap();
    let mut failures = Failures::default();
    for file in &files {
        failures.check(&host::relative(&file.path), stage.play(file)).await;
    }
    failures.assert_none();
    assert!(files.len() > 120, "only {} event files", files.len());
}

#[test]
fn every_source_and_every_code_of_events_has_a_file() {
    let files = EventFile::all().unwrap();
    let count = |endpoint, source, outcome| {
        let is_one = |file: &&EventFile| file.function == endpoint && file.source == source && file.outcome == outcome;
        files.iter().filter(is_one).count()
    };
    let created = |endpoint, source| count(endpoint, source, Outcome::Created);
    for endpoint in Endpoint::ALL {
        assert_eq!(created(endpoint, Source::Http { status: 201 }), event::Source::ALL.len());
        for source in [Source::Direct, Source::EventBridge, Source::Sns, Source::Sqs] {
            assert!(created(endpoint, source) > 0, "{endpoint:?} {source:?}");
        }
    }
    let sources = event::Source::ALL.len();
    for (endpoint, status, outcome, least) in [
        (Endpoint::Jwt, 200, Outcome::Listed, sources),
        (Endpoint::Jwt, 200, Outcome::Read, sources),
        (Endpoint::Jwt, 204, Outcome::Revoked, sources),
        (Endpoint::Key, 200, Outcome::Listed, 1),
        (Endpoint::Key, 200, Outcome::Read, sources + 1),
        (Endpoint::Key, 204, Outcome::Revoked, 1),
    ] {
        assert!(count(endpoint, Source::Http { status }, outcome.clone()) >= least, "{endpoint:?} {outcome:?}");
    }
    for endpoint in Endpoint::ALL {
        assert_eq!(count(endpoint, Source::Authorizer, Outcome::Admitted), AuthorizerKind::ALL.len());
        assert!(count(endpoint, Source::Authorizer, Outcome::NotAdmitted) >= 2);
    }
    let outcomes = Step::ALL.into_iter().map(Outcome::Stepped);
    let codes = ROUTE_CODES.into_iter().chain(CODES).map(|code| Outcome::Refused(code.to_owned()));
    for outcome in outcomes.chain(codes) {
        assert!(files.iter().any(|file| file.outcome == outcome), "{outcome:?}");
    }
}

/// The functions with and without events, over the same table and secrets.
struct Stage {
    proxy: Proxy,
    secrets: Secrets,
    delivery_prefix: String,
    world: World,
    without_events: World,
}

impl Stage {
    async fn new() -> Self {
        let store = World::new().await;
        let proxy = Proxy::to(store.dynamo.port()).await;
        let (secrets, delivery_prefix) = (SecretsManager::shared(), unique_prefix());
        let provisioner = StoredKey::new().level(8);
        let provisioner_arn = secrets.create(&format!("{delivery_prefix}provisioner"), &provisioner.delivered()).await;
        store.dynamo.put_item(provisioner.item).await;
        let (dynamodb, secrets_manager) = (proxy.endpoint(), secrets.endpoint());
        let endpoints =
            [("AWS_ENDPOINT_URL_DYNAMODB", &*dynamodb), ("AWS_ENDPOINT_URL_SECRETS_MANAGER", &*secrets_manager)];
        let events = [("DELIVERY_PREFIX", &*delivery_prefix), ("PROVISIONER_SECRET_ARN", &*provisioner_arn)];
        let mut world = World::with(&[endpoints, events].concat()).await;
        let without_events = World::with(&endpoints).await;
        world.dynamo = store.dynamo;
        Self { proxy, secrets, delivery_prefix, world, without_events }
    }

    async fn play(&self, file: &EventFile) {
        let (world, signer) = (&self.world, self.world.signer());
        let (table, delivery_prefix) = (*world.dynamo.table(), &*self.delivery_prefix);
        let event = file.fill(&Backend { table, secrets: self.secrets, delivery_prefix, signer }).await.unwrap();
        let before = self.secrets.names(delivery_prefix).await;
        if file.setup() == Some(Setup::UnreachableStore) {
            self.proxy.refuse().await;
        }
        let context = file.path.display().to_string();
        if let Source::Http { status } = file.source {
            let call = Call::at(Timestamp::now(), 10_000, Randomness::draw());
            let raw = world.invoke_raw(file.function, &event, call).await.unwrap();
            self.proxy.accept().await;
            file.check(&event, &raw).unwrap();
            let answer = Answer::read(&raw);
            assert_form(file.function, &answer);
            match &file.outcome {
                Outcome::Refused(code) => assert_refused(&answer, status.into(), code, &context),
                Outcome::Created => world.assert_created(&answer, &context).await,
                _ => {}
            }
            return;
        }
        let world = if file.setup() == Some(Setup::EventsDisabled) { &self.without_events } else { world };
        let call = Call::at(Timestamp::now(), 10_000, Randomness::draw());
        let answer = world.invoke_raw(file.function, &event, call).await;
        let answer = answer.unwrap_or_else(|code| json!({ "errorType": code, "errorMessage": code }));
        self.assert_answer(file, &event, &answer).await;
        let mut delivered = self.secrets.names(delivery_prefix).await;
        delivered.retain(|name| !before.contains(name));
        assert_eq!(delivered.len(), file.deliveries(), "{context}: {delivered:?}");
        for name in &delivered {
            self.assert_delivered(name, &context).await;
        }
    }

    async fn assert_answer(&self, file: &EventFile, event: &Value, answer: &Value) {
        file.check(event, answer).unwrap();
        if let Some(arn) = answer["apikey"]["secretArn"].as_str() {
            assert!(arn.contains(&self.delivery_prefix), "{}: {arn}", file.path.display());
        }
        if file.outcome == Outcome::Stepped(Step::Finish) {
            let current = self.secrets.try_version_with(event["SecretId"].as_str().unwrap(), "AWSCURRENT").await;
            assert_eq!(current.unwrap().as_deref(), event["ClientRequestToken"].as_str(), "{}", file.path.display());
        }
    }

    /// Asserts that a secret holds a key that has a record in the table.
    async fn assert_delivered(&self, name: &str, context: &str) {
        let value = self.secrets.value(name, Version::CURRENT).await.unwrap();
        let value: Value = serde_json::from_str(&value).unwrap();
        let item = self.world.dynamo.item(value["key"].as_str().unwrap()).await;
        let item = item.unwrap_or_else(|| panic!("{context}: no record"));
        let secret = Secret::from_hex(value["secret"].as_str().unwrap()).unwrap();
        assert_eq!(item["secretHash"].as_b().unwrap().as_ref(), secret.hash().as_bytes(), "{context}");
    }
}
