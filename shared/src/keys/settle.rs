//! Repeated reads of Secrets Manager, which is eventually consistent: one read can miss what was written just before.

use std::future::Future;
use std::time::Duration;

use tokio::time::sleep;

use crate::domain::Fault;
use crate::platform::Deadline;

/// The pauses between the reads.
const PAUSES: [Duration; 3] = [Duration::from_millis(100), Duration::from_millis(300), Duration::from_millis(900)];

/// Reads until something is found that is as expected, up to four times, and returns the last result.
///
/// # Errors
/// The error of a read, and a [`Fault`] when the deadline is reached.
pub(super) async fn read_until<T, R: Future<Output = Result<Option<T>, Fault>>>(
    is_expected: impl Fn(&T) -> bool,
    deadline: Deadline,
    read: impl Fn() -> R,
) -> Result<Option<T>, Fault> {
    for pause in PAUSES {
        let found = read().await?;
        if found.as_ref().is_some_and(&is_expected) {
            return Ok(found);
        }
        deadline.run(sleep(pause)).await?;
    }
    read().await
}

/// [`read_until`] something is found.
pub(super) async fn read_until_found<T, R: Future<Output = Result<Option<T>, Fault>>>(
    deadline: Deadline,
    read: impl Fn() -> R,
) -> Result<Option<T>, Fault> {
    read_until(|_| true, deadline, read).await
}
