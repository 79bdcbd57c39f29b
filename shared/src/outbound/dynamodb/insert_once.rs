//! Writes a record and the idempotency record of its answer in one transaction.

use aws_sdk_dynamodb::types::{Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem};

use super::transaction::{Transaction, condition_failed, not_built};
use super::{Insertion, Store, idempotency_record, item};
use crate::domain::{Fault, IdempotencyRecord, Record, Timestamp};
use crate::platform::Deadline;

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
        let writes = vec![self.put_record(record)?, self.put_answer(answer, now)?];
        let reasons = match self.transact(writes, record.key_id, deadline).await? {
            Transaction::Applied => return Ok(IdempotentInsertion::Inserted),
            Transaction::Refused(reasons) => reasons,
        };
        let [of_record, of_answer] = reasons.as_slice() else { return Err(Fault::new("replyUnknown")) };
        if let Some(standing) = of_answer.item().filter(|_| condition_failed(of_answer)) {
            return idempotency_record::read(standing).map(IdempotentInsertion::Answered);
        }
        match Insertion::of_standing(record, of_record.item())? {
            Insertion::Inserted => Ok(IdempotentInsertion::Inserted),
            Insertion::Taken => Ok(IdempotentInsertion::Taken),
        }
    }

    /// The write of a record whose id must be free.
    pub(super) fn put_record(&self, record: &Record) -> Result<TransactWriteItem, Fault> {
        let put = Put::builder()
            .table_name(&self.table)
            .set_item(Some(item::from_record(record)))
            .condition_expression("attribute_not_exists(#key)")
            .expression_attribute_names("#key", item::KEY)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        Ok(TransactWriteItem::builder().put(put.build().map_err(not_built)?).build())
    }

    fn put_answer(&self, answer: &IdempotencyRecord, now: Timestamp) -> Result<TransactWriteItem, Fault> {
        let put = Put::builder()
            .table_name(&self.table)
            .set_item(Some(idempotency_record::write(answer)))
            .condition_expression("attribute_not_exists(#key) OR #expiresAt <= :now")
            .expression_attribute_names("#key", item::KEY)
            .expression_attribute_names("#expiresAt", item::EXPIRES_AT)
            .expression_attribute_values(":now", item::number(now.seconds()))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        Ok(TransactWriteItem::builder().put(put.build().map_err(not_built)?).build())
    }
}
