//! The log of the matrix: a line for each request, and no value in any of them.
//!
//! Lines go to the process's own output, so the matrix runs in another process here.

use std::process::Command;

use serde_json::Value;

use super::row::Row;

const MATRIX: &str = "idempotency_matrix::every_second_try_gets_its_answer_and_leaves_its_records";

#[test]
fn no_value_reaches_the_log() {
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
    // The beginning of every value, and of every memo's key.
    for canary in ["abcdef00", "idem#", "eyJ", "Basic "] {
        assert!(!text.to_lowercase().contains(&canary.to_lowercase()), "{canary} in\n{text}");
    }
}
