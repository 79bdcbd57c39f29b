//! What is stored of a key. No field can hold the secret.

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
    /// The key's id.
    pub key_id: KeyId,
    /// The hash of its secret.
    pub secret_hash: SecretHash,
    /// The name that its user chose.
    pub name: KeyName,
    /// What the key may do.
    pub level: KeyLevel,
    /// The owner.
    pub user_id: UserId,
    /// The second of its creation, since the Unix epoch.
    pub created_at: u64,
    /// The second from which on the key does not authenticate.
    pub expires_at: ExpiresAt,
    /// What it was created with.
    pub created_by: Lineage,
    /// The end of its chain, which no key created by it may outlive.
    pub chain_expires_at: ExpiresAt,
}

impl Record {
    /// The lifetime that the key was created with.
    #[must_use]
    pub fn lifetime(&self) -> Option<ExpiresIn> {
        let seconds = self.expires_at.epoch_seconds().checked_sub(self.created_at)?;
        ExpiresIn::new(seconds, MaxExpiresIn::LONGEST)
    }
}
