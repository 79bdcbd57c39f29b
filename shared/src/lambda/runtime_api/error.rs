//! Why the runtime API gave no invocation, or did not take an answer.

use std::error::Error;
use std::fmt;

use hyper_util::client::legacy;
use lambda_http::http::StatusCode;
use lambda_runtime_api_client::BoxError;

/// What went wrong between this process and the runtime API.
#[derive(Debug, PartialEq, Eq)]
pub(in super::super) enum RuntimeApiError {
    /// Nothing accepts a connection.
    Unreachable,
    /// The connection was closed before the reply was complete.
    Closed,
    /// The reply is no HTTP that this process can read.
    Unreadable,
    /// The reply has this status.
    Status(StatusCode),
    /// No request can be made of the request id.
    NotBuilt,
}

impl RuntimeApiError {
    /// Whether this is how an execution environment ends. A runtime API that was never reached is none.
    pub(in super::super) fn is_end(&self, was_reached: bool) -> bool {
        *self == Self::Closed || (was_reached && *self == Self::Unreachable)
    }
}

impl fmt::Display for RuntimeApiError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable => formatter.write_str("the Lambda runtime API can't be reached"),
            Self::Closed => formatter.write_str("the Lambda runtime API closed the connection"),
            Self::Unreadable => formatter.write_str("the reply of the Lambda runtime API can't be read"),
            Self::Status(status) => write!(formatter, "the Lambda runtime API answers {}", status.as_u16()),
            Self::NotBuilt => formatter.write_str("the invocation has no request id, or one that is no part of a URL"),
        }
    }
}

impl From<BoxError> for RuntimeApiError {
    fn from(error: BoxError) -> Self {
        // Before it sends anything, the client makes a URL of the path.
        let Some(error) = error.downcast_ref::<legacy::Error>() else { return Self::NotBuilt };
        match error.source().and_then(|source| source.downcast_ref::<hyper::Error>()) {
            _ if error.is_connect() => Self::Unreachable,
            Some(error) => Self::of(error),
            None => Self::Closed,
        }
    }
}

impl From<hyper::Error> for RuntimeApiError {
    fn from(error: hyper::Error) -> Self {
        Self::of(&error)
    }
}

impl RuntimeApiError {
    fn of(error: &hyper::Error) -> Self {
        if error.is_parse() { Self::Unreadable } else { Self::Closed }
    }
}
