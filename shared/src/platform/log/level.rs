//! The severity of a log line.

use serde::Serialize;

/// The severity of a line. Lambda's level TRACE is not supported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum LogLevel {
    /// This service or an AWS service failed.
    Error,
    /// An operator should look at this.
    Warn,
    /// A normal event.
    Info,
    /// The same lines as INFO. Lambda's log levels include this one.
    Debug,
}

impl LogLevel {
    /// Reads a level by its upper-case or lower-case name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text.to_ascii_uppercase().as_str() {
            "ERROR" => Some(Self::Error),
            "WARN" => Some(Self::Warn),
            "INFO" => Some(Self::Info),
            "DEBUG" => Some(Self::Debug),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::LogLevel;

    #[test]
    fn trace_is_not_a_level() {
        assert_eq!(LogLevel::parse("info"), Some(LogLevel::Info));
        assert_eq!(LogLevel::parse("ERROR"), Some(LogLevel::Error));
        for text in ["TRACE", "trace", "", "OFF", "info,hyper=trace"] {
            assert_eq!(LogLevel::parse(text), None, "{text}");
        }
    }
}
