//! CloudWatch metrics from the line of a request, in the embedded metric format.
//!
//! Amazon CloudWatch User Guide, "Specification: Embedded metric format". Each metric costs money for each pair of
//! endpoint and outcome class that occurs, so there are few metrics and dimensions. The number of requests is the
//! sample count of `durationMs`.

use std::sync::LazyLock;

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use crate::domain::Timestamp;

/// The class of a request's outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum OutcomeClass {
    /// The request succeeded.
    Success,
    /// A rule refused the request.
    Refused,
    /// The request failed.
    Fault,
}

/// The member `_aws` of the line.
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

/// Every line has the same directive, so it is serialized once.
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
    // Every value of this structure serializes.
    to_raw_value(&[directive]).ok()
});

impl Metrics {
    /// Metrics with this time.
    #[must_use]
    pub fn at(now: Timestamp) -> Self {
        Self { timestamp: now.millis(), cloud_watch_metrics: DIRECTIVES.as_deref() }
    }
}
