//! What a request led to.

use super::super::request_log::LogEntry;
use crate::keys::CreatedKey;

/// What a route did for its caller.
pub(super) enum Outcome {
    /// A key was created.
    Created(CreatedKey),
}

impl Outcome {
    pub(super) const fn log_entry(&self) -> LogEntry<'_> {
        match self {
            Self::Created(created) => LogEntry::created(created),
        }
    }
}
