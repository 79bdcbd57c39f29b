//! Secrets that hold keys, the functions that deliver and rotate them, and the checks after a rotation.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::types::AttributeValue;
use jwt::TokenVerifier;
use key::KeyVerifier;
use serde_json::{Value, json};
use shared::domain::Timestamp;
use shared::lambda::Function;
use shared::platform::config::Config;
use shared::platform::{Call, Randomness};
use tests::dynamo::{Dynamo, Item};
use tests::event::{Request, Source};
use tests::fault::Proxy;
use tests::rotation::{Rotation, Step};
use tests::secrets_manager::{Secrets, SecretsManager, Version, new_token, unique_prefix};
use tests::stored_key::basic;
use tests::token::{Claims, Signer};

use crate::support::{Answer, Endpoint, JWT_SECRET, StoredKey, World, environment, invoke};

/// One deployment. Each invocation runs in a new function, as after a crash.
pub(super) struct Scene {
    pub(super) dynamo: Dynamo,
    pub(super) secrets: Secrets,
    pub(super) prefix: String,
    pub(super) to_dynamo: Proxy,
    pub(super) to_secrets: Proxy,
    /// The provisioner's secret, which holds the `apikey` object of a 201.
    pub(super) provisioner: Held,
    variables: Vec<(String, String)>,
}

/// A secret and the key in it.
#[derive(Clone, Debug)]
pub(super) struct Held {
    pub(super) arn: String,
    pub(super) key: String,
    pub(super) secret: String,
}

impl Held {
    pub(super) fn authorization(&self) -> String {
        basic(&self.key, &self.secret)
    }
}

impl Scene {
    pub(super) async fn new() -> Self {
        let (dynamo, secrets, prefix) = (Dynamo::in_memory().await, SecretsManager::shared(), unique_prefix());
        let (to_dynamo, to_secrets) = (Proxy::to(dynamo.port()).await, Proxy::to(secrets.port()).await);
        let stored = StoredKey::new().level(8);
        dynamo.put_item(stored.item.clone()).await;
        let arn = secrets.create(&format!("{}provisioner", unique_prefix()), &apikey(&stored)).await;
        let provisioner = Held { arn, key: stored.key, secret: stored.secret };
        let variables = [
            ("AWS_ENDPOINT_URL_DYNAMODB", to_dynamo.endpoint()),
            ("AWS_ENDPOINT_URL_SECRETS_MANAGER", to_secrets.endpoint()),
            ("DELIVERY_PREFIX", prefix.clone()),
            ("PROVISIONER_SECRET_ARN", provisioner.arn.clone()),
        ];
        let variables = variables.map(|(name, value)| (name.to_owned(), value)).to_vec();
        Self { dynamo, secrets, prefix, to_dynamo, to_secrets, provisioner, variables }
    }

    /// Sets a variable. An empty value unsets it.
    pub(super) fn set(&mut self, variable: &str, value: &str) {
        self.variables.retain(|(name, _)| name != variable);
        self.variables.push((variable.to_owned(), value.to_owned()));
    }

    /// A key function that has just started.
    pub(super) async fn key_function(&self) -> Function<KeyVerifier> {
        let environment = environment(&self.variables());
        Function::new(KeyVerifier::configure(&environment).unwrap(), &Config::read(&environment).unwrap())
            .await
            .unwrap()
    }

    /// A jwt function that has just started.
    pub(super) async fn jwt_function(&self) -> Function<TokenVerifier> {
        let environment = environment(&self.variables());
        Function::new(TokenVerifier::configure(&environment).unwrap(), &Config::read(&environment).unwrap())
            .await
            .unwrap()
    }

    /// Revokes a key as its user, alone or with its chain. The request does not go through the proxies.
    pub(super) async fn revoke(&self, key: &str, with_chain: bool) {
        let endpoint = self.dynamo.endpoint();
        let mut variables = self.variables();
        variables.retain(|(name, _)| *name != "AWS_ENDPOINT_URL_DYNAMODB");
        variables.push(("AWS_ENDPOINT_URL_DYNAMODB", &endpoint));
        let environment = environment(&variables);
        let config = Config::read(&environment).unwrap();
        let function = Function::new(TokenVerifier::configure(&environment).unwrap(), &config).await.unwrap();
        let token = Claims::new().sign(&Signer::hs256(JWT_SECRET.as_bytes()));
        let request = Request::new("DELETE", &format!("/apikeys/{key}/jwt"));
        let request = request.header("Authorization", &format!("Bearer {token}"));
        let request = if with_chain { request.query("chain", "true") } else { request };
        let answer = invoke(&function, &request.event(Source::HttpApi), at(Timestamp::now())).await.unwrap();
        assert_eq!(answer["statusCode"], 204, "{answer}");
    }

    fn variables(&self) -> Vec<(&str, &str)> {
        self.variables.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
    }

    /// Sends an event to a key function that has just started.
    pub(super) async fn invoke(&self, event: &Value) -> Result<Value, &'static str> {
        self.invoke_at(event, Timestamp::now()).await
    }

    /// [`Self::invoke`] at a given time.
    pub(super) async fn invoke_at(&self, event: &Value, now: Timestamp) -> Result<Value, &'static str> {
        invoke(&self.key_function().await, event, at(now)).await
    }

    /// Delivers a secret through the jwt function, with a key of this level that lives for an hour.
    pub(super) async fn deliver(&self, level: u8) -> Held {
        let deliver_to = new_token();
        let token = Claims::new().role("admin").sign(&Signer::hs256(JWT_SECRET.as_bytes()));
        let event = json!({
            "name": "A key that rotates", "level": level, "expiresIn": 3600, "deliverTo": deliver_to,
            "idempotencyKey": deliver_to, "authorization": format!("Bearer {token}"),
        });
        let answer = invoke(&self.jwt_function().await, &event, at(Timestamp::now())).await.unwrap();
        self.held(answer["apikey"]["secretArn"].as_str().unwrap(), "AWSCURRENT").await
    }

    /// Creates a secret with this value.
    pub(super) async fn keep(&self, value: &str) -> String {
        let name = format!("{}61/{}", self.prefix, new_token());
        self.secrets.create(&name, value).await
    }

    /// Begins a rotation, as Secrets Manager does before it invokes the function.
    pub(super) async fn begin(&self, arn: &str) -> Rotation {
        Rotation::begin(self.secrets, arn).await.unwrap()
    }

    /// Runs one step of a rotation.
    pub(super) async fn step(&self, rotation: &Rotation, step: Step) -> Result<Value, &'static str> {
        self.invoke(&rotation.payload(step)).await
    }

    /// Runs all steps of a rotation at a given time, each in a function that has just started.
    pub(super) async fn run_at(&self, rotation: &Rotation, now: Timestamp) {
        let steps = rotation.run(async |event| match self.invoke_at(&event, now).await {
            Ok(Value::Null) => Ok(Value::Null),
            other => Err(other),
        });
        steps.await.unwrap();
    }

    /// Runs a whole rotation.
    pub(super) async fn rotate(&self, arn: &str) -> Rotation {
        let rotation = self.begin(arn).await;
        // One time for all steps would let the clock run backwards between two steps.
        for step in Step::ALL {
            assert_eq!(self.step(&rotation, step).await, Ok(Value::Null), "{step:?}");
        }
        rotation
    }

    /// A rotation in which all steps before this one are complete.
    pub(super) async fn begun(&self, step: Step) -> Rotation {
        let rotation = self.begin(&self.deliver(4).await.arn).await;
        for earlier in Step::ALL.into_iter().take_while(|earlier| *earlier != step) {
            self.step(&rotation, earlier).await.unwrap();
        }
        rotation
    }

    /// The value of a secret at a stage, if it has one.
    pub(super) async fn value(&self, arn: &str, stage: &str) -> Option<Value> {
        let text = self.secrets.value(arn, Version::Stage(stage)).await?;
        Some(serde_json::from_str(&text).unwrap())
    }

    /// The key in a secret at a stage.
    pub(super) async fn held(&self, arn: &str, stage: &str) -> Held {
        let value = self.value(arn, stage).await.unwrap_or_else(|| panic!("no value at {stage}"));
        let text = |member: &str| value[member].as_str().unwrap().to_owned();
        Held { arn: arn.to_owned(), key: text("key"), secret: text("secret") }
    }

    /// The record of a key.
    pub(super) async fn record(&self, key: &str) -> Item {
        self.dynamo.item(key).await.unwrap_or_else(|| panic!("no record of {key}"))
    }

    /// The answer of `POST /apikeys/key` to a key at a given time.
    pub(super) async fn post_at(&self, held: &Held, now: Timestamp) -> Answer {
        let request = World::anonymous(Endpoint::Key).header("Authorization", &held.authorization());
        let request = request.body(r#"{"name":"child","level":0,"expiresIn":1}"#);
        let answer = self.invoke_at(&request.event(Source::HttpApi), now).await;
        Answer::read(&answer.unwrap())
    }

    /// Whether a key authenticates over HTTP. A key below level 4 authenticates, but may not create keys.
    pub(super) async fn authenticates_at(&self, held: &Held, now: Timestamp) -> bool {
        let answer = self.post_at(held, now).await;
        match (answer.status, answer.body.as_str()) {
            (201, _) | (403, r#"{"result":"error","error":"insufficientAccessLevel"}"#) => true,
            (403, r#"{"result":"error","error":"authenticationFailed"}"#) => false,
            _ => panic!("{answer:?}"),
        }
    }

    /// Asserts that a rotation has succeeded, and returns the new key.
    pub(super) async fn assert_rotated(&self, old: &Held, rotation: &Rotation, context: &str) -> Held {
        let new = self.held(&old.arn, "AWSCURRENT").await;
        assert_ne!((&new.key, &new.secret), (&old.key, &old.secret), "{context}");
        assert_eq!(self.held(&old.arn, "AWSPREVIOUS").await.key, old.key, "{context}");
        let versions = self.secrets.versions(&old.arn).await;
        assert_eq!(versions.len(), 2, "{context}: {versions:?}");
        assert!(versions[rotation.token()].contains(&"AWSCURRENT".to_owned()), "{context}: {versions:?}");
        for held in [old, &new] {
            assert!(self.authenticates_at(held, Timestamp::now()).await, "{context}: {held:?}");
        }
        let lineage = AttributeValue::S(format!("rotation:{}", old.key));
        assert_eq!(self.record(&new.key).await["createdBy"], lineage, "{context}");
        new
    }

    /// Everything that a step could change: the stages and values of a secret's versions, and every record.
    pub(super) async fn state(&self, arn: &str) -> State {
        let versions = self.secrets.versions(arn).await;
        let mut values = BTreeMap::new();
        for id in versions.keys() {
            values.insert(id.clone(), self.secrets.value(arn, Version::Id(id)).await);
        }
        let items = self.dynamo.items().await;
        let records = items.iter().map(|item| format!("{:?}", item.iter().collect::<BTreeMap<_, _>>())).collect();
        State { versions, values, records }
    }

    /// The numbers of requests to Secrets Manager and to DynamoDB.
    pub(super) fn calls(&self) -> (usize, usize) {
        (self.to_secrets.requests().len(), self.to_dynamo.requests().len())
    }
}

/// The state of a secret and of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct State {
    pub(super) versions: BTreeMap<String, Vec<String>>,
    values: BTreeMap<String, Option<String>>,
    records: BTreeSet<String>,
}

/// An invocation at a given time.
pub(super) fn at(now: Timestamp) -> Call {
    Call::at(now, 60_000, Randomness::draw())
}

/// The current time plus this number of seconds.
pub(super) fn later(seconds: u64) -> Timestamp {
    Timestamp::from_millis(Timestamp::now().millis() + seconds * 1000)
}

/// A number of a record.
pub(super) fn number(item: &Item, name: &str) -> u64 {
    item[name].as_n().unwrap().parse().unwrap()
}

/// The `apikey` object of a 201.
pub(super) fn apikey(stored: &StoredKey) -> String {
    members(stored).to_string()
}

/// A secret's value as a delivery writes it.
pub(super) fn delivered(stored: &StoredKey) -> Value {
    let mut value = members(stored);
    value["expiresIn"] = 3600.into();
    value
}

fn members(stored: &StoredKey) -> Value {
    let expires_at = Timestamp::from_millis(number(&stored.item, "expiresAt") * 1000).to_rfc3339();
    json!({
        "key": stored.key, "secret": stored.secret, "level": number(&stored.item, "level"), "expiresAt": expires_at,
        "name": stored.item["name"].as_s().unwrap(), "userId": number(&stored.item, "userId"),
    })
}
