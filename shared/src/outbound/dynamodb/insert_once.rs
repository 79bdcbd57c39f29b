//! Writes a record and the idempotency record of its answer in one transaction.

use std::time::Duration;

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{
    AttributeValue, CancellationReason, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem,
};
use tokio::time::sleep;

use super::super::sdk::fault;
use super::{Store, idempotency_record, item, with_request_id};
use crate::domain::{Fault, IdempotencyRecord, Record, Timestamp};
use crate::platform::Deadline;

/// The first pause after a conflict with another transaction; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(25);

/// The result of `Store::insert_once`.
#[derive(Debug)]
pub enum IdempotentInsertion {
    /// The record and the answer are stored.
    Inserted,
    /// The id belongs to another record.
    Taken,
    /// An earlier request with the same value has been answered.
    Answered(IdempotencyRecord),
}

impl Store {
    /// Stores a record and its answer, unless the record's id is taken or an answer that has not expired is stored
    /// already. A conflict with another transaction is retried until the deadline.
    ///
    /// # Errors
    /// A [`Fault`] when DynamoDB refuses, fails or does not answer in time, or the stored answer is damaged.
    pub(crate) async fn insert_once(
        &self,
        record: &Record,
        answer: &IdempotencyRecord,
        now: Timestamp,
        deadline: Deadline,
    ) -> Result<IdempotentInsertion, Fault> {
        let puts = [self.put_record(record)?, self.put_answer(answer, now)?];
        let mut pause = FIRST_PAUSE + jitter(record);
        loop {
            let call = self.client.transact_write_items().set_transact_items(Some(puts.to_vec())).send();
            match self.run(call, deadline).await? {
                Ok(reply) => return with_request_id(reply).map(|_| IdempotentInsertion::Inserted),
                Err(error) => match outcome(&error, record)? {
                    Some(outcome) => return Ok(outcome),
                    None => deadline.run(sleep(pause)).await?,
                },
            }
            pause *= 2;
        }
    }

    fn put_record(&self, record: &Record) -> Result<TransactWriteItem, Fault> {
        let put = Put::builder()
            .table_name(&self.table)
            .set_item(Some(item::from_record(record)))
            .condition_expression("attribute_not_exists(#key)")
            .expression_attribute_names("#key", item::KEY)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        Ok(TransactWriteItem::builder().put(put.build().map_err(|_| NOT_BUILT)?).build())
    }

    fn put_answer(&self, answer: &IdempotencyRecord, now: Timestamp) -> Result<TransactWriteItem, Fault> {
        let put = Put::builder()
            .table_name(&self.table)
            .set_item(Some(idempotency_record::write(answer)))
            .condition_expression("attribute_not_exists(#key) OR #expiresAt <= :now")
            .expression_attribute_names("#key", item::KEY)
            .expression_attribute_names("#expiresAt", item::EXPIRES_AT)
            .expression_attribute_values(":now", AttributeValue::N(now.seconds().to_string()))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        Ok(TransactWriteItem::builder().put(put.build().map_err(|_| NOT_BUILT)?).build())
    }
}

const NOT_BUILT: Fault = Fault::new("requestNotBuilt");

/// The meaning of a failed transaction; `None` if it must be retried.
fn outcome(error: &SdkError<TransactWriteItemsError>, record: &Record) -> Result<Option<IdempotentInsertion>, Fault> {
    let canceled = match error.as_service_error() {
        Some(TransactWriteItemsError::TransactionCanceledException(canceled)) => canceled,
        Some(TransactWriteItemsError::TransactionInProgressException(_)) => return Ok(None),
        _ => return Err(fault(error)),
    };
    let [of_record, of_answer] = canceled.cancellation_reasons() else {
        return Err(fault(error));
    };
    if let Some(standing) = of_answer.item().filter(|_| failed_check(of_answer)) {
        return idempotency_record::read(standing).map(IdempotentInsertion::Answered).map(Some);
    }
    if failed_check(of_record) {
        let standing = of_record.item().ok_or(Fault::new("replyUnknown"))?;
        let ours = item::holds_hash(standing, &record.secret_hash);
        return Ok(Some(if ours { IdempotentInsertion::Inserted } else { IdempotentInsertion::Taken }));
    }
    let passing = ["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"];
    let reasons = [of_record, of_answer].map(|reason| reason.code().unwrap_or("None"));
    if reasons.iter().any(|code| passing.contains(code)) {
        return Ok(None);
    }
    Err(fault(error))
}

fn failed_check(reason: &CancellationReason) -> bool {
    reason.code() == Some("ConditionalCheckFailed")
}

/// 0 to 25 ms, from the random id of the record, so that two conflicting attempts do not retry at the same time.
fn jitter(record: &Record) -> Duration {
    Duration::from_millis(u64::from(record.key_id.as_bytes()[0]) / 10)
}
