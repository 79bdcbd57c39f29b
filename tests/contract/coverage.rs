//! Every row of `tests/data/cases.tsv` is tested, here or where this list says, or can't apply, for the reason given.

use std::collections::BTreeSet;

use crate::matrix::all_rows;
use crate::support::World;

const CASES: &str = include_str!("../data/cases.tsv");

/// Rows that are tested elsewhere, and where.
const ELSEWHERE: [(&str, &str); 30] = [
    ("C10", "config::a_secret_below_32_bytes_refuses_to_start"),
    ("C15", "matrix::token_header::each_kind_of_public_key_verifies_its_own_algorithm_and_no_other"),
    ("C19", "lineage::no_url_in_a_token_is_ever_called"),
    ("E28", "verify.rs: an unknown key is compared like a wrong secret; measured outside of CI"),
    ("E30", "lineage::a_key_authenticates_the_moment_it_exists"),
    ("G42", "record::expires_at_is_the_ttl_second_across_leap_days_and_year_ends"),
    ("H10", "lineage::a_child_outlives_its_revoked_parent"),
    ("I01", "faults::one_transient_fault_still_creates_the_key"),
    ("I02", "faults::a_store_that_keeps_failing_is_a_500_in_time"),
    ("I03", "faults::a_store_that_keeps_failing_is_a_500_in_time"),
    ("I04", "faults::one_transient_fault_still_creates_the_key"),
    ("I06", "faults::a_store_that_keeps_failing_is_a_500_in_time"),
    ("I07", "faults::a_store_that_keeps_failing_is_a_500_in_time"),
    ("I09", "faults::a_store_that_keeps_failing_is_a_500_in_time"),
    ("I10", "faults::a_store_that_keeps_failing_is_a_500_in_time"),
    ("I12", "faults::one_transient_fault_still_creates_the_key"),
    ("I15", "faults::a_store_that_keeps_failing_is_a_500_in_time"),
    ("I16", "faults::a_store_that_keeps_failing_is_a_500_in_time"),
    ("I18", "faults::a_store_that_keeps_failing_is_a_500_in_time"),
    ("I21", "faults::a_lost_reply_is_recognised_by_its_own_item"),
    ("I22", "faults::replies_lost_for_all_tries_are_a_500_and_leave_a_key_that_nobody_knows"),
    ("I25", "record::the_record_is_what_the_contract_says"),
    ("K03", "shared::entropy: draws_do_not_repeat_and_their_bits_are_balanced"),
    ("K04", "record::the_record_is_what_the_contract_says"),
    ("K10", "the gateway's CORS configuration; none is given to it"),
    ("K15", "record::failed_authentications_are_told_apart_by_nothing"),
    ("K16", "faults: the body of every 500 is compared as a whole"),
    ("K18", "logs: no_canary_reaches_any_output"),
    ("K19", "logs: every_request_is_one_line_with_its_outcome"),
    ("K21", "logs: a_panic_is_logged_by_its_place_alone"),
];

/// Rows that can't apply.
const NOT_APPLICABLE: [(&str, &str); 3] = [
    ("D43", "nobody is looked up: the service has no user table"),
    ("H07", "a key's own level counts, and there is no user table to lower it in"),
    ("K22", "shared::secret and shared::config: neither_prints_what_it_holds; a core dump is the platform's to forbid"),
];

/// The groups that are covered as a whole.
const GROUPS: &str = "ABCDEFGHK";

fn ids() -> impl Iterator<Item = &'static str> {
    CASES.lines().skip(1).filter_map(|line| line.split('\t').next())
}

#[tokio::test]
async fn every_case_of_the_covered_groups_has_a_test_or_a_reason() {
    let world = World::new().await;
    let rows = all_rows(&world).await;
    let listed = ELSEWHERE.iter().chain(&NOT_APPLICABLE).map(|(id, _)| *id);
    let covered: BTreeSet<_> = rows.iter().map(|row| row.id).chain(listed).collect();
    let missing: Vec<_> = ids().filter(|id| GROUPS.contains(&id[..1]) && !covered.contains(id)).collect();
    assert!(missing.is_empty(), "no test and no reason for {missing:?}");
}

#[tokio::test]
async fn every_row_names_a_case_that_exists() {
    let world = World::new().await;
    let known: BTreeSet<_> = ids().collect();
    let rows = all_rows(&world).await;
    let listed = ELSEWHERE.iter().chain(&NOT_APPLICABLE).map(|(id, _)| *id);
    let unknown: BTreeSet<_> = rows.iter().map(|row| row.id).chain(listed).filter(|id| !known.contains(id)).collect();
    assert!(unknown.is_empty(), "no such case: {unknown:?}");
}
