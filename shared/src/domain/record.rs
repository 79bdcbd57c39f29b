//! The stored record of a key. No field can contain the secret.

use super::expiry::{ExpiresAt, ExpiresIn, MaxExpiresIn};
use super::key_id::KeyId;
use super::key_name::KeyName;
use super::level::KeyLevel;
use super::lineage::Lineage;
use super::secret::SecretHash;
use super::user_id::UserId;

/// The record of one issued key.
#[derive(Clone, Debug)]
pub struct Record {
    /// The id of the key.
    pub key_id: KeyId,
    /// The hash of its secret.
    pub secret_hash: SecretHash,
    /// The name that its user chose.
    pub name: KeyName,
    /// The level of the key.
    pub level: KeyLevel,
    /// The owner.
    pub user_id: UserId,
    /// The second of its creation, since the Unix epoch.
    pub created_at: u64,
    /// The second from which on the key does not authenticate.
    pub expires_at: ExpiresAt,
    /// The credential or rotation that created the key.
    pub created_by: Lineage,
    /// The id of the first key of the key's chain.
    pub chain: KeyId,
    /// The end of the key's chain. A key that is created with this key expires no later.
    pub chain_expires_at: ExpiresAt,
}

impl Record {
    /// Gives the key another id. A key that a token created begins a chain and names it.
    pub(crate) fn set_id(&mut self, key_id: KeyId) {
        if self.created_by == Lineage::Jwt {
            self.chain = key_id;
        }
        self.key_id = key_id;
    }

    /// Whether the key's chain began with the key.
    #[must_use]
    pub fn is_first_of_chain(&self) -> bool {
        self.chain == self.key_id
    }

    /// The time from `created_at` to `expires_at`: the requested lifetime, or up to one second more by rounding.
    #[must_use]
    pub fn lifetime(&self) -> Option<ExpiresIn> {
        let seconds = self.expires_at.epoch_seconds().checked_sub(self.created_at)?;
        ExpiresIn::new(seconds, MaxExpiresIn::LONGEST)
    }
}
