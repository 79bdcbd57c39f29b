//! Converts a record to a DynamoDB item and back.
//!
//! A stored item can be damaged, so its attributes are checked when they are read.

use std::collections::HashMap;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;

use crate::domain::{
    ExpiresAt, Fault, KeyId, KeyLevel, KeyMetadata, KeyName, Lineage, Record, SecretHash, Timestamp, UserId,
};

/// The partition key.
pub(super) const KEY: &str = "key";
pub(super) const SECRET_HASH: &str = "secretHash";
const NAME: &str = "name";
const LEVEL: &str = "level";
pub(super) const USER_ID: &str = "userId";
pub(super) const CREATED_AT: &str = "createdAt";
/// The TTL attribute, in epoch seconds.
pub(super) const EXPIRES_AT: &str = "expiresAt";
pub(super) const CREATED_BY: &str = "createdBy";
const CHAIN: &str = "chain";
const CHAIN_EXPIRES_AT: &str = "chainExpiresAt";
/// The second of a revocation. Only a revoked key and a fence have it.
pub(super) const REVOKED_AT: &str = "revokedAt";
pub(super) const REVOKED_BY: &str = "revokedBy";

pub(super) type Attributes = HashMap<String, AttributeValue>;

pub(super) fn from_record(record: &Record) -> Attributes {
    let Record {
        key_id,
        secret_hash,
        name,
        level,
        user_id,
        created_at,
        expires_at,
        created_by,
        chain,
        chain_expires_at,
    } = record;
    HashMap::from([
        (KEY.to_owned(), AttributeValue::S(key_id.to_string())),
        (SECRET_HASH.to_owned(), AttributeValue::B(Blob::new(secret_hash.as_bytes()))),
        (NAME.to_owned(), AttributeValue::S(name.as_str().to_owned())),
        (LEVEL.to_owned(), number(level.get().into())),
        (USER_ID.to_owned(), number(user_id.get())),
        (CREATED_AT.to_owned(), number(*created_at)),
        (EXPIRES_AT.to_owned(), number(expires_at.epoch_seconds())),
        (CREATED_BY.to_owned(), AttributeValue::S(created_by.to_string())),
        (CHAIN.to_owned(), AttributeValue::S(chain.to_string())),
        (CHAIN_EXPIRES_AT.to_owned(), number(chain_expires_at.epoch_seconds())),
    ])
}

pub(super) fn number(value: u64) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

/// Whether the item of a record's id is the record itself: it has the record's hash. A revoked item has lost its hash,
/// so the owner and the name must do.
pub(super) fn is_of(record: &Record, attributes: &Attributes) -> bool {
    let is_same = || {
        read_number(attributes, USER_ID) == Some(record.user_id.get())
            && text(attributes, NAME) == Some(record.name.as_str())
    };
    (attributes.contains_key(REVOKED_AT) && is_same())
        || secret_hash(attributes).is_some_and(|standing| standing.matches(&record.secret_hash))
}

/// An item that was read. Its attributes have not been checked yet.
pub struct StoredItem(Attributes);

impl StoredItem {
    pub(super) const fn new(attributes: Attributes) -> Self {
        Self(attributes)
    }

    /// The stored hash. Before the secret has matched, only this attribute and `revokedAt` are read.
    ///
    /// # Errors
    /// A [`Fault`] when the item has no readable hash.
    pub fn secret_hash(&self, key_id: KeyId) -> Result<SecretHash, Fault> {
        secret_hash(&self.0).ok_or_else(|| Fault::record_damaged(key_id))
    }

    /// Whether the key was revoked.
    #[must_use]
    pub fn is_revoked(&self) -> bool {
        self.0.contains_key(REVOKED_AT)
    }

    /// Whether the key was revoked by this caller in this second.
    #[must_use]
    pub fn was_revoked(&self, at: Timestamp, by: &str) -> bool {
        read_number(&self.0, REVOKED_AT) == Some(at.seconds()) && text(&self.0, REVOKED_BY) == Some(by)
    }

    /// The owner, if the attribute is readable.
    #[must_use]
    pub fn user_id(&self) -> Option<UserId> {
        UserId::new(read_number(&self.0, USER_ID)?)
    }

    /// The origin of the key, if the attribute is readable.
    #[must_use]
    pub fn created_by(&self) -> Option<Lineage> {
        Lineage::parse(text(&self.0, CREATED_BY)?)
    }

    /// The second from which on the key does not authenticate.
    ///
    /// # Errors
    /// A [`Fault`] when the attribute is missing or mistyped.
    pub fn expires_at(&self, key_id: KeyId) -> Result<ExpiresAt, Fault> {
        read_number(&self.0, EXPIRES_AT).map(ExpiresAt::from_epoch_seconds).ok_or_else(|| Fault::record_damaged(key_id))
    }

    /// The first key of the key's chain.
    ///
    /// # Errors
    /// A [`Fault`] when the attribute is missing or mistyped.
    pub fn chain(&self, key_id: KeyId) -> Result<KeyId, Fault> {
        text(&self.0, CHAIN).and_then(KeyId::parse).ok_or_else(|| Fault::record_damaged(key_id))
    }

    /// The complete record.
    ///
    /// # Errors
    /// A [`Fault`] when an attribute is missing, mistyped or out of range.
    pub fn into_record(self, key_id: KeyId) -> Result<Record, Fault> {
        record(&self.0, key_id).ok_or_else(|| Fault::record_damaged(key_id))
    }
}

fn record(attributes: &Attributes, key_id: KeyId) -> Option<Record> {
    let KeyMetadata { key_id, level, expires_at, name, user_id, created_at, created_by, chain } =
        metadata(attributes, key_id)?;
    Some(Record {
        key_id,
        secret_hash: secret_hash(attributes)?,
        name,
        level,
        user_id,
        created_at,
        expires_at,
        created_by,
        chain,
        chain_expires_at: ExpiresAt::from_epoch_seconds(read_number(attributes, CHAIN_EXPIRES_AT)?),
    })
}

/// The attributes that an item of the index has, too.
pub(super) fn metadata(attributes: &Attributes, key_id: KeyId) -> Option<KeyMetadata> {
    Some(KeyMetadata {
        key_id,
        level: KeyLevel::new(read_number(attributes, LEVEL)?)?,
        expires_at: ExpiresAt::from_epoch_seconds(read_number(attributes, EXPIRES_AT)?),
        name: KeyName::from_store(text(attributes, NAME)?.to_owned()),
        user_id: UserId::new(read_number(attributes, USER_ID)?)?,
        created_at: read_number(attributes, CREATED_AT)?,
        created_by: Lineage::parse(text(attributes, CREATED_BY)?)?,
        chain: KeyId::parse(text(attributes, CHAIN)?)?,
    })
}

fn secret_hash(attributes: &Attributes) -> Option<SecretHash> {
    SecretHash::from_bytes(attributes.get(SECRET_HASH)?.as_b().ok()?.as_ref())
}

pub(super) fn text<'a>(attributes: &'a Attributes, name: &str) -> Option<&'a str> {
    attributes.get(name)?.as_s().ok().map(String::as_str)
}

/// A whole number. DynamoDB returns it without sign, decimal point or exponent.
pub(super) fn read_number(attributes: &Attributes, name: &str) -> Option<u64> {
    attributes.get(name)?.as_n().ok()?.parse().ok()
}
