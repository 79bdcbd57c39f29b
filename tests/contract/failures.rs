//! Reports every failing row of a table, not only the first one.

use std::future::Future;
use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;

/// The ids of the failed rows. The failure of each row is printed when it occurs.
#[derive(Debug, Default)]
pub(crate) struct Failures(Vec<String>);

impl Failures {
    pub(crate) async fn check(&mut self, id: &str, check: impl Future<Output = ()>) {
        if AssertUnwindSafe(check).catch_unwind().await.is_err() {
            self.0.push(id.to_owned());
        }
    }

    /// # Panics
    ///
    /// Panics with the ids of the failed rows, if there are any.
    pub(crate) fn assert_none(self) {
        assert!(self.0.is_empty(), "{} rows failed: {}", self.0.len(), self.0.join(", "));
    }
}

#[tokio::test]
#[should_panic(expected = "2 rows failed: B, C")]
async fn a_table_reports_every_row_that_failed() {
    let mut failures = Failures::default();
    for (id, holds) in [("A", true), ("B", false), ("C", false)] {
        failures.check(id, async { assert!(holds, "{id}") }).await;
    }
    failures.assert_none();
}
