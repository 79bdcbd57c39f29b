//! Every row of `tests/data/cases.tsv` and `neighbours.tsv` is in the matrix, or has a test or a reason in this file.

use std::collections::BTreeSet;
use std::path::Path;

use crate::matrix::all_rows;
use crate::support::World;

const CASES: &str = include_str!("../data/cases.tsv");
const NEIGHBOURS: &str = include_str!("../data/neighbours.tsv");

/// Rows that have their own test: its file below `tests`, and its name.
const ELSEWHERE: [(&str, &str, &str); 45] = [
    ("C10", "contract/config.rs", "a_secret_below_32_bytes_refuses_to_start"),
    ("C15", "contract/matrix/token_header.rs", "each_kind_of_public_key_verifies_its_own_algorithm_and_no_other"),
    ("C16", "contract/matrix/token_header.rs", "an_rsa_signature_with_malformed_padding_is_refused"),
    ("C19", "contract/lineage.rs", "no_url_in_a_token_is_ever_called"),
    ("E30", "contract/lineage.rs", "a_key_authenticates_immediately_after_its_creation"),
    ("G42", "contract/record.rs", "expires_at_is_the_ttl_second_across_leap_days_and_year_ends"),
    ("H10", "contract/lineage.rs", "a_child_stays_valid_after_its_parent_is_revoked"),
    ("I01", "contract/faults.rs", "one_transient_fault_still_creates_the_key"),
    ("I02", "contract/faults.rs", "a_store_that_keeps_failing_is_a_500"),
    ("I03", "contract/faults.rs", "a_store_that_keeps_failing_is_a_500"),
    ("I04", "contract/faults.rs", "one_transient_fault_still_creates_the_key"),
    ("I06", "contract/faults.rs", "a_store_that_keeps_failing_is_a_500"),
    ("I07", "contract/faults.rs", "a_refused_connection_is_a_500_and_the_function_recovers"),
    ("I09", "contract/faults.rs", "a_hanging_store_is_a_500_after_2_5_s_and_before_the_invocation_ends"),
    ("I10", "contract/faults.rs", "a_store_that_keeps_failing_is_a_500"),
    ("I12", "contract/faults.rs", "one_transient_fault_still_creates_the_key"),
    ("I13", "emulated/faults.rs", "an_unreachable_dynamodb_is_a_500_but_no_failed_start"),
    ("I15", "contract/faults.rs", "a_store_that_keeps_failing_is_a_500"),
    ("I16", "contract/faults.rs", "a_store_that_keeps_failing_is_a_500"),
    ("I18", "contract/faults.rs", "a_store_that_keeps_failing_is_a_500"),
    ("I19", "contract/faults.rs", "a_store_that_keeps_failing_is_a_500"),
    ("I21", "contract/faults.rs", "a_retry_after_a_lost_reply_recognises_its_own_item"),
    ("I22", "contract/faults.rs", "if_every_reply_is_lost_the_answer_is_500_and_the_key_exists"),
    ("I25", "contract/record.rs", "the_record_is_what_the_contract_says"),
    ("J01", "emulated/startup.rs", "a_process_that_cannot_start_names_the_variable_and_ends"),
    ("J03", "emulated/logs.rs", "a_panic_is_logged_with_only_its_location"),
    ("J04", "../functions/jwt/src/self_test.rs", "every_supported_algorithm_verifies_its_example_and_no_other_does"),
    ("J06", "contract/faults.rs", "a_hanging_store_is_a_500_after_2_5_s_and_before_the_invocation_ends"),
    ("J07", "emulated/faults.rs", "a_process_creates_a_key_after_it_was_frozen"),
    ("J10", "contract/interleaved.rs", "good_refused_and_panicking_requests_do_not_affect_each_other"),
    ("J12", "contract/events_matrix.rs", "every_event_gets_the_expected_answer_and_records"),
    ("J13", "contract/events_matrix.rs", "every_event_gets_the_expected_answer_and_records"),
    ("J15", "contract/delivery/once.rs", "the_same_event_again_creates_nothing_and_gets_the_same_answer"),
    ("J16", "contract/delivery/queue.rs", "only_the_bad_message_of_ten_is_reported_as_failed"),
    ("J18", "contract/delivery/once.rs", "ten_concurrent_deliveries_create_one_key_and_get_one_answer"),
    ("J19", "contract/fixtures.rs", "no_example_event_of_aws_creates_a_key_or_breaks_a_function"),
    ("J21", "emulated/faults.rs", "a_process_ends_at_sigterm_and_leaves_one_record_at_most"),
    ("K03", "../shared/src/platform/entropy.rs", "draws_do_not_repeat_and_their_bits_are_balanced"),
    ("K04", "contract/record.rs", "the_record_is_what_the_contract_says"),
    ("K15", "contract/record.rs", "failed_authentications_all_get_the_same_answer"),
    ("K16", "contract/faults.rs", "a_store_that_keeps_failing_is_a_500"),
    ("K18", "emulated/logs.rs", "no_canary_reaches_any_output"),
    ("K19", "emulated/logs.rs", "every_request_is_one_line_with_its_outcome"),
    ("K21", "emulated/logs.rs", "a_panic_is_logged_with_only_its_location"),
    ("K22", "../shared/src/domain/secret.rs", "debug_output_contains_neither_secret_nor_hash"),
];

/// Neighbours that have their own test.
const NEIGHBOURS_ELSEWHERE: [(&str, &str, &str); 11] = [
    ("H+4", "contract/matrix/neighbours/rbac.rs", "the_account_status_is_checked_before_the_role_level"),
    ("H+5", "contract/matrix/neighbours/rbac.rs", "a_key_may_expire_in_the_same_second_as_its_chain"),
    ("I+1", "contract/transaction.rs", "a_transaction_that_fails_once_still_creates_the_key_and_is_no_replay"),
    ("I+2", "contract/transaction.rs", "a_transaction_that_always_fails_is_a_500_and_a_later_retry_succeeds"),
    ("I+3", "contract/transaction.rs", "invalid_cancellation_reasons_are_a_500_without_a_retry"),
    ("I+4", "contract/transaction.rs", "a_failed_condition_without_the_existing_item_is_a_500"),
    ("I+5", "contract/transaction.rs", "a_memo_that_cannot_be_read_is_a_500_and_not_a_refusal"),
    ("J+1", "contract/interleaved.rs", "only_the_message_that_panics_is_reported_as_failed"),
    ("J+2", "contract/interleaved.rs", "concurrent_good_refused_and_panicking_requests_get_their_own_answers"),
    ("J+3", "contract/interleaved.rs", "concurrent_requests_of_several_keys_act_for_their_own_users"),
    ("K+4", "contract/idempotency_matrix/log.rs", "no_idempotency_key_or_credential_reaches_the_log"),
];

/// Rows that no test can show, and the reason. If a row is measured instead, the reason names the command.
const NOT_TESTED: [(&str, &str); 8] = [
    ("D43", "the service has no user table, so it looks up no user"),
    (
        "E28",
        "needs statistics: `make prove PROOF=timing` measures it; verify.rs compares a hash also for an unknown key",
    ),
    ("H07", "the level is stored with the key, and there is no user table in which it could be lowered"),
    ("I24", "a name of 256 characters can't reach 400 KB"),
    ("J02", "needs measurements: `make prove PROOF=bench` writes the start times into tests/bench/README.md"),
    (
        "J09",
        "`make prove PROOF=load` prints memory and descriptors after 100,000 requests; emulated/load.rs sends fewer",
    ),
    ("J22", "SnapStart does not exist for this runtime"),
    ("K10", "the gateway answers CORS requests, and it has no CORS configuration here"),
];

fn ids() -> impl Iterator<Item = &'static str> {
    [CASES, NEIGHBOURS].into_iter().flat_map(|table| table.lines().skip(1)).filter_map(|line| line.split('\t').next())
}

fn elsewhere() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    ELSEWHERE.into_iter().chain(NEIGHBOURS_ELSEWHERE)
}

fn listed() -> impl Iterator<Item = &'static str> {
    elsewhere().map(|(id, ..)| id).chain(NOT_TESTED.iter().map(|(id, _)| *id))
}

#[test]
fn every_listed_test_exists() {
    for (id, file, test) in elsewhere() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
        let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{id}: {file}: {error}"));
        assert!(text.contains(&format!("fn {test}(")), "{id}: no {test} in {file}");
    }
}

#[test]
fn each_row_has_its_own_id_and_each_group_three_neighbours() {
    let unique: BTreeSet<_> = ids().collect();
    assert_eq!(unique.len(), ids().count());
    for group in ids().map(|id| &id[..1]) {
        let neighbours = ids().filter(|id| id.starts_with(group) && id.contains('+')).count();
        assert!(neighbours >= 3, "{neighbours} neighbours in group {group}");
    }
}

#[tokio::test]
async fn every_case_has_a_test_or_a_reason() {
    let world = World::new().await;
    let rows = all_rows(&world).await;
    let covered: BTreeSet<_> = rows.iter().map(|row| row.id).chain(listed()).collect();
    let missing: Vec<_> = ids().filter(|id| !covered.contains(id)).collect();
    assert!(missing.is_empty(), "no test and no reason for {missing:?}");
}

#[tokio::test]
async fn every_row_names_a_case_that_exists() {
    let world = World::new().await;
    let known: BTreeSet<_> = ids().collect();
    let rows = all_rows(&world).await;
    let unknown: BTreeSet<_> = rows.iter().map(|row| row.id).chain(listed()).filter(|id| !known.contains(id)).collect();
    assert!(unknown.is_empty(), "no such case: {unknown:?}");
}
