//! The moment at which a request stops waiting for AWS services.

use std::future::Future;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{Either, ready};
use tokio::time::{Instant, sleep_until, timeout_at};

use crate::domain::Fault;

/// The time that is reserved for sending the answer, in milliseconds.
const RESERVE: u64 = 500;

/// The least time that must be left to begin a call.
const LEAST: Duration = Duration::from_millis(50);

/// The deadline of all calls of one request.
#[derive(Clone, Copy, Debug)]
pub struct Deadline(Instant);

impl Deadline {
    /// `budget` from now, or 500 ms before the end of an invocation that has `millis_left`, whichever is earlier.
    #[must_use]
    pub fn within(budget: Duration, millis_left: u64) -> Self {
        Self(Instant::now() + budget.min(Duration::from_millis(millis_left.saturating_sub(RESERVE))))
    }

    /// This deadline, or `budget` from now if that is earlier.
    #[must_use]
    pub fn at_most(self, budget: Duration) -> Self {
        Self(self.0.min(Instant::now() + budget))
    }

    /// Waits until `moment`, at most until this deadline.
    pub async fn hold_until(self, moment: Instant) {
        sleep_until(moment.min(self.0)).await;
    }

    /// Awaits a call until the deadline.
    ///
    /// # Errors
    /// A [`Fault`] when the deadline is reached first. A call that has no time for an answer is not begun, since a
    /// write could be applied without an answer.
    ///
    /// This is not an `async fn`, since its future would store the call twice.
    pub fn run<T>(self, call: impl Future<Output = T>) -> impl Future<Output = Result<T, Fault>> {
        let reached = || Fault::new("deadlineReached");
        if Instant::now() + LEAST > self.0 {
            return Either::Left(ready(Err(reached())));
        }
        Either::Right(timeout_at(self.0, call).map(move |answer| answer.map_err(|_| reached())))
    }
}
