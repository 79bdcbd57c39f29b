//! Turning a [`Grant`] into a key: the last decision is behind us, the first write ahead.

use crate::clock::Timestamp;
use crate::entropy::Draw;
use crate::error::Fault;
use crate::principal::Grant;
use crate::record::Record;
use crate::secret::Secret;
use crate::store::{Insertion, Store, StoreDeadline};

/// A stored key, with the one and only sight of its secret.
#[derive(Debug)]
pub struct Issued {
    /// What was stored.
    pub record: Record,
    /// What was not.
    pub secret: Secret,
}

/// Stores a new key. If its id is taken by another record, the spare id is tried, once.
///
/// # Errors
/// A [`Fault`] when the store fails, or both ids are taken.
pub async fn issue(
    grant: Grant,
    now: Timestamp,
    draw: Draw,
    store: &Store,
    deadline: StoreDeadline,
) -> Result<Issued, Fault> {
    let Draw { key, spare_key, secret } = draw;
    let mut record = Record {
        key,
        secret_hash: secret.hash(),
        name: grant.name,
        level: grant.level,
        user_id: grant.user_id,
        created_at: now.seconds(),
        expires_at: grant.expires_at,
        created_by: grant.created_by,
        chain_expires_at: grant.chain_expires_at,
    };
    for key in [key, spare_key] {
        record.key = key;
        if store.insert(&record, deadline).await? == Insertion::Inserted {
            return Ok(Issued { record, secret });
        }
    }
    Err(Fault::new("keyTaken"))
}
