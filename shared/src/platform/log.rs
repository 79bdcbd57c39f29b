//! The log: one JSON line a request, flat but for `_aws`, and one for each thing that went wrong outside of one.
//!
//! A line is made of the fields below and no others, none of which can hold a secret, a token or a body.

mod foreign;
mod level;
mod metrics;

use std::fmt;
use std::io::Write;

use serde::Serialize;

use crate::domain::{Fault, Timestamp};
pub use foreign::{install_panic_hook, install_subscriber};
pub use level::LogLevel;
pub use metrics::{Metrics, OutcomeClass};

/// What became of one request.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RequestLine<'a> {
    /// RFC 3339, UTC.
    pub timestamp: String,
    /// ERROR for a failure of this service or of AWS; WARN for a refusal that no sender sees; otherwise INFO.
    pub level: LogLevel,
    /// Always `request`.
    pub message: &'static str,
    /// Lambda's id of the invocation.
    pub request_id: &'a str,
    /// The kind of event: `httpApi`, `restApi`, `alb`, `direct`, `eventBridge`, `sns`, `sqs`, `rotation`, `unknown`.
    pub source: &'static str,
    /// A queue's id of the message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_id: Option<&'a str>,
    /// The function: `jwt` or `key`.
    pub endpoint: &'static str,
    /// `created`, `replayed`, what a step of a rotation has done, or the error code.
    pub outcome: &'static str,
    /// What kind of outcome that is.
    pub outcome_class: OutcomeClass,
    /// What the code leaves out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'a str>,
    /// The HTTP status, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The new key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_id: Option<String>,
    /// Whose credential it was, once it has verified.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<u64>,
    /// Which credential it was: `jwt` or `key:<uuid>`, as in the record's `createdBy`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub caller: Option<String>,
    /// The key that was shown and did not verify, or whose record is damaged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub presented_key: Option<String>,
    /// The request id of the AWS call that failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aws_request_id: Option<&'a str>,
    /// From the event's arrival to its answer, in milliseconds.
    pub duration_ms: f64,
    /// The part of it that DynamoDB was waited for.
    pub store_ms: f64,
    /// How often DynamoDB had to be asked again.
    pub store_retries: u64,
    /// What makes metrics of this line.
    #[serde(rename = "_aws")]
    pub metrics: Metrics,
}

impl RequestLine<'_> {
    /// Writes the line, unless it is less grave than `threshold`.
    pub fn write(&self, threshold: LogLevel) {
        if self.level <= threshold {
            write_line(self);
        }
    }
}

/// Says why the process does not start.
pub fn startup_failed(error: &impl fmt::Display) {
    write_line(&Incident::new(LogLevel::Error, "the function does not start", &error.to_string()));
}

/// Says why the process ends. It can't receive events.
pub fn runtime_failed(detail: &str) {
    write_line(&Incident::new(LogLevel::Error, "the function ends", detail));
}

/// Says that the process ends because the runtime API closed the connection.
pub fn runtime_api_closed() {
    write_line(&Incident::new(LogLevel::Info, "the function ends", "the Lambda runtime API closed the connection"));
}

/// Says why the answer to an invocation did not reach Lambda.
pub fn answer_not_sent(detail: &str) {
    write_line(&Incident::new(LogLevel::Error, "the answer is not sent", detail));
}

/// Says that a value that was to be read again could not be, and that the last good one still serves.
pub fn not_read_again(what: &str, fault: &Fault) {
    write_line(&Incident::new(LogLevel::Warn, &format!("{what} can't be read again"), &fault.reason));
}

/// Something outside of a request.
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

/// One write a line, so that lines never mix. A log that can't be written is no reason to fail a request.
fn write_line(line: &impl Serialize) {
    let mut text = Vec::with_capacity(1_024);
    if serde_json::to_writer(&mut text, line).is_ok() {
        text.push(b'\n');
        let _ = std::io::stdout().lock().write_all(&text);
    }
}
