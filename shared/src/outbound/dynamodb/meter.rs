//! Measures the duration and the retries of calls to DynamoDB.
//!
//! The counters run for the life of the process. A request's share is the difference of two readings, since a process
//! handles one invocation at a time.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use aws_sdk_dynamodb::config::interceptors::BeforeTransmitInterceptorContextRef;
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;

/// A reading of the counters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StoreUse {
    /// The time that calls took, including retries and the pauses between them.
    pub waited: Duration,
    /// The number of attempts after the first of each call.
    pub retries: u64,
}

impl StoreUse {
    /// The difference to an earlier reading.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Self {
        Self {
            waited: self.waited.saturating_sub(earlier.waited),
            retries: self.retries.saturating_sub(earlier.retries),
        }
    }
}

#[derive(Clone, Debug, Default)]
pub(super) struct Meter(Arc<Counters>);

#[derive(Debug, Default)]
struct Counters {
    micros: AtomicU64,
    calls: AtomicU64,
    attempts: AtomicU64,
}

impl Meter {
    pub(super) fn count(&self, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.0.micros.fetch_add(micros, Ordering::Relaxed);
        self.0.calls.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn read(&self) -> StoreUse {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        StoreUse {
            waited: Duration::from_micros(count(&self.0.micros)),
            retries: count(&self.0.attempts).saturating_sub(count(&self.0.calls)),
        }
    }
}

impl Intercept for Meter {
    fn name(&self) -> &'static str {
        "Meter"
    }

    fn read_before_attempt(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        self.0.attempts.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}
