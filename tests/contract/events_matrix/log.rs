//! The log of the matrix: one line per row, with its outcome, source and level.
//!
//! The answer to SQS contains no code, so only the log shows which rule refused a message. The log goes to the standard
//! output, so the test runs the matrix in another process.

use std::collections::BTreeMap;
use std::process::Command;

use serde_json::Value;

use super::row::{Expected, Row};
use crate::failures::Failures;
use crate::site::Source;

const MATRIX: &str = "events_matrix::every_event_gets_the_expected_answer_and_records";

#[tokio::test]
async fn every_event_logs_one_line_with_its_outcome_source_and_level() {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([MATRIX, "--exact", "--nocapture"]).env("APIKEYS_CONTRACT_LOG_LEVEL", "INFO");
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    let mut lines: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for line in text.lines().filter(|line| line.starts_with('{')) {
        let line: Value = serde_json::from_str(line).unwrap();
        lines.entry(line["requestId"].as_str().unwrap().to_owned()).or_default().push(line);
    }
    let (rows, mut failures) = (Row::all(), Failures::default());
    for row in &rows {
        let lines = lines.get(row.id).map(Vec::as_slice).unwrap_or_default();
        let check = async {
            let [line] = lines else { panic!("{}: {lines:?}", row.id) };
            assert_line(row, line);
        };
        failures.check(row.id, check).await;
    }
    failures.assert_none();
    assert_eq!(lines.len(), rows.len());
}

fn assert_line(row: &Row, line: &Value) {
    let source = row.source.map_or("unknown", Source::name);
    let is_answered = source == "direct";
    let (outcome, level) = match row.expected {
        Expected::Created | Expected::Plaintext => ("created", "INFO"),
        Expected::Replayed => ("replayed", "INFO"),
        Expected::Refused { code: code @ "createApikeyFailed", .. } => (code, "ERROR"),
        Expected::Refused { code, .. } => (code, if is_answered { "INFO" } else { "WARN" }),
    };
    assert_eq!(line["outcome"], outcome, "{}: {line}", row.id);
    assert_eq!(line["level"], level, "{}: {line}", row.id);
    assert_eq!(line["source"], source, "{}: {line}", row.id);
    assert_eq!(line["endpoint"], row.endpoint.name(), "{}: {line}", row.id);
    let message_id = (source == "sqs").then(|| row.message_id());
    assert_eq!(line["messageId"].as_str(), message_id.as_deref(), "{}: {line}", row.id);
    if let Expected::Refused { reason: Some(reason), .. } = row.expected {
        assert_eq!(line["reason"], reason, "{}: {line}", row.id);
    }
    for canary in ["eyJ", "Basic ", "Bearer ", "once-", "event-"] {
        assert!(!line.to_string().contains(canary), "{}: {line}", row.id);
    }
}
