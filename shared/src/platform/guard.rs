//! The panic guard around a request.

use std::future::Future;
use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;

use crate::domain::Fault;

/// Awaits the work of one request and converts a panic into the fault `panic`. A panic leaves no value in memory
/// half-changed: a request replaces the caller of its log line and the cached keys each as a whole.
///
/// This is not an `async fn`, since its future would store the work twice.
pub(crate) fn guarded<T, E: From<Fault>>(
    work: impl Future<Output = Result<T, E>>,
) -> impl Future<Output = Result<T, E>> {
    let guarded = AssertUnwindSafe(work).catch_unwind();
    guarded.map(|outcome| outcome.unwrap_or_else(|_| Err(Fault::new("panic").into())))
}
