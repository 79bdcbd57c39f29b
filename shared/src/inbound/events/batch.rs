//! Several requests in one invocation. Each has its own time and randomness, and none fails because of another.

use serde::Serialize;

use super::super::request_log::RequestLog;
use super::authenticate::AuthenticateEvent;
use super::envelope::{SnsNotification, SqsMessage};
use super::error::EventError;
use super::request::answer_and_log;
use super::source::Source;
use crate::domain::Fault;
use crate::keys::Service;
use crate::platform::Call;

/// The time that must be left in an invocation to begin another message, in milliseconds.
const MIN_MILLIS_LEFT: u64 = 3_000;

/// The answer to SQS: AWS Lambda Developer Guide, "Implementing partial batch responses".
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BatchResponse {
    batch_item_failures: Vec<BatchItemFailure>,
}

/// A message that SQS delivers again.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct BatchItemFailure {
    item_identifier: String,
}

/// Answers every notification of SNS.
///
/// # Errors
/// The first failure. Lambda then retries the whole event, and the retry finds the keys that were created.
pub(crate) async fn answer_notifications<A: AuthenticateEvent>(
    service: &Service<A>,
    notifications: Vec<SnsNotification<'_>>,
    request_id: &str,
    call: &Call,
) -> Result<(), EventError> {
    let mut answer = Ok(());
    for notification in notifications {
        let log = RequestLog::begin(service, request_id, Source::Sns.name()).without_reader();
        let outcome = answer_and_log(service, log, Source::Sns, notification.request(), call.next()).await;
        answer = answer.and(outcome.map(drop));
    }
    answer
}

/// Answers every message of SQS, and returns the ids of the failed ones. A message counts as failed if there
/// is not enough time left for it.
pub(crate) async fn answer_messages<A: AuthenticateEvent>(
    service: &Service<A>,
    messages: Vec<SqsMessage<'_>>,
    request_id: &str,
    call: &Call,
) -> BatchResponse {
    let mut batch_item_failures = Vec::new();
    for message in &messages {
        let log = RequestLog::begin(service, request_id, Source::Sqs.name()).without_reader().of_message(&message.id);
        let is_done = if call.millis_left() >= MIN_MILLIS_LEFT {
            answer_and_log(service, log, Source::Sqs, message.request(), call.next()).await.is_ok()
        } else {
            log.write(service, None, &EventError::from(Fault::new("deadlineReached")).log_entry());
            false
        };
        if !is_done {
            batch_item_failures.push(BatchItemFailure { item_identifier: message.id.to_string() });
        }
    }
    BatchResponse { batch_item_failures }
}
