//! Requests for keys by direct invocation, EventBridge, SNS and SQS.
//!
//! A bus (EventBridge, SNS or SQS) is not a trust boundary, and nobody reads the answer to its events. A key for a bus
//! event is therefore delivered in a secret, or not created.

mod authenticate;
mod batch;
mod envelope;
mod error;
mod request;
mod source;

use serde_json::value::RawValue;

use super::request_log::RequestLog;
use crate::keys::Service;
use crate::platform::Call;
pub use authenticate::{AuthenticateEvent, EventAuthenticateError};
pub(crate) use batch::{answer_messages, answer_notifications};
pub use envelope::{EventBridgeEvent, RequestText, SnsNotification, SqsMessage};
pub use error::EventError;
use request::answer_and_log;
pub use source::Source;

/// Answers a direct invocation.
///
/// # Errors
/// An [`EventError`].
pub(crate) async fn answer_direct<A: AuthenticateEvent>(
    service: &Service<A>,
    request: RequestText<'_>,
    request_id: &str,
    call: Call,
) -> Result<Box<RawValue>, EventError> {
    let log = RequestLog::begin(service, request_id, Source::Direct.name());
    let created = answer_and_log(service, log, Source::Direct, Some(request), call).await?;
    RawValue::from_string(created.response.expose().to_owned()).map_err(|_| EventError::answer_not_written())
}

/// Answers an EventBridge event.
///
/// # Errors
/// An [`EventError`].
pub(crate) async fn answer_event_bridge<A: AuthenticateEvent>(
    service: &Service<A>,
    event: EventBridgeEvent<'_>,
    request_id: &str,
    call: Call,
) -> Result<(), EventError> {
    let log = RequestLog::begin(service, request_id, Source::EventBridge.name()).without_reader();
    answer_and_log(service, log, Source::EventBridge, event.request(), call).await.map(drop)
}

/// Refuses an event of unknown shape.
///
/// # Errors
/// [`EventError::Unknown`], always.
pub(crate) fn refuse_unknown<A: AuthenticateEvent>(service: &Service<A>, request_id: &str) -> Result<(), EventError> {
    let error = EventError::Unknown;
    RequestLog::begin(service, request_id, "unknown").without_reader().write(service, None, &error.log_entry());
    Err(error)
}
