//! A deployment that serves events. Its DynamoDB and its Secrets Manager are behind proxies.
//!
//! Tests read the table and the secrets without the proxies, so planned faults do not affect them.

mod delivered;
mod envelope;

use std::collections::BTreeMap;

use jwt::TokenVerifier;
use key::KeyVerifier;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use shared::domain::Timestamp;
use shared::lambda::Function;
use shared::platform::config::Config;
use shared::platform::{Call, Randomness};
use tests::dynamo::{Dynamo, Item};
use tests::fault::Proxy;
use tests::host;
use tests::secrets_manager::{Secrets, SecretsManager, unique_prefix};
use tests::token::{Claims, Signer};

use crate::support::{Endpoint, JWT_SECRET, StoredKey, environment};
pub(crate) use delivered::{DeliveredKey, Lineage};
pub(crate) use envelope::{Source, event, in_event, in_notification, in_topic, message, notification, queue, topic};

/// The longest chain of keys after a sign-in: the default of `MAX_EXPIRES_IN`.
pub(crate) const CHAIN: u64 = 31_536_000;

/// One deployment.
pub(crate) struct Site {
    pub(crate) dynamo: Dynamo,
    /// The proxy for DynamoDB.
    pub(crate) table: Proxy,
    pub(crate) secrets: Secrets,
    /// The proxy for Secrets Manager.
    pub(crate) vault: Proxy,
    pub(crate) prefix: String,
    signer: Signer,
    variables: Vec<(String, String)>,
}

impl Site {
    /// A deployment without a `DELIVERY_PREFIX`.
    pub(crate) async fn closed() -> Self {
        let dynamo = Dynamo::in_memory().await;
        let table = Proxy::to(dynamo.port()).await;
        let secrets = SecretsManager::shared();
        let vault = Proxy::to(secrets.port()).await;
        let variables = [
            ("AWS_ENDPOINT_URL_DYNAMODB", table.endpoint()),
            ("AWS_ENDPOINT_URL_SECRETS_MANAGER", vault.endpoint()),
            ("LOG_LEVEL", host::variable("APIKEYS_CONTRACT_LOG_LEVEL").unwrap_or_else(|| "ERROR".to_owned())),
        ];
        let variables = variables.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let signer = Signer::hs256(JWT_SECRET.as_bytes());
        Self { dynamo, table, secrets, vault, prefix: unique_prefix(), signer, variables }
    }

    /// A deployment with a `DELIVERY_PREFIX`.
    pub(crate) async fn new() -> Self {
        Self::closed().await.delivering()
    }

    /// A deployment with a `DELIVERY_PREFIX` and with this key as its provisioner.
    pub(crate) async fn of(caller: &StoredKey) -> Self {
        let site = Self::new().await;
        site.dynamo.put_item(caller.item.clone()).await;
        let arn = site.keep(&kept(caller)).await;
        site.set("PROVISIONER_SECRET_ARN", &arn)
    }

    /// Sets `DELIVERY_PREFIX`.
    pub(crate) fn delivering(self) -> Self {
        let prefix = self.prefix.clone();
        self.set("DELIVERY_PREFIX", &prefix)
    }

    /// Sets a variable for processes that start afterwards.
    pub(crate) fn set(mut self, name: &str, value: &str) -> Self {
        self.variables.retain(|(known, _)| known != name);
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Creates a secret outside of the delivery prefix, and returns its ARN.
    pub(crate) async fn keep(&self, value: &str) -> String {
        self.secrets.create(&format!("kept-{}", unique_prefix()), value).await
    }

    /// The ARN of the provisioner's secret.
    pub(crate) fn provisioner(&self) -> &str {
        let found = self.variables.iter().find(|(name, _)| name == "PROVISIONER_SECRET_ARN");
        found.map(|(_, value)| value.as_str()).unwrap()
    }

    /// A process that has just started.
    pub(crate) async fn process(&self) -> Process {
        let variables: Vec<_> = self.variables.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let environment = environment(&variables);
        let config = Config::read(&environment).unwrap();
        let jwt = Function::new(TokenVerifier::configure(&environment).unwrap(), &config).await.unwrap();
        let key = Function::new(KeyVerifier::configure(&environment).unwrap(), &config).await.unwrap();
        Process { jwt, key }
    }

    /// A token as the value of `authorization`.
    pub(crate) fn bearer(&self, claims: &Claims) -> String {
        format!("Bearer {}", claims.sign(&self.signer))
    }

    /// The name of a secret that is delivered to a user.
    pub(crate) fn name(&self, user: u64, to: &str) -> String {
        format!("{}{user}/{to}", self.prefix)
    }

    /// The table's items, and the secrets under the prefix.
    pub(crate) async fn snapshot(&self) -> Snapshot {
        let items = self.dynamo.items().await.into_iter();
        let items = items.map(|item| (item["key"].as_s().unwrap().clone(), item)).collect();
        let secrets = self.secrets.listed(&self.prefix).await;
        Snapshot { items, secrets }
    }

    /// Revokes a key of user 61 with a token.
    pub(crate) async fn revoke(&self, process: &Process, key: &str, query: &str) {
        let path = format!("/apikeys/{key}/jwt");
        let event = json!({
            "version": "2.0",
            "rawPath": path,
            "rawQueryString": query,
            "headers": { "authorization": self.bearer(&Claims::new()) },
            "requestContext": { "http": { "method": "DELETE", "path": path } },
        });
        let answer: Value =
            serde_json::from_str(&process.invoke(Endpoint::Jwt, &event.to_string()).await.unwrap()).unwrap();
        assert_eq!(answer["statusCode"], 204, "{answer}");
    }

    /// Removes all planned faults.
    pub(crate) fn heal(&self) {
        self.table.heal();
        self.vault.heal();
    }

    /// The number of times that the provisioner's secret was read.
    pub(crate) fn provisioner_reads(&self) -> usize {
        let arn = self.provisioner();
        let is_read = |request: &&tests::fault::RecordedRequest| {
            request.operation == "GetSecretValue" && request.body.contains(arn)
        };
        self.vault.requests().iter().filter(is_read).count()
    }
}

/// The items of the table and the secrets under the prefix.
#[derive(Debug, PartialEq)]
pub(crate) struct Snapshot {
    pub(crate) items: BTreeMap<String, Item>,
    /// The names of the secrets, with the ids of their versions.
    pub(crate) secrets: BTreeMap<String, Vec<String>>,
}

impl Snapshot {
    /// The new items and secrets. Asserts that the earlier ones are unchanged.
    pub(crate) fn since(mut self, before: &Self, context: &str) -> Self {
        for (key, item) in &before.items {
            assert_eq!(self.items.remove(key).as_ref(), Some(item), "{context}: an existing item has changed");
        }
        for (name, versions) in &before.secrets {
            assert_eq!(self.secrets.remove(name).as_ref(), Some(versions), "{context}: an existing secret has changed");
        }
        self
    }

    /// The records of keys, without the stored answers for retries.
    pub(crate) fn records(&self) -> Vec<&Item> {
        self.items.iter().filter(|(key, _)| !key.starts_with("idem#")).map(|(_, item)| item).collect()
    }
}

/// The running functions of one deployment.
pub(crate) struct Process {
    jwt: Function<TokenVerifier>,
    key: Function<KeyVerifier>,
}

impl Process {
    /// Invokes a function with a JSON text.
    pub(crate) async fn invoke(&self, endpoint: Endpoint, payload: &str) -> Result<String, &'static str> {
        self.invoke_at(endpoint, payload, Timestamp::now()).await
    }

    /// Invokes a function at a given time.
    pub(crate) async fn invoke_at(
        &self,
        endpoint: Endpoint,
        payload: &str,
        now: Timestamp,
    ) -> Result<String, &'static str> {
        self.invoke_as(endpoint, payload, "test", Call::at(now, 30_000, Randomness::draw())).await
    }

    /// Invokes a function with a given request id and call. An invocation error is returned as its code.
    pub(crate) async fn invoke_as(
        &self,
        endpoint: Endpoint,
        payload: &str,
        request_id: &str,
        call: Call,
    ) -> Result<String, &'static str> {
        let payload = RawValue::from_string(payload.to_owned()).unwrap_or_else(|error| panic!("{error}: {payload}"));
        // Without optimisation, the future of a rotation step is too large for the stack of a test.
        let answer = match endpoint {
            Endpoint::Jwt => Box::pin(self.jwt.invoke_with(&payload, request_id, call)).await,
            Endpoint::Key => Box::pin(self.key.invoke_with(&payload, request_id, call)).await,
        };
        answer.map(|answer| answer.get().to_owned()).map_err(|error| error.code)
    }
}

/// The current time plus this number of seconds.
pub(crate) fn later(seconds: u64) -> Timestamp {
    Timestamp::from_millis(Timestamp::now().millis() + seconds * 1_000)
}

/// The value of a secret that holds this key, with only the required members.
pub(crate) fn kept(key: &StoredKey) -> String {
    format!(r#"{{"key":"{}","secret":"{}"}}"#, key.key, key.secret)
}

/// A provisioner of the highest level.
pub(crate) fn strong() -> StoredKey {
    StoredKey::new().level(8)
}
