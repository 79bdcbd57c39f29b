//! Refusals at a constant interval, so that their time does not show what the table contains.

use std::time::Duration;

use tokio::time::Instant;

use crate::platform::Deadline;

/// A refusal is returned at a whole multiple of this interval after the work began. DynamoDB needs a different time to
/// find no record than to read one; most reads complete within the first interval.
const INTERVAL: Duration = Duration::from_millis(20);

/// Waits for the next whole multiple of the interval after `began`.
pub(super) async fn hold(began: Instant, deadline: Deadline) {
    deadline.hold_until(next_interval(began, Instant::now())).await;
}

fn next_interval(began: Instant, now: Instant) -> Instant {
    let whole = now.duration_since(began).as_nanos() / INTERVAL.as_nanos();
    began + INTERVAL.saturating_mul(u32::try_from(whole).unwrap_or(u32::MAX).saturating_add(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_waits_for_a_whole_interval() {
        let began = Instant::now();
        for (took, intervals) in [(0, 1), (1, 1), (19, 1), (20, 2), (21, 2), (39, 2), (40, 3), (2_499, 125)] {
            let now = began + Duration::from_millis(took);
            assert_eq!(next_interval(began, now), began + INTERVAL * intervals, "after {took} ms");
        }
    }
}
