//! The results of the routes.

use super::super::request_log::LogEntry;
use crate::keys::CreatedKey;

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
