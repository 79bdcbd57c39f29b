//! Reads the metadata of one key.

use tokio::time::Instant;

use super::pace;
use super::verify::{CHAIN_REVOKED, KEY_EXPIRED, KEY_REVOKED, KEY_UNKNOWN, Rejection};
use crate::domain::{AuthorizationError, Fault, KeyId, KeyMetadata, Principal, Reach};
use crate::outbound::{Store, StoredItem};
use crate::platform::Call;

/// Why a key is not read or not revoked.
#[derive(Debug)]
pub enum KeyAccessError {
    /// The caller's level does not suffice.
    Authorize(AuthorizationError),
    /// There is no such key for this caller. The reason is for the log alone.
    NotFound(Rejection),
    /// The store failed, or the record is damaged.
    Fault(Fault),
}

impl From<AuthorizationError> for KeyAccessError {
    fn from(error: AuthorizationError) -> Self {
        Self::Authorize(error)
    }
}

impl From<Fault> for KeyAccessError {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl KeyAccessError {
    /// Names the requested key in a fault, for the log.
    pub(super) fn about(self, key_id: Option<KeyId>) -> Self {
        match self {
            Self::Fault(fault) => Self::Fault(Fault { key_id: fault.key_id.or(key_id), ..fault }),
            error => error,
        }
    }

    pub(super) const fn not_found(reason: &'static str, key_id: Option<KeyId>) -> Self {
        Self::NotFound(Rejection { reason, key_id })
    }
}

/// Reads the metadata of a living key. The id is `None` if the caller's text is no id. `NotFound` is returned at a
/// constant interval, so that its time does not show which keys exist.
///
/// # Errors
/// A [`KeyAccessError`].
pub async fn read(
    caller: &Principal,
    key_id: Option<KeyId>,
    store: &Store,
    call: &Call,
) -> Result<KeyMetadata, KeyAccessError> {
    let began = Instant::now();
    let outcome = find(caller, key_id, store, call).await;
    if matches!(outcome, Err(KeyAccessError::NotFound(_))) {
        pace::hold(began, call.deadline).await;
    }
    outcome.map_err(|error| error.about(key_id))
}

async fn find(
    caller: &Principal,
    key_id: Option<KeyId>,
    store: &Store,
    call: &Call,
) -> Result<KeyMetadata, KeyAccessError> {
    let reach = caller.may_read(key_id)?;
    let key_id = key_id.ok_or(KeyAccessError::not_found("keyIdMalformed", None))?;
    let item = reachable(store.find(key_id, call.deadline).await?, key_id, reach)?;
    if item.is_revoked() {
        return Err(KeyAccessError::not_found(KEY_REVOKED, Some(key_id)));
    }
    let record = item.into_record(key_id)?;
    if record.expires_at.is_past(call.now) {
        return Err(KeyAccessError::not_found(KEY_EXPIRED, Some(key_id)));
    }
    if !record.is_first_of_chain() && store.is_fenced(record.chain, call.deadline).await? {
        return Err(KeyAccessError::not_found(CHAIN_REVOKED, Some(key_id)));
    }
    Ok(KeyMetadata::from(&record))
}

/// The item, if the caller may act on its key.
pub(super) fn reachable(found: Option<StoredItem>, key_id: KeyId, reach: Reach) -> Result<StoredItem, KeyAccessError> {
    let item = found.ok_or(KeyAccessError::not_found(KEY_UNKNOWN, Some(key_id)))?;
    let is_reachable = reach.includes(item.user_id(), item.created_by());
    if is_reachable { Ok(item) } else { Err(KeyAccessError::not_found("keyOutOfReach", Some(key_id))) }
}
