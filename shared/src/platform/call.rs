//! The context of one request: time and randomness as values, and the deadline.

use std::time::Duration;

use tokio::time::Instant;

use super::deadline::Deadline;
use super::entropy::Randomness;
use crate::domain::{Fault, Timestamp};

/// The time limit of an HTTP request for all its calls to AWS services together.
const STORE_BUDGET: Duration = Duration::from_millis(2_500);

/// The time limit of an event or a rotation, which calls several services while no user waits.
const PATIENT_BUDGET: Duration = Duration::from_secs(10);

/// The context of one request.
#[derive(Debug)]
pub struct Call {
    /// The time at which the request began.
    pub now: Timestamp,
    /// The same moment on the monotonic clock.
    pub started: Instant,
    /// The deadline of all calls to AWS services.
    pub deadline: Deadline,
    /// The randomness for one key.
    pub randomness: Result<Randomness, Fault>,
    /// The time that the invocation had left when the request began, in milliseconds.
    millis_left: u64,
}

impl Call {
    /// Begins a request now. Its deadline is before the end of the invocation.
    #[must_use]
    pub fn begin(invocation_ends: Timestamp) -> Self {
        let now = Timestamp::now();
        // Lambda never starts an invocation after its end, but `cargo lambda watch` sets the end to 1970.
        let millis_left = match invocation_ends.millis().saturating_sub(now.millis()) {
            0 => u64::MAX,
            left => left,
        };
        Self::at(now, millis_left, Randomness::draw())
    }

    /// Begins a request at a given moment, with given randomness, in an invocation that has `millis_left`.
    #[must_use]
    pub fn at(now: Timestamp, millis_left: u64, randomness: Result<Randomness, Fault>) -> Self {
        let deadline = Deadline::within(STORE_BUDGET, millis_left);
        Self { now, started: Instant::now(), deadline, randomness, millis_left }
    }

    /// Begins another request in the same invocation, with new randomness.
    #[must_use]
    pub fn next(&self) -> Self {
        Self::at(self.elapsed_now(), self.millis_left(), Randomness::draw())
    }

    /// The same call with the time limit of an event or a rotation.
    #[must_use]
    pub fn patient(self) -> Self {
        Self { deadline: Deadline::within(PATIENT_BUDGET, self.millis_left()), ..self }
    }

    /// The current time. A lifetime begins at this time and not at `now`, since earlier calls take time.
    #[must_use]
    pub fn elapsed_now(&self) -> Timestamp {
        self.now.after(self.started.elapsed())
    }

    /// The time that the invocation has left, in milliseconds.
    #[must_use]
    pub fn millis_left(&self) -> u64 {
        let elapsed = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.millis_left.saturating_sub(elapsed)
    }
}
