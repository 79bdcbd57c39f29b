//! Reports every failing case of a list, not only the first one.

use std::fmt::Debug;
use std::future::Future;
use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;

/// Runs a check for each case.
///
/// # Panics
///
/// Panics with the number and the start of the text of every failed case, if there are any.
pub(crate) async fn check_each<C: Debug>(cases: impl IntoIterator<Item = C>, mut check: impl AsyncFnMut(C)) {
    let mut failures = Failures::default();
    for (number, case) in (1..).zip(cases) {
        let text = format!("{case:?}");
        failures.check(&format!("{number}: {text:.100}"), check(case)).await;
    }
    failures.assert_none();
}

/// The same for a check that awaits nothing.
pub(crate) fn check_each_sync<C: Debug>(cases: impl IntoIterator<Item = C>, mut check: impl FnMut(C)) {
    check_each(cases, async |case| check(case)).now_or_never().expect("the check awaits nothing");
}

/// Every pair of an element of the first list and an element of the second list.
pub(crate) fn pairs<A: Clone, B>(
    first: impl IntoIterator<Item = A>,
    second: impl IntoIterator<Item = B, IntoIter: Clone>,
) -> impl Iterator<Item = (A, B)> {
    let second = second.into_iter();
    first.into_iter().flat_map(move |one| second.clone().map(move |other| (one.clone(), other)))
}

/// The ids of the failed cases. The failure of each case is printed when it occurs.
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
    /// Panics with the ids of the failed cases, if there are any.
    pub(crate) fn assert_none(self) {
        assert!(self.0.is_empty(), "{} cases failed: {}", self.0.len(), self.0.join(", "));
    }
}

#[tokio::test]
#[should_panic(expected = "2 cases failed: B, C")]
async fn a_table_reports_every_case_that_failed() {
    let mut failures = Failures::default();
    for (id, holds) in [("A", true), ("B", false), ("C", false)] {
        failures.check(id, async { assert!(holds, "{id}") }).await;
    }
    failures.assert_none();
}

#[test]
#[should_panic(expected = "2 cases failed: 2: (0, 'b'), 3: (1, 'a')")]
fn a_list_reports_every_case_that_failed() {
    check_each_sync(pairs([0, 1], ['a', 'b']), |(number, letter)| assert_eq!(number == 0, letter == 'a'));
}
