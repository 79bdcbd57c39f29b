//! Several requests in one invocation: each with time and randomness of its own, and none that takes another down.

use serde::Serialize;

use crate::call::Call;
use crate::create::Creation;
use crate::error::Fault;
use crate::event::{Carried, SqsMessage};
use crate::function::{Authenticator, Function, InvocationError, Report};
use crate::provision::Source;

/// What an invocation must have left for another message to be begun, in milliseconds.
const LEAST_MILLIS: u64 = 3_000;

/// What a queue reads of an answer: AWS Lambda Developer Guide, "Implementing partial batch responses".
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BatchResponse {
    batch_item_failures: Vec<BatchItemFailure>,
}

/// A message that is to come again.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct BatchItemFailure {
    item_identifier: String,
}

/// Answers every request, and fails with the first failure: the source sends them all again, and what was created is
/// found then.
pub(crate) async fn all<'a, A: Authenticator>(
    function: &Function<A>,
    source: Source,
    requests: impl Iterator<Item = Option<Carried<'a>>>,
    request_id: &str,
    call: &Call,
) -> Result<(), InvocationError> {
    let mut answer = Ok(());
    for request in requests {
        let report = Report::begin(function, request_id, source.name()).unseen();
        let outcome = function.provision_as(report, source, request, call.next()).await;
        answer = answer.and(outcome.map(|_| ()));
    }
    answer
}

/// Answers message by message, and names those that are to come again. What there is no time for is handed back.
pub(crate) async fn each<A: Authenticator>(
    function: &Function<A>,
    messages: Vec<SqsMessage<'_>>,
    request_id: &str,
    call: &Call,
) -> BatchResponse {
    let mut batch_item_failures = Vec::new();
    for message in &messages {
        let report = Report::begin(function, request_id, Source::Sqs.name()).unseen().of_message(&message.id);
        let is_done = if call.millis_left() >= LEAST_MILLIS {
            function.provision_as(report, Source::Sqs, message.request(), call.next()).await.is_ok()
        } else {
            report.write(function, None, &Err::<Creation, _>(Fault::new("deadlineReached").into()));
            false
        };
        if !is_done {
            batch_item_failures.push(BatchItemFailure { item_identifier: message.id.to_string() });
        }
    }
    BatchResponse { batch_item_failures }
}
