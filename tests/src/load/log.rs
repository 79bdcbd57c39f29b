//! The answers that a client has got.

use super::api::ApiKey;
use super::usage::ResourceUsage;

/// What was sent to create a key, and the last answer.
#[derive(Clone, Debug)]
pub(super) struct Creation {
    pub(super) name: String,
    pub(super) level: u64,
    /// The id of the calling key; `None` for a token.
    pub(super) parent: Option<String>,
    pub(super) idempotent: bool,
    /// The number of answers of 500.
    pub(super) failures: usize,
    pub(super) result: CreationResult,
}

impl Creation {
    /// The chain of the created key. Each calling key is the first of its chain.
    pub(super) fn chain<'a>(&'a self, key: &'a ApiKey) -> &'a str {
        self.parent.as_ref().unwrap_or(&key.key)
    }
}

/// The last answer to a creation.
#[derive(Clone, Debug)]
pub(super) enum CreationResult {
    Created(ApiKey),
    Failed,
    /// The caller did not authenticate, since its chain was being revoked.
    Refused,
}

/// A revocation that was answered with 204.
#[derive(Clone, Debug)]
pub(super) struct Revocation {
    pub(super) key: String,
    /// The id of the chain's first key, if the chain was revoked.
    pub(super) chain: Option<String>,
    /// The caller, as the record names it: `jwt:<userId>` or `key:<uuid>`.
    pub(super) revoked_by: String,
    /// The number of answers of 500 before.
    pub(super) failures: usize,
}

/// Everything that a client has done.
#[derive(Clone, Debug, Default)]
pub(super) struct Log {
    pub(super) creations: Vec<Creation>,
    /// In the order of the answers.
    pub(super) revocations: Vec<Revocation>,
    pub(super) usage: Vec<ResourceUsage>,
    pub(super) wrong: Vec<String>,
}

impl Log {
    /// The logs of all clients as one, without the usage. No two clients revoke the same key.
    pub(super) fn of_all(logs: Vec<Self>) -> Self {
        let mut all = Self::default();
        for log in logs {
            all.creations.extend(log.creations);
            all.revocations.extend(log.revocations);
            all.wrong.extend(log.wrong);
        }
        all
    }
}
