//! Writes the record that replaces another one in a rotation.

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::{AttributeValue, ConditionCheck, TransactWriteItem};

use super::transaction::{Transaction, condition_failed, not_built};
use super::{Insertion, Store, fence, item};
use crate::domain::{Fault, Record};
use crate::platform::Deadline;

/// The result of `Store::insert_successor`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SuccessorInsertion {
    /// The record is stored.
    Inserted,
    /// The id belongs to another record.
    Taken,
    /// The replaced key, or its chain, is revoked.
    ReplacedRevoked,
}

impl Store {
    /// Stores the successor of a key, unless that key or its chain has been revoked since it was read.
    ///
    /// # Errors
    /// A [`Fault`] when DynamoDB refuses, fails or does not answer in time.
    pub(crate) async fn insert_successor(
        &self,
        record: &Record,
        replaced: &Record,
        deadline: Deadline,
    ) -> Result<SuccessorInsertion, Fault> {
        let stands = ConditionCheck::builder()
            .table_name(&self.table)
            .key(item::KEY, AttributeValue::S(replaced.key_id.to_string()))
            .condition_expression("#secretHash = :hash")
            .expression_attribute_names("#secretHash", item::SECRET_HASH)
            .expression_attribute_values(":hash", AttributeValue::B(Blob::new(replaced.secret_hash.as_bytes())));
        let has_no_fence = ConditionCheck::builder()
            .table_name(&self.table)
            .key(item::KEY, AttributeValue::S(fence::partition_key(replaced.chain)))
            .condition_expression("attribute_not_exists(#key)")
            .expression_attribute_names("#key", item::KEY);
        let mut writes = vec![self.put_record(record)?];
        for check in [stands, has_no_fence] {
            let check = check.build().map_err(not_built)?;
            writes.push(TransactWriteItem::builder().condition_check(check).build());
        }
        let reasons = match self.transact(writes, record.key_id, deadline).await? {
            Transaction::Applied => return Ok(SuccessorInsertion::Inserted),
            Transaction::Refused(reasons) => reasons,
        };
        let [of_record, of_checks @ ..] = reasons.as_slice() else { return Err(Fault::new("replyUnknown")) };
        if of_checks.iter().any(condition_failed) {
            return Ok(SuccessorInsertion::ReplacedRevoked);
        }
        match Insertion::of_standing(record, of_record.item())? {
            Insertion::Inserted => Ok(SuccessorInsertion::Inserted),
            Insertion::Taken => Ok(SuccessorInsertion::Taken),
        }
    }
}
