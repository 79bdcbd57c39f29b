//! What one request works with: time and randomness as values, and how long it may take.

use std::time::Duration;

use tokio::time::Instant;

use super::deadline::Deadline;
use super::entropy::Randomness;
use crate::domain::{Fault, Timestamp};

/// The longest that all of a request's calls to the store may take together.
const STORE_BUDGET: Duration = Duration::from_millis(2_500);

/// The same for an event, which may call more services and for which no user waits.
const PATIENT_BUDGET: Duration = Duration::from_secs(10);

/// The circumstances of one request.
#[derive(Debug)]
pub struct Call {
    /// When it began.
    pub now: Timestamp,
    /// The same moment on the clock that only runs forward.
    pub started: Instant,
    /// When whatever is behind the function is given up.
    pub deadline: Deadline,
    /// The randomness for one key.
    pub randomness: Result<Randomness, Fault>,
    /// How long the invocation had left when it began, in milliseconds.
    millis_left: u64,
}

impl Call {
    /// Begins now, and is over well before the invocation.
    #[must_use]
    pub fn begin(invocation_ends: Timestamp) -> Self {
        let now = Timestamp::now();
        // Lambda never hands out an invocation that is over; `cargo lambda watch` puts its end into 1970.
        let millis_left = match invocation_ends.millis().saturating_sub(now.millis()) {
            0 => u64::MAX,
            left => left,
        };
        Self::at(now, millis_left, Randomness::draw())
    }

    /// Begins at a given moment, with given randomness, in an invocation that has `millis_left`.
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

    /// The same call with the time that several services together may need.
    #[must_use]
    pub fn patient(self) -> Self {
        Self { deadline: Deadline::within(PATIENT_BUDGET, self.millis_left()), ..self }
    }

    /// The current time. A lifetime counts from here, since the reads before the write take time.
    #[must_use]
    pub fn elapsed_now(&self) -> Timestamp {
        self.now.after(self.started.elapsed())
    }

    /// How long the invocation has left, in milliseconds.
    #[must_use]
    pub fn millis_left(&self) -> u64 {
        let elapsed = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.millis_left.saturating_sub(elapsed)
    }
}
