//! The moment at which a request gives up on whatever is behind the function.

use std::future::Future;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{Either, ready};
use tokio::time::{Instant, sleep_until, timeout_at};

use crate::domain::Fault;

/// What is left of an invocation for its answer to get out, in milliseconds.
const RESERVE: u64 = 500;

/// The least time that a call is begun with.
const LEAST: Duration = Duration::from_millis(50);

/// One moment for all the calls of one request.
#[derive(Clone, Copy, Debug)]
pub struct Deadline(Instant);

impl Deadline {
    /// `budget` from now, or half a second before an invocation ends that has `millis_left`, whichever is earlier.
    #[must_use]
    pub fn within(budget: Duration, millis_left: u64) -> Self {
        Self(Instant::now() + budget.min(Duration::from_millis(millis_left.saturating_sub(RESERVE))))
    }

    /// This moment, or `budget` from now if that is earlier.
    #[must_use]
    pub fn at_most(self, budget: Duration) -> Self {
        Self(self.0.min(Instant::now() + budget))
    }

    /// Waits for a moment, and no longer than until this one.
    pub async fn hold_until(self, moment: Instant) {
        sleep_until(moment.min(self.0)).await;
    }

    /// Awaits a call until then.
    ///
    /// # Errors
    /// A [`Fault`] when the moment has come first. A call that has no time for an answer is not begun, since a write
    /// could be applied all the same.
    ///
    /// No `async fn`, which would hold the call twice.
    pub fn run<T>(self, call: impl Future<Output = T>) -> impl Future<Output = Result<T, Fault>> {
        let reached = || Fault::new("deadlineReached");
        if Instant::now() + LEAST > self.0 {
            return Either::Left(ready(Err(reached())));
        }
        Either::Right(timeout_at(self.0, call).map(move |answer| answer.map_err(|_| reached())))
    }
}
