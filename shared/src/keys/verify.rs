//! Verifies a key and its secret, for the key function and for other services.
//!
//! Every refusal has the same answer, at a constant interval, so that neither shows the reason.

use tokio::time::Instant;

use super::pace;
use crate::domain::{Fault, KeyId, Record, Secret, SecretHash, Timestamp};
use crate::outbound::Store;
use crate::platform::Deadline;

/// The reason for a key without a record.
pub(super) const KEY_UNKNOWN: &str = "keyUnknown";
/// The reason for a key past its `expiresAt`.
pub(super) const KEY_EXPIRED: &str = "keyExpired";
/// The reason for a revoked key.
pub(super) const KEY_REVOKED: &str = "keyRevoked";
/// The reason for a key of a revoked chain.
const CHAIN_REVOKED: &str = "chainRevoked";

/// Why a credential does not verify, or a key is not found. The caller never sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// One word for the log.
    pub reason: &'static str,
    /// The presented or requested key, if the id is well-formed.
    pub key_id: Option<KeyId>,
}

impl Rejection {
    /// A credential that names no key.
    #[must_use]
    pub const fn new(reason: &'static str) -> Self {
        Self { reason, key_id: None }
    }

    /// A key that was revoked.
    pub(super) const fn revoked(key_id: KeyId) -> Self {
        Self { reason: KEY_REVOKED, key_id: Some(key_id) }
    }

    /// Whether the presented key has no record.
    #[must_use]
    pub fn is_unknown_key(&self) -> bool {
        self.reason == KEY_UNKNOWN
    }

    /// Whether the key or its chain was revoked.
    #[must_use]
    pub fn is_revoked(&self) -> bool {
        [KEY_REVOKED, CHAIN_REVOKED].contains(&self.reason)
    }
}

/// Why a key does not verify.
#[derive(Debug)]
pub enum VerifyError {
    /// The key is unknown, expired or revoked, or the secret is wrong.
    Rejected(Rejection),
    /// The store failed, or the record is damaged.
    Fault(Fault),
}

impl From<Fault> for VerifyError {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// A key id and the hash of a secret as a caller presents them: well-formed, not yet verified.
#[derive(Clone, Debug)]
pub struct PresentedKey {
    key_id: KeyId,
    secret_hash: SecretHash,
}

impl PresentedKey {
    /// Takes an id and a secret that are already parsed.
    #[must_use]
    pub fn new(key_id: KeyId, secret: &Secret) -> Self {
        Self { key_id, secret_hash: secret.hash() }
    }

    /// Reads a lower-case hyphenated UUID and 64 lower-case hexadecimal digits. No other text is an API key.
    #[must_use]
    pub fn parse(key_id: &str, secret: &str) -> Option<Self> {
        Some(Self::new(KeyId::parse(key_id)?, &Secret::from_hex(secret)?))
    }
}

/// Verifies a key with one consistent read, and one more for a key that is not the first of its chain. A refusal is
/// returned at a constant interval, so that its time does not show which keys exist.
///
/// Another Lambda function verifies a key as follows. The credentials are read once, from the environment.
///
/// ```no_run
/// use std::time::Duration;
///
/// use shared::domain::Timestamp;
/// use shared::keys::{PresentedKey, VerifyError, verify};
/// use shared::outbound::Store;
/// use shared::platform::Deadline;
/// use shared::platform::config::{ConfigError, Environment, StoreConfig};
///
/// /// Once, when the process starts. `TABLE_NAME` is the name or ARN of the table of keys.
/// fn connect() -> Result<Store, ConfigError> {
///     Store::connect(&StoreConfig::read(&Environment::of_process())?)
/// }
///
/// /// The level and the user of the key, or the status of the refusal.
/// async fn authenticate(store: &Store, key: &str, secret: &str, millis_left: u64) -> Result<(u8, u64), u16> {
///     let presented = PresentedKey::parse(key, secret).ok_or(403_u16)?;
///     let deadline = Deadline::within(Duration::from_millis(2500), millis_left);
///     match verify(&presented, Timestamp::now(), store, deadline).await {
///         Ok(record) => Ok((record.level.get(), record.user_id.get())),
///         Err(VerifyError::Rejected(_)) => Err(403),
///         Err(VerifyError::Fault(_)) => Err(500),
///     }
/// }
/// ```
///
/// # Errors
/// [`VerifyError::Rejected`] when the key does not verify, [`VerifyError::Fault`] when the store fails or the record is
/// damaged.
pub async fn verify(
    presented: &PresentedKey,
    now: Timestamp,
    store: &Store,
    deadline: Deadline,
) -> Result<Record, VerifyError> {
    let began = Instant::now();
    let outcome = check(presented, now, store, deadline).await;
    if matches!(outcome, Err(VerifyError::Rejected(_))) {
        // Boxed, so that it does not enlarge the future of a valid key.
        Box::pin(pace::hold(began, deadline)).await;
    }
    outcome
}

/// Reads and checks the record. An unknown key takes the same work as a wrong secret. A record past its `expiresAt` is
/// refused, also while the table still contains it.
async fn check(
    PresentedKey { key_id, secret_hash }: &PresentedKey,
    now: Timestamp,
    store: &Store,
    deadline: Deadline,
) -> Result<Record, VerifyError> {
    let rejected = |reason| Err(VerifyError::Rejected(Rejection { reason, key_id: Some(*key_id) }));
    let found = store.find(*key_id, deadline).await?;
    let stored = match &found {
        Some(item) => item.secret_hash(*key_id)?,
        None => SecretHash::of_nothing(),
    };
    // Compared also if there is no record.
    let matches = stored.matches(secret_hash);
    let item = match found {
        Some(item) if item.is_revoked() => return rejected(KEY_REVOKED),
        Some(item) if matches => item,
        Some(_) => return rejected("secretWrong"),
        None => return rejected(KEY_UNKNOWN),
    };
    let record = item.into_record(*key_id)?;
    match end_of(&record, now, store, deadline).await? {
        Some(reason) => rejected(reason),
        None => Ok(record),
    }
}

/// Why a key that is not itself revoked has ended: it is expired, or its chain is revoked. `None` for a living key.
pub(super) async fn end_of(
    record: &Record,
    now: Timestamp,
    store: &Store,
    deadline: Deadline,
) -> Result<Option<&'static str>, Fault> {
    if record.expires_at.is_past(now) {
        return Ok(Some(KEY_EXPIRED));
    }
    // The first key of a revoked chain is itself revoked.
    let is_fenced = !record.is_first_of_chain() && store.is_fenced(record.chain, deadline).await?;
    Ok(is_fenced.then_some(CHAIN_REVOKED))
}
