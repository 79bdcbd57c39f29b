//! Makes an API key without a function: the item in the table, and its credential.
//!
//! A new key authenticates. Tests can change every attribute of its item.

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::digest::{SHA256, digest};
use serde_json::json;
use shared::domain::Timestamp;

use crate::dynamo::Item;
use crate::host;

/// The maximum lifetime of a chain of keys: a year, in seconds.
const CHAIN: i64 = 31_536_000;

/// A key with its secret, and its item as a function would store it.
#[derive(Clone, Debug)]
pub struct StoredKey {
    /// The public half.
    pub key: String,
    /// The private half, in hexadecimal digits.
    pub secret: String,
    /// The item for the table.
    pub item: Item,
}

impl Default for StoredKey {
    fn default() -> Self {
        Self::new()
    }
}

impl StoredKey {
    /// A key of user 61 with level 4, which expires in an hour; its chain expires in a year.
    #[must_use]
    pub fn new() -> Self {
        Self::with_secret(host::random())
    }

    /// The same with a given secret.
    #[must_use]
    pub fn with_secret(secret: [u8; 32]) -> Self {
        let key = uuid::Builder::from_random_bytes(host::random()).into_uuid().to_string();
        let now = host::now();
        let item = Item::from([
            ("key".to_owned(), AttributeValue::S(key.clone())),
            ("name".to_owned(), AttributeValue::S("A key for local work".to_owned())),
            ("createdBy".to_owned(), AttributeValue::S("jwt".to_owned())),
            ("chain".to_owned(), AttributeValue::S(key.clone())),
        ]);
        Self { key, secret: hex::encode(secret), item }
            .with("secretHash", AttributeValue::B(Blob::new(hash(&secret))))
            .number("level", 4)
            .number("userId", 61)
            .number("createdAt", now)
            .number("expiresAt", now + 3600)
            .number("chainExpiresAt", now + CHAIN)
    }

    /// Sets an attribute to any value.
    #[must_use]
    pub fn with(mut self, attribute: &str, value: AttributeValue) -> Self {
        self.item.insert(attribute.to_owned(), value);
        self
    }

    /// Sets an attribute to a number.
    #[must_use]
    pub fn number(self, attribute: &str, value: i64) -> Self {
        self.with(attribute, AttributeValue::N(value.to_string()))
    }

    /// Removes an attribute.
    #[must_use]
    pub fn without(mut self, attribute: &str) -> Self {
        self.item.remove(attribute);
        self
    }

    /// Sets the level.
    #[must_use]
    pub fn level(self, level: i64) -> Self {
        self.number("level", level)
    }

    /// Sets the expiry, in seconds from now; a negative number is in the past.
    #[must_use]
    pub fn expires_in(self, seconds: i64) -> Self {
        self.number("expiresAt", host::now() + seconds)
    }

    /// Sets the expiry of the chain, in seconds from now.
    #[must_use]
    pub fn chain_expires_in(self, seconds: i64) -> Self {
        self.number("chainExpiresAt", host::now() + seconds)
    }

    /// A key that this key has created, of the same level and chain.
    #[must_use]
    pub fn child(&self) -> Self {
        let child = Self::new().with("level", self.item["level"].clone()).with("chain", self.item["chain"].clone());
        child.with("createdBy", AttributeValue::S(format!("key:{}", self.key)))
    }

    /// Marks the key as revoked, as a function does.
    #[must_use]
    pub fn revoked(self) -> Self {
        self.with("secretHash", AttributeValue::B(Blob::new([0; 32])))
            .number("revokedAt", host::now())
            .with("revokedBy", AttributeValue::S("jwt:61".to_owned()))
    }

    /// The `Authorization` value with the key and its secret.
    #[must_use]
    pub fn authorization(&self) -> String {
        basic(&self.key, &self.secret)
    }

    /// The value of a secret that holds the key.
    ///
    /// # Panics
    ///
    /// Panics if the item is invalid.
    #[must_use]
    pub fn delivered(&self) -> String {
        let text = |attribute: &str| self.item[attribute].as_s().expect("the attribute is text");
        let number = |attribute: &str| -> u64 {
            self.item[attribute].as_n().ok().and_then(|text| text.parse().ok()).expect("the attribute is a number")
        };
        let expires_at = number("expiresAt");
        json!({
            "key": self.key,
            "secret": self.secret,
            "name": text("name"),
            "level": number("level"),
            "expiresAt": Timestamp::from_millis(expires_at * 1000).to_rfc3339(),
            "userId": number("userId"),
            "expiresIn": expires_at - number("createdAt"),
        })
        .to_string()
    }
}

/// The item that ends a chain, as a function stores it. `chain` is the id of the chain's first key.
#[must_use]
pub fn fence(chain: &str) -> Item {
    Item::from([
        ("key".to_owned(), AttributeValue::S(format!("fence#{chain}"))),
        ("owner".to_owned(), AttributeValue::N("61".to_owned())),
        ("revokedAt".to_owned(), AttributeValue::N(host::now().to_string())),
        ("revokedBy".to_owned(), AttributeValue::S("jwt:61".to_owned())),
    ])
}

/// A Basic `Authorization` value.
#[must_use]
pub fn basic(key: &str, secret: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{key}:{secret}")))
}

/// The hash of a secret, as stored in the table.
#[must_use]
pub fn hash(secret: &[u8]) -> Vec<u8> {
    digest(&SHA256, secret).as_ref().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_has_the_attributes_of_the_contract_and_no_secret() {
        let stored = StoredKey::new();
        let mut names: Vec<&str> = stored.item.keys().map(String::as_str).collect();
        names.sort_unstable();
        let expected = [
            "chain",
            "chainExpiresAt",
            "createdAt",
            "createdBy",
            "expiresAt",
            "key",
            "level",
            "name",
            "secretHash",
            "userId",
        ];
        assert_eq!(names, expected);
        let expected = AttributeValue::B(Blob::new(hash(&hex::decode(&stored.secret).unwrap())));
        assert_eq!(stored.item["secretHash"], expected);
        assert!(!format!("{:?}", stored.item).contains(&stored.secret));
    }

    #[test]
    fn a_credential_is_the_key_and_the_secret() {
        assert_eq!(basic("k", "s"), "Basic azpz");
    }
}
