//! The only module that reads the wall clock. Other modules take a [`Timestamp`].

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::domain::Timestamp;

impl Timestamp {
    /// The current time. A clock before 1970 gives the largest time, at which everything has expired.
    #[must_use]
    #[allow(clippy::disallowed_methods, reason = "the one place that reads the clock")]
    pub fn now() -> Self {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::MAX);
        Self::from_millis(u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX))
    }
}
