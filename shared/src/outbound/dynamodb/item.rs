//! Converts a record to a DynamoDB item and back.
//!
//! A stored item can be damaged, so its attributes are checked when they are read.

use std::collections::HashMap;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;

use crate::domain::{ExpiresAt, Fault, KeyId, KeyLevel, KeyName, Lineage, Record, SecretHash, UserId};

/// The partition key.
pub(super) const KEY: &str = "key";
const SECRET_HASH: &str = "secretHash";
const NAME: &str = "name";
const LEVEL: &str = "level";
const USER_ID: &str = "userId";
const CREATED_AT: &str = "createdAt";
/// The TTL attribute, in epoch seconds.
pub(super) const EXPIRES_AT: &str = "expiresAt";
const CREATED_BY: &str = "createdBy";
const CHAIN_EXPIRES_AT: &str = "chainExpiresAt";

pub(super) type Attributes = HashMap<String, AttributeValue>;

pub(super) fn from_record(record: &Record) -> Attributes {
    let Record { key_id, secret_hash, name, level, user_id, created_at, expires_at, created_by, chain_expires_at } =
        record;
    let number = |value: u64| AttributeValue::N(value.to_string());
    HashMap::from([
        (KEY.to_owned(), AttributeValue::S(key_id.to_string())),
        (SECRET_HASH.to_owned(), AttributeValue::B(Blob::new(secret_hash.as_bytes()))),
        (NAME.to_owned(), AttributeValue::S(name.as_str().to_owned())),
        (LEVEL.to_owned(), number(level.get().into())),
        (USER_ID.to_owned(), number(user_id.get())),
        (CREATED_AT.to_owned(), number(*created_at)),
        (EXPIRES_AT.to_owned(), number(expires_at.epoch_seconds())),
        (CREATED_BY.to_owned(), AttributeValue::S(created_by.to_string())),
        (CHAIN_EXPIRES_AT.to_owned(), number(chain_expires_at.epoch_seconds())),
    ])
}

pub(super) fn holds_hash(attributes: &Attributes, hash: &SecretHash) -> bool {
    secret_hash(attributes).is_some_and(|standing| standing.matches(hash))
}

/// An item that was read. Its attributes have not been checked yet.
pub struct StoredItem(Attributes);

impl StoredItem {
    pub(super) const fn new(attributes: Attributes) -> Self {
        Self(attributes)
    }

    /// The stored hash. No other attribute is read before the secret has matched.
    ///
    /// # Errors
    /// A [`Fault`] when the item has no readable hash.
    pub fn secret_hash(&self, key_id: KeyId) -> Result<SecretHash, Fault> {
        secret_hash(&self.0).ok_or_else(|| damaged(key_id))
    }

    /// The complete record.
    ///
    /// # Errors
    /// A [`Fault`] when an attribute is missing, mistyped or out of range.
    pub fn into_record(self, key_id: KeyId) -> Result<Record, Fault> {
        record(&self.0, key_id).ok_or_else(|| damaged(key_id))
    }
}

fn damaged(key_id: KeyId) -> Fault {
    Fault { key_id: Some(key_id), ..Fault::new("recordDamaged") }
}

fn record(attributes: &Attributes, key_id: KeyId) -> Option<Record> {
    Some(Record {
        key_id,
        secret_hash: secret_hash(attributes)?,
        name: KeyName::from_store(text(attributes, NAME)?.to_owned()),
        level: KeyLevel::new(number(attributes, LEVEL)?)?,
        user_id: UserId::new(number(attributes, USER_ID)?)?,
        created_at: number(attributes, CREATED_AT)?,
        expires_at: ExpiresAt::from_epoch_seconds(number(attributes, EXPIRES_AT)?),
        created_by: Lineage::parse(text(attributes, CREATED_BY)?)?,
        chain_expires_at: ExpiresAt::from_epoch_seconds(number(attributes, CHAIN_EXPIRES_AT)?),
    })
}

fn secret_hash(attributes: &Attributes) -> Option<SecretHash> {
    SecretHash::from_bytes(attributes.get(SECRET_HASH)?.as_b().ok()?.as_ref())
}

fn text<'a>(attributes: &'a Attributes, name: &str) -> Option<&'a str> {
    attributes.get(name)?.as_s().ok().map(String::as_str)
}

/// A whole number. DynamoDB returns it without sign, decimal point or exponent.
fn number(attributes: &Attributes, name: &str) -> Option<u64> {
    attributes.get(name)?.as_n().ok()?.parse().ok()
}
