//! CloudWatch metrics out of a request's line: the embedded metric format, which names the members that count.
//!
//! Amazon CloudWatch User Guide, "Specification: Embedded metric format". Each metric costs money for each pair of endpoint
//! and class of outcome that occurs, so there are no more of either. The number of requests is the sample count of `durationMs`.

use std::sync::LazyLock;

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use crate::domain::Timestamp;

/// What kind of outcome a request had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum OutcomeClass {
    /// What was asked for was done.
    Success,
    /// It was not, by a rule.
    Refused,
    /// It was not, since something failed.
    Fault,
}

/// The line's member `_aws`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Metrics {
    timestamp: u64,
    cloud_watch_metrics: Option<&'static RawValue>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Directive {
    namespace: &'static str,
    dimensions: [[&'static str; 2]; 1],
    metrics: [Metric; 3],
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Metric {
    name: &'static str,
    unit: &'static str,
}

/// The same in every line, so it is written once.
static DIRECTIVES: LazyLock<Option<Box<RawValue>>> = LazyLock::new(|| {
    let directive = Directive {
        namespace: "ApiKeys",
        dimensions: [["endpoint", "outcomeClass"]],
        metrics: [
            Metric { name: "durationMs", unit: "Milliseconds" },
            Metric { name: "storeMs", unit: "Milliseconds" },
            Metric { name: "storeRetries", unit: "Count" },
        ],
    };
    // Nothing in it can fail to be JSON.
    to_raw_value(&[directive]).ok()
});

impl Metrics {
    /// Metrics of that moment.
    #[must_use]
    pub fn at(now: Timestamp) -> Self {
        Self { timestamp: now.millis(), cloud_watch_metrics: DIRECTIVES.as_deref() }
    }
}
