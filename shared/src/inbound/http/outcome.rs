//! The results of the routes.

use super::super::request_log::LogEntry;
use crate::domain::KeyMetadata;
use crate::keys::{CreatedKey, KeyPage, RevokedKey};

pub(super) enum Outcome {
    /// A key was created.
    Created(CreatedKey),
    /// Keys were listed.
    Listed(KeyPage),
    /// A key was read.
    Read(KeyMetadata),
    /// A key was revoked.
    Revoked(RevokedKey),
}

impl Outcome {
    pub(super) const fn log_entry(&self) -> LogEntry<'_> {
        match self {
            Self::Created(created) => LogEntry::created(created),
            Self::Listed(_) => LogEntry::success("listed", None),
            Self::Read(key) => LogEntry::success("read", Some(key.key_id)),
            Self::Revoked(revoked) => {
                let outcome = match revoked {
                    RevokedKey { before: true, .. } => "alreadyRevoked",
                    RevokedKey { chain: Some(_), .. } => "chainRevoked",
                    RevokedKey { .. } => "revoked",
                };
                LogEntry::revoked(outcome, revoked)
            }
        }
    }
}
