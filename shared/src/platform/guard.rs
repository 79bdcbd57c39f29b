//! The panic guard around a request.

use std::future::Future;
use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;

use crate::domain::Fault;

/// Awaits the work of one request, and turns a panic into the fault `panic`. The work may leave nothing half-changed behind:
/// a request changes nothing in memory but the caller that its log line names, and sets that as a whole.
///
/// No `async fn`, which would store the work twice.
pub(crate) fn guarded<T, E: From<Fault>>(
    work: impl Future<Output = Result<T, E>>,
) -> impl Future<Output = Result<T, E>> {
    let guarded = AssertUnwindSafe(work).catch_unwind();
    guarded.map(|outcome| outcome.unwrap_or_else(|_| Err(Fault::new("panic").into())))
}
