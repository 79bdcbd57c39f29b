//! The log of the matrix: one line per request, without any idempotency key or credential.
//!
//! The log goes to the standard output, so the test runs the matrix in another process.

use std::process::Command;

use serde_json::Value;

use super::row::Row;

const MATRIX: &str = "idempotency_matrix::every_retry_gets_the_expected_answer_and_records";

#[test]
fn no_idempotency_key_or_credential_reaches_the_log() {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([MATRIX, "--exact", "--nocapture"]).env("APIKEYS_CONTRACT_LOG_LEVEL", "INFO");
    let output = command.output().unwrap();
    let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap()).concat();
    assert!(output.status.success(), "{text}");
    let lines: Vec<Value> = text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let rows = Row::all();
    assert!(lines.len() >= 2 * rows.len(), "{} lines", lines.len());
    let replays = rows.iter().filter(|row| row.expected == "replayed").count();
    assert!(lines.iter().filter(|line| line["outcome"] == "replayed").count() >= replays);
    // The start of every idempotency key, of every stored answer's key, and of every credential.
    for canary in ["abcdef00", "idem#", "eyJ", "Basic "] {
        assert!(!text.to_lowercase().contains(&canary.to_lowercase()), "{canary} in\n{text}");
    }
}
