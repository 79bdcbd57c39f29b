//! The expected answers to lists, reads and revocations.

use super::ask::Shown;
use super::{Mark, Model, Refusal, is_ahead};

const TOO_WEAK: Refusal = (403, "insufficientAccessLevel");
const NOT_FOUND: Refusal = (404, "notFound");

/// A request for keys that exist.
#[derive(Clone, Debug)]
pub(super) enum Act {
    List { user: Option<u64>, limit: u64 },
    Read { id: String },
    Whoami,
    Revoke { id: String, with_chain: bool },
}

impl Act {
    /// The code of a failure.
    pub(super) const fn failure(&self) -> &'static str {
        match self {
            Self::List { .. } => "listApikeysFailed",
            Self::Read { .. } | Self::Whoami => "readApikeyFailed",
            Self::Revoke { .. } => "removeApikeyFailed",
        }
    }
}

/// A success.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Success {
    /// Exactly these keys.
    Listed(Vec<String>),
    Read(String),
    /// These keys are marked now, and the fence of this chain is put.
    Revoked {
        keys: Vec<String>,
        fence: Option<String>,
        by: String,
    },
}

impl Model {
    /// The expected answer at a time in milliseconds.
    pub(super) fn act(&self, shown: &Shown, act: &Act, now: u64) -> Result<Success, Refusal> {
        let caller = self.known(shown, now)?;
        let own = match shown {
            Shown::Key { id, .. } => Some(id.as_str()),
            _ => None,
        };
        match act {
            Act::List { limit: 0 | 101.., .. } => Err((400, "limitInvalid")),
            Act::List { user, .. } => {
                let user = user.unwrap_or(caller.user);
                if caller.level < 9 && user != caller.user {
                    return Err(TOO_WEAK);
                }
                let is_listed = |id: &str| match own {
                    Some(own) if caller.level < 4 => id == own,
                    _ => self.keys[id].user == user,
                };
                let ids = self.keys.keys().filter(|id| self.lives(id, now) && is_listed(id));
                Ok(Success::Listed(ids.cloned().collect()))
            }
            Act::Whoami => own.map(|id| Success::Read(id.to_owned())).ok_or(NOT_FOUND),
            Act::Read { id } => {
                if own.is_some_and(|own| own != id) && caller.level < 4 {
                    return Err(TOO_WEAK);
                }
                let key = self.keys.get(id).filter(|key| caller.level == 9 || key.user == caller.user);
                key.filter(|_| self.lives(id, now)).map(|_| Success::Read(id.clone())).ok_or(NOT_FOUND)
            }
            Act::Revoke { id, with_chain } => {
                let is_other = own.is_some_and(|own| own != id);
                if own.is_some() && *with_chain || is_other && caller.level < 4 {
                    return Err(TOO_WEAK);
                }
                let key = self.keys.get(id).filter(|key| caller.level == 9 || key.user == caller.user);
                let key = key.filter(|key| !is_other || key.created_by == caller.scope);
                let key = key.filter(|key| is_ahead(key.expires_at, now)).ok_or(NOT_FOUND)?;
                let mut keys = vec![id.clone()];
                if *with_chain {
                    keys.push(key.chain.clone());
                }
                keys.dedup();
                // The chain's first key may have expired; its item is marked all the same.
                keys.retain(|id| self.keys.get(id).is_some_and(|key| key.revoked.is_none()));
                let is_open = *with_chain && !self.fences.contains_key(&key.chain);
                Ok(Success::Revoked { keys, fence: is_open.then(|| key.chain.clone()), by: caller.scope })
            }
        }
    }

    /// Whether one write does the whole revocation: nothing of it was done before, and no item of it is missing.
    pub(super) fn is_one_write(&self, id: &str, with_chain: bool, keys: &[String], fence: Option<&String>) -> bool {
        let chain = self.keys.get(id).map(|key| key.chain.as_str());
        let marks = if with_chain && chain != Some(id) { 2 } else { 1 };
        keys.len() == marks && (!with_chain || fence.is_some())
    }

    /// Updates the table after a revocation.
    pub(super) fn revoke(&mut self, keys: &[String], fence: Option<&String>, by: &str, now: u64) {
        let mark: Mark = (now / 1000, by.to_owned());
        if let Some(chain) = fence {
            let owner = self.keys.values().find(|key| key.chain == *chain).map_or(0, |key| key.user);
            self.fences.insert(chain.clone(), (owner, mark.clone()));
        }
        for id in keys {
            if let Some(key) = self.keys.get_mut(id) {
                key.revoked = Some(mark.clone());
            }
        }
    }
}
