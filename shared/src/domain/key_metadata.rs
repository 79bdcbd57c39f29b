//! What a caller may see of a stored key: neither the secret nor its hash.

use serde::{Serialize, Serializer};

use super::expiry::ExpiresAt;
use super::key_id::KeyId;
use super::key_name::KeyName;
use super::level::KeyLevel;
use super::lineage::Lineage;
use super::record::Record;
use super::timestamp::Timestamp;
use super::user_id::UserId;

/// The metadata of a key. It serializes to an `apikey` object of the endpoints that read keys.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct KeyMetadata {
    /// The id of the key.
    #[serde(rename = "key")]
    pub key_id: KeyId,
    /// The level of the key.
    pub level: KeyLevel,
    /// The second from which on the key does not authenticate.
    pub expires_at: ExpiresAt,
    /// The name that its user chose.
    pub name: KeyName,
    /// The owner.
    pub user_id: UserId,
    /// The second of its creation, since the Unix epoch. It serializes to RFC 3339, like `expires_at`.
    #[serde(serialize_with = "rfc3339")]
    pub created_at: u64,
    /// The credential or rotation that created the key.
    pub created_by: Lineage,
    /// The id of the first key of the key's chain.
    pub chain: KeyId,
}

impl KeyMetadata {
    /// Whether the key's chain began with the key.
    #[must_use]
    pub fn is_first_of_chain(&self) -> bool {
        self.chain == self.key_id
    }
}

impl From<&Record> for KeyMetadata {
    fn from(record: &Record) -> Self {
        let Record {
            key_id,
            secret_hash: _,
            name,
            level,
            user_id,
            created_at,
            expires_at,
            created_by,
            chain,
            chain_expires_at: _,
        } = record;
        Self {
            key_id: *key_id,
            level: *level,
            expires_at: *expires_at,
            name: name.clone(),
            user_id: *user_id,
            created_at: *created_at,
            created_by: *created_by,
            chain: *chain,
        }
    }
}

fn rfc3339<S: Serializer>(seconds: &u64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&Timestamp::from_millis(seconds.saturating_mul(1000)).to_rfc3339())
}
