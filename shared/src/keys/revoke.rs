//! Revokes a key, alone or with its chain: the key that began the chain and every key that descends from that key.
//!
//! A fence ends the chain with one write, and each verification of a later key of the chain reads the fence. A walk over
//! the descendants would never end while they create keys.

use super::read::{KeyAccessError, paced, reachable};
use super::verify::KEY_EXPIRED;
use crate::domain::{Fault, KeyId, Principal};
use crate::outbound::{Revocation, Revoked, Store, StoredItem};
use crate::platform::Call;

/// A revoked key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RevokedKey {
    /// The id of the key.
    pub key_id: KeyId,
    /// Its chain, if that is revoked, too.
    pub chain: Option<KeyId>,
    /// Whether an earlier request has revoked it.
    pub before: bool,
}

/// Revokes a key. The id is `None` if the caller's text is no id. A repeated request succeeds and changes nothing.
/// `NotFound` is returned at a constant interval, so that its time does not show which keys exist.
///
/// # Errors
/// A [`KeyAccessError`].
pub async fn revoke(
    caller: &Principal,
    key_id: Option<KeyId>,
    with_chain: bool,
    store: &Store,
    call: &Call,
) -> Result<RevokedKey, KeyAccessError> {
    paced(revoke_found(caller, key_id, with_chain, store, call), key_id, call.deadline).await
}

async fn revoke_found(
    caller: &Principal,
    key_id: Option<KeyId>,
    with_chain: bool,
    store: &Store,
    call: &Call,
) -> Result<RevokedKey, KeyAccessError> {
    let reach = caller.may_revoke(key_id, with_chain)?;
    let key_id = key_id.ok_or(KeyAccessError::not_found("keyIdMalformed", None))?;
    let revocation = Revocation { now: call.now, revoked_by: caller.scope(), reach };
    let (revoked, chain) = if with_chain {
        let item = living(reachable(store.find(key_id, call.deadline).await?, key_id, reach)?, key_id, call)?;
        let (chain, owner) = (item.chain(key_id)?, item.user_id().ok_or_else(|| Fault::record_damaged(key_id))?);
        (store.revoke_chain(key_id, chain, owner, &revocation, call.deadline).await?, Some(chain))
    } else {
        (store.revoke(key_id, &revocation, call.deadline).await?, None)
    };
    let before = match revoked {
        Revoked::Now => false,
        Revoked::Before => true,
        Revoked::Refused(standing) => {
            let item = living(reachable(standing, key_id, reach)?, key_id, call)?;
            // The item meets every condition but one: it is revoked, or has no hash.
            if !item.is_revoked() {
                return Err(Fault::record_damaged(key_id).into());
            }
            // With the evidence of this request, an earlier attempt was applied and its reply was lost.
            !item.was_revoked(revocation.now, &revocation.revoked_by)
        }
    };
    Ok(RevokedKey { key_id, chain, before })
}

/// The item, if its key has not expired.
fn living(item: StoredItem, key_id: KeyId, call: &Call) -> Result<StoredItem, KeyAccessError> {
    let is_past = item.expires_at(key_id)?.is_past(call.now);
    if is_past { Err(KeyAccessError::not_found(KEY_EXPIRED, Some(key_id))) } else { Ok(item) }
}
