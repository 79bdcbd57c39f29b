//! Lists the living keys of a user, newest first.

use std::collections::HashSet;
use std::time::Duration;

use crate::domain::{AuthorizationError, Cursor, Fault, KeyId, KeyMetadata, Listing, Principal, UserId};
use crate::outbound::{IndexPage, IndexedKey, Store};
use crate::platform::{Call, log};

/// The largest limit.
const MAX_LIMIT: u16 = 100;

/// The number of keys that a round looks at, after the first one. The fences of a round are read with one request,
/// which has at most 100 keys.
const ROUND: u16 = 100;

/// The time after which no further round begins. The page then has fewer keys, and a cursor.
const FILLING: Duration = Duration::from_secs(1);

/// The largest number of keys on a page: 1 to 100.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageLimit(u16);

impl PageLimit {
    /// The limit of a request that names none.
    pub const DEFAULT: Self = Self(25);

    /// A limit from 1 to 100.
    #[must_use]
    pub const fn new(limit: u64) -> Option<Self> {
        if limit >= 1 && limit <= MAX_LIMIT as u64 { Some(Self(limit as u16)) } else { None }
    }
}

/// The page that a caller asks for.
#[derive(Clone, Copy, Debug)]
pub struct PageRequest {
    /// The user whose keys are listed; by default the caller's own.
    pub user_id: Option<UserId>,
    /// The largest number of keys.
    pub limit: PageLimit,
    /// The position after which the page begins.
    pub after: Option<Cursor>,
}

/// A page of keys.
#[derive(Debug, Default)]
pub struct KeyPage {
    /// The keys, newest first. A page can be empty and still have a cursor.
    pub keys: Vec<KeyMetadata>,
    /// The position after which the next page begins; `None` on the last page.
    pub cursor: Option<Cursor>,
}

/// Why keys are not listed.
#[derive(Debug)]
pub enum ListError {
    /// The caller's level does not suffice.
    Authorize(AuthorizationError),
    /// The store failed.
    Fault(Fault),
}

impl From<AuthorizationError> for ListError {
    fn from(error: AuthorizationError) -> Self {
        Self::Authorize(error)
    }
}

impl From<Fault> for ListError {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// Lists living keys. Expired and revoked keys are left out, so one page can need several queries.
///
/// # Errors
/// A [`ListError`].
pub async fn list(caller: &Principal, request: PageRequest, store: &Store, call: &Call) -> Result<KeyPage, ListError> {
    let user_id = match caller.listing(request.user_id)? {
        Listing::OfUser(user_id) => user_id,
        Listing::Caller => {
            return Ok(KeyPage { keys: caller.key().map(KeyMetadata::from).into_iter().collect(), cursor: None });
        }
    };
    let PageLimit(limit) = request.limit;
    let mut page = KeyPage { keys: Vec::new(), cursor: request.after };
    let (mut round, mut round_is_later) = (limit, false);
    loop {
        let (found, fenced) = match look(user_id, page.cursor, round, store, call).await {
            // A later round is only to fill the page.
            Err(_) if round_is_later => return Ok(page),
            looked => looked?,
        };
        let Some(last) = found.keys.last().map(|key| key.position) else {
            // Without a readable position, there is no cursor for the rest of the index.
            let is_end = !found.has_more;
            page.cursor = None;
            return if is_end { Ok(page) } else { Err(Fault::new("recordDamaged").into()) };
        };
        for key in found.keys {
            page.cursor = (found.has_more || key.position != last).then_some(key.position);
            page.keys.extend(living(key, &fenced, call));
            if page.keys.len() == usize::from(limit) {
                return Ok(page);
            }
        }
        if page.cursor.is_none() || call.started.elapsed() > FILLING {
            return Ok(page);
        }
        (round, round_is_later) = (ROUND, true);
    }
}

/// Reads some keys, and which of their chains are revoked.
async fn look(
    user_id: UserId,
    after: Option<Cursor>,
    limit: u16,
    store: &Store,
    call: &Call,
) -> Result<(IndexPage, HashSet<KeyId>), Fault> {
    let found = store.list(user_id, after, limit, call.deadline).await?;
    let fenced = store.fenced(chains(&found.keys), call.deadline).await?;
    Ok((found, fenced))
}

/// The chains whose fences must be looked up.
fn chains(keys: &[IndexedKey]) -> HashSet<KeyId> {
    let metadata = keys.iter().filter_map(|key| key.metadata.as_ref());
    metadata.filter(|key| !key.is_first_of_chain()).map(|key| key.chain).collect()
}

/// The metadata of a key that is neither revoked nor expired. A damaged item is left out and logged, so that one item
/// does not disable the list.
fn living(key: IndexedKey, fenced: &HashSet<KeyId>, call: &Call) -> Option<KeyMetadata> {
    if key.is_revoked {
        return None;
    }
    let Some(metadata) = key.metadata else {
        log::record_damaged(key.position.key_id);
        return None;
    };
    let is_fenced = !metadata.is_first_of_chain() && fenced.contains(&metadata.chain);
    let is_living = !is_fenced && !metadata.expires_at.is_past(call.now);
    is_living.then_some(metadata)
}
