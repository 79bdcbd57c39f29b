//! Runs a transaction, and retries it after a conflict.

use std::time::Duration;

use aws_sdk_dynamodb::error::{BuildError, SdkError};
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{CancellationReason, TransactWriteItem};
use tokio::time::sleep;

use super::super::sdk::fault;
use super::{Store, with_request_id};
use crate::domain::{Fault, KeyId};
use crate::platform::Deadline;

/// The first pause after a conflict with another transaction; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(25);

/// The result of a transaction.
pub(super) enum Transaction {
    /// All its writes are applied.
    Applied,
    /// A condition failed, so no write is applied. The reasons are in the order of the writes.
    Refused(Vec<CancellationReason>),
}

impl Store {
    /// Runs a transaction. A conflict with another transaction is retried until the deadline; `key_id` varies the
    /// pauses.
    ///
    /// # Errors
    /// A [`Fault`] when DynamoDB refuses, fails or does not answer in time.
    pub(super) async fn transact(
        &self,
        writes: Vec<TransactWriteItem>,
        key_id: KeyId,
        deadline: Deadline,
    ) -> Result<Transaction, Fault> {
        let mut pause = first_pause(key_id);
        loop {
            let call = self.client.transact_write_items().set_transact_items(Some(writes.clone())).send();
            match self.run(call, deadline).await? {
                Ok(reply) => return with_request_id(reply).map(|_| Transaction::Applied),
                Err(error) => match refusal(&error, writes.len())? {
                    Some(reasons) => return Ok(Transaction::Refused(reasons)),
                    None => deadline.run(sleep(pause)).await?,
                },
            }
            pause *= 2;
        }
    }
}

/// The first pause after a conflict.
pub(super) fn first_pause(key_id: KeyId) -> Duration {
    FIRST_PAUSE + jitter(key_id)
}

/// A write can't be built, which only a missing member causes.
pub(super) fn not_built(_: BuildError) -> Fault {
    Fault::new("requestNotBuilt")
}

/// Whether the condition of a write has failed.
pub(super) fn condition_failed(reason: &CancellationReason) -> bool {
    reason.code() == Some("ConditionalCheckFailed")
}

/// The reasons of a transaction in which a condition failed; `None` if the transaction must be retried.
fn refusal(error: &SdkError<TransactWriteItemsError>, writes: usize) -> Result<Option<Vec<CancellationReason>>, Fault> {
    let reasons = match error.as_service_error() {
        Some(TransactWriteItemsError::TransactionCanceledException(canceled)) => canceled.cancellation_reasons(),
        Some(TransactWriteItemsError::TransactionInProgressException(_)) => return Ok(None),
        _ => return Err(fault(error)),
    };
    if reasons.len() != writes {
        return Err(fault(error));
    }
    if reasons.iter().any(condition_failed) {
        return Ok(Some(reasons.to_vec()));
    }
    let passing = ["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"];
    if reasons.iter().any(|reason| reason.code().is_some_and(|code| passing.contains(&code))) {
        return Ok(None);
    }
    Err(fault(error))
}

/// 0 to 25 ms, from the random id of a key, so that the attempts for two keys do not retry at the same time.
fn jitter(key_id: KeyId) -> Duration {
    Duration::from_millis(u64::from(key_id.as_bytes()[0]) / 10)
}
