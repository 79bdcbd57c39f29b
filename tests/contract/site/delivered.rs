//! The checks of every delivery: one secret and one record of the same key, and an answer that names them.

use serde_json::{Value, json};
use shared::domain::Timestamp;
use tests::dynamo::Item;
use tests::secrets_manager::Version;
use tests::stored_key::{basic, hash};

use super::{CHAIN, Process, Site, Snapshot};
use crate::support::{Endpoint, StoredKey};

/// A delivered secret whose key has a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DeliveredKey {
    pub(crate) name: String,
    /// The secret's value.
    pub(crate) text: String,
    pub(crate) key: String,
    pub(crate) secret: String,
}

/// The expected creator of a key.
#[derive(Clone, Copy)]
pub(crate) enum Lineage<'a> {
    Token,
    Key(&'a StoredKey),
}

impl Lineage<'_> {
    fn assert_of(self, record: &Item, context: &str) {
        let created_by = record["createdBy"].as_s().unwrap();
        let (created_at, chain) = (number(record, "createdAt"), number(record, "chainExpiresAt"));
        match self {
            Self::Token => {
                assert_eq!(created_by, "jwt", "{context}");
                assert_eq!(record["chain"], record["key"], "{context}");
                assert!((created_at + CHAIN..=created_at + CHAIN + 1).contains(&chain), "{context}: chain {chain}");
            }
            Self::Key(caller) => {
                assert_eq!(created_by, &format!("key:{}", caller.key), "{context}");
                assert_eq!(record["chain"], caller.item["chain"], "{context}");
                assert_eq!(record["chainExpiresAt"], caller.item["chainExpiresAt"], "{context}");
            }
        }
    }
}

impl DeliveredKey {
    /// Takes the one new secret and the one new record. They must match `request` and belong to user 61.
    pub(crate) async fn expect_one(
        site: &Site,
        created: &Snapshot,
        request: &Value,
        lineage: Lineage<'_>,
        context: &str,
    ) -> Self {
        let records = created.records();
        assert_eq!((records.len(), created.items.len(), created.secrets.len()), (1, 1, 1), "{context}: {created:?}");
        let (name, versions) = created.secrets.iter().next().unwrap();
        assert_eq!(versions.len(), 1, "{context}");
        let text = site.secrets.value(name, Version::CURRENT).await.unwrap();
        let delivered = Self::read(name, &text);
        delivered.assert_text(records[0], request, context);
        delivered.assert_record(records[0], request, lineage, context);
        delivered
    }

    /// Reads the value of a secret.
    pub(crate) fn read(name: &str, text: &str) -> Self {
        let value: Value = serde_json::from_str(text).unwrap();
        let string = |member: &str| value[member].as_str().unwrap().to_owned();
        Self { name: name.to_owned(), text: text.to_owned(), key: string("key"), secret: string("secret") }
    }

    /// Asserts that the value has exactly these members, in this order.
    fn assert_text(&self, record: &Item, request: &Value, context: &str) {
        let Self { key, secret, text, .. } = self;
        let expires_at = Timestamp::from_millis(number(record, "expiresAt") * 1_000).to_rfc3339();
        let (name, level, expires_in) = (&request["name"], whole(request, "level"), whole(request, "expiresIn"));
        let written = format!(
            r#"{{"key":"{key}","secret":"{secret}","name":{name},"level":{level},"expiresAt":"{expires_at}","userId":61,"expiresIn":{expires_in}}}"#
        );
        assert_eq!(text, &written, "{context}");
    }

    /// Asserts that a record belongs to this key, and matches the request.
    pub(crate) fn assert_record(&self, record: &Item, request: &Value, lineage: Lineage<'_>, context: &str) {
        let Self { key, secret, .. } = self;
        assert_eq!(uuid::Uuid::parse_str(key).unwrap().get_version_num(), 4, "{context}");
        assert_eq!(record["key"].as_s().unwrap(), key, "{context}");
        assert_eq!(secret.len(), 64, "{context}");
        let hashed = hash(&hex::decode(secret).unwrap());
        assert_eq!(record["secretHash"].as_b().unwrap().as_ref(), hashed, "{context}");
        assert_eq!(record["name"].as_s().unwrap(), request["name"].as_str().unwrap(), "{context}");
        assert_eq!((number(record, "level"), number(record, "userId")), (whole(request, "level"), 61), "{context}");
        let lifetime = number(record, "expiresAt") - number(record, "createdAt");
        let asked = whole(request, "expiresIn");
        // A retry can store the record after the secret. The key's end stays the same, so its lifetime is shorter.
        assert!((asked.saturating_sub(200)..=asked + 1).contains(&lifetime), "{context}: {lifetime} s");
        assert_eq!(record.len(), 10, "{context}: {record:?}");
        lineage.assert_of(record, context);
    }

    /// Asserts that the answer to a direct invocation names this key and contains no secret.
    pub(crate) async fn assert_answer(&self, site: &Site, answer: &str, context: &str) {
        let described = site.secrets.client().describe_secret().secret_id(&self.name).send().await.unwrap();
        let value: Value = serde_json::from_str(&self.text).unwrap();
        let expected = format!(
            r#"{{"result":"success","apikey":{{"key":"{}","secretArn":"{}","level":{},"expiresAt":{},"name":{},"userId":{}}}}}"#,
            self.key,
            described.arn.unwrap(),
            value["level"],
            value["expiresAt"],
            value["name"],
            value["userId"],
        );
        assert_eq!(answer, expected, "{context}");
        assert!(!answer.contains(&self.secret), "{context}");
    }

    /// Asserts that the delivered key authenticates at `POST /apikeys/key`. Its level must be 4 or more.
    pub(crate) async fn assert_authenticates(&self, process: &Process, context: &str) {
        let answer = self.post(process).await;
        assert_eq!(answer["statusCode"], 201, "{context}: {answer}");
    }

    /// Asserts that the delivered key does not authenticate.
    pub(crate) async fn assert_refused(&self, process: &Process, context: &str) {
        let answer = self.post(process).await;
        assert_eq!(answer["statusCode"], 403, "{context}: {answer}");
    }

    /// The answer of `POST /apikeys/key` to the delivered key.
    async fn post(&self, process: &Process) -> Value {
        let event = json!({
            "version": "2.0",
            "headers": { "authorization": basic(&self.key, &self.secret), "content-type": "application/json" },
            "requestContext": { "http": { "method": "POST", "path": "/apikeys/key" } },
            "body": r#"{"name":"child","level":0,"expiresIn":1}"#,
            "isBase64Encoded": false,
        });
        serde_json::from_str(&process.invoke(Endpoint::Key, &event.to_string()).await.unwrap()).unwrap()
    }
}

fn number(record: &Item, name: &str) -> u64 {
    record[name].as_n().unwrap().parse().unwrap()
}

fn whole(request: &Value, member: &str) -> u64 {
    request[member].as_f64().unwrap() as u64
}
