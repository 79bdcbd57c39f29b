//! The log: one JSON line for each request, flat except for `_aws`, and one for each incident outside of requests.
//!
//! A line contains only the fields below. None of them can contain a secret, a token or a body.

mod foreign;
mod level;
mod metrics;

use std::fmt;
use std::io::Write;

use serde::Serialize;

use crate::domain::{Fault, KeyId, Timestamp};
pub use foreign::{install_panic_hook, install_subscriber};
pub use level::LogLevel;
pub use metrics::{Metrics, OutcomeClass};

/// The log line of one request.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RequestLine<'a> {
    /// RFC 3339, UTC.
    pub timestamp: String,
    /// ERROR for a failure of this service or of AWS; WARN for a refusal whose answer nobody reads; otherwise INFO.
    pub level: LogLevel,
    /// Always `request`.
    pub message: &'static str,
    /// Lambda's request id of the invocation.
    pub request_id: &'a str,
    /// The kind of event: `httpApi`, `restApi`, `alb`, `direct`, `eventBridge`, `sns`, `sqs`, `rotation`, `authorizer`,
    /// `unknown`.
    pub source: &'static str,
    /// The id of the SQS message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_id: Option<&'a str>,
    /// The function: `jwt` or `key`.
    pub endpoint: &'static str,
    /// `created`, `replayed`, `listed`, `read`, `revoked`, `chainRevoked`, `alreadyRevoked`, `admitted`, the outcome of a
    /// rotation step, or the error code.
    pub outcome: &'static str,
    /// The class of the outcome.
    pub outcome_class: OutcomeClass,
    /// The cause, if the error code does not identify it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'a str>,
    /// The HTTP status, for an HTTP request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The key that was created, read or revoked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_id: Option<String>,
    /// The chain that was revoked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chain: Option<String>,
    /// The user of the credential, if it was verified.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<u64>,
    /// The verified credential: `jwt` or `key:<uuid>`, as in the record's `createdBy`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub caller: Option<String>,
    /// The presented or requested key, if it did not verify, was not found, or its record is damaged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub presented_key: Option<String>,
    /// The request id of the AWS call that failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aws_request_id: Option<&'a str>,
    /// The duration of the request, in milliseconds.
    pub duration_ms: f64,
    /// The part of `duration_ms` that calls to DynamoDB took.
    pub store_ms: f64,
    /// The number of retries of calls to DynamoDB.
    pub store_retries: u64,
    /// The metadata with which CloudWatch makes metrics from this line.
    #[serde(rename = "_aws")]
    pub metrics: Metrics,
}

impl RequestLine<'_> {
    /// Writes the line, unless it is less severe than `threshold`.
    pub fn write(&self, threshold: LogLevel) {
        if self.level <= threshold {
            write_line(self);
        }
    }
}

/// Logs why the process does not start.
pub fn startup_failed(error: &impl fmt::Display) {
    write_line(&Incident::new(LogLevel::Error, "the function does not start", &error.to_string()));
}

/// Logs why the process exits: it can't receive events.
pub fn runtime_failed(error: &impl fmt::Display) {
    write_line(&Incident::new(LogLevel::Error, "the function ends", &error.to_string()));
}

/// Logs that the process exits because its execution environment ends.
pub fn function_ended(reason: &impl fmt::Display) {
    write_line(&Incident::new(LogLevel::Info, "the function ends", &reason.to_string()));
}

/// Logs why the answer to an invocation did not reach Lambda.
pub fn answer_not_sent(error: &impl fmt::Display) {
    write_line(&Incident::new(LogLevel::Error, "the answer is not sent", &error.to_string()));
}

/// Logs that a value can't be read again. The last value stays in use.
pub fn not_read_again(what: &str, fault: &Fault) {
    write_line(&Incident::new(LogLevel::Warn, &format!("{what} can't be read again"), &fault.reason));
}

/// Logs that a list leaves out a key whose record is damaged.
pub fn record_damaged(key_id: KeyId) {
    write_line(&Incident::new(LogLevel::Warn, "the record of a key is damaged", &key_id.to_string()));
}

/// An incident outside of requests.
#[derive(Serialize)]
struct Incident<'a> {
    timestamp: String,
    level: LogLevel,
    message: &'a str,
    detail: &'a str,
}

impl<'a> Incident<'a> {
    fn new(level: LogLevel, message: &'a str, detail: &'a str) -> Self {
        Self { timestamp: Timestamp::now().to_rfc3339(), level, message, detail }
    }
}

/// Writes each line with one call, so that lines never mix. A failed write does not fail the request.
fn write_line(line: &impl Serialize) {
    let mut text = Vec::with_capacity(1_024);
    if serde_json::to_writer(&mut text, line).is_ok() {
        text.push(b'\n');
        let _ = std::io::stdout().lock().write_all(&text);
    }
}
