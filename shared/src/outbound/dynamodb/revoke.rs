//! Revokes a key, alone or with its chain.
//!
//! The item of a revoked key stays until its TTL, so that no retry of an event stores the key again. Its hash is
//! replaced by zeros, so that each verification refuses the key.

use std::collections::HashMap;

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update};
use tokio::time::sleep;

use super::super::sdk::fault;
use super::item::{self, StoredItem, number};
use super::transaction::{Transaction, condition_failed, first_pause, not_built};
use super::{Store, with_request_id};
use crate::domain::{Fault, KeyId, Lineage, Reach, SecretHash, Timestamp, UserId};
use crate::platform::Deadline;

/// The evidence of a revocation, and the keys that the caller may revoke.
#[derive(Clone, Debug)]
pub struct Revocation {
    /// The time of the revocation.
    pub now: Timestamp,
    /// The caller: `jwt:<userId>` or `key:<uuid>`.
    pub revoked_by: String,
    /// The keys that the caller may revoke. The write itself checks it.
    pub reach: Reach,
}

/// The result of a revocation.
pub enum Revoked {
    /// The key, or its chain, is revoked now.
    Now,
    /// The chain was revoked before.
    Before,
    /// No write was applied, since the item does not meet the conditions.
    Refused(Option<StoredItem>),
}

/// The writes of a chain's revocation.
#[derive(Clone, Copy, PartialEq, Eq)]
enum ChainWrite {
    Fence,
    Key,
    FirstKey,
}

const MARK: &str = "SET #secretHash = :noHash, #revokedAt = :now, #revokedBy = :by";

impl Store {
    /// Revokes a living key with one conditional update, which never creates an item. A conflict with a transaction is
    /// retried until the deadline.
    ///
    /// # Errors
    /// A [`Fault`] when DynamoDB refuses, fails or does not answer in time.
    pub(crate) async fn revoke(
        &self,
        key_id: KeyId,
        revocation: &Revocation,
        deadline: Deadline,
    ) -> Result<Revoked, Fault> {
        let Conditions { expression, names, values } = Conditions::of_living(revocation);
        let update = self
            .client
            .update_item()
            .table_name(&self.table)
            .key(item::KEY, AttributeValue::S(key_id.to_string()))
            .update_expression(MARK)
            .condition_expression(expression)
            .set_expression_attribute_names(Some(names))
            .set_expression_attribute_values(Some(values))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let mut pause = first_pause(key_id);
        loop {
            let error = match self.run(update.clone().send(), deadline).await? {
                Ok(reply) => return with_request_id(reply).map(|_| Revoked::Now),
                Err(error) => error,
            };
            match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(failure)) => {
                    return Ok(Revoked::Refused(failure.item().cloned().map(StoredItem::new)));
                }
                Some(UpdateItemError::TransactionConflictException(_)) => deadline.run(sleep(pause)).await?,
                _ => return Err(fault(&error)),
            }
            pause *= 2;
        }
    }

    /// Revokes the chain of a key: puts the fence, and marks the key and the chain's first key. A part that is done
    /// already, or whose item is gone, is left out.
    ///
    /// # Errors
    /// A [`Fault`] when DynamoDB refuses, fails or does not answer in time.
    pub(crate) async fn revoke_chain(
        &self,
        key_id: KeyId,
        chain: KeyId,
        owner: UserId,
        revocation: &Revocation,
        deadline: Deadline,
    ) -> Result<Revoked, Fault> {
        let mut open = vec![ChainWrite::Fence, ChainWrite::Key];
        if chain != key_id {
            open.push(ChainWrite::FirstKey);
        }
        // The first key has the same owner, but the caller need not have created it.
        let of_first = Revocation { reach: Reach::OfUser(owner), ..revocation.clone() };
        let mut revoked = Revoked::Before;
        while !open.is_empty() {
            let write = |write: &ChainWrite| match write {
                ChainWrite::Fence => self.put_fence(chain, owner, revocation.now.seconds(), &revocation.revoked_by),
                ChainWrite::Key => self.mark(key_id, Conditions::of_living(revocation)),
                ChainWrite::FirstKey => self.mark(chain, Conditions::of_standing(&of_first)),
            };
            let writes = open.iter().map(write).collect::<Result<_, _>>()?;
            let reasons = match self.transact(writes, key_id, deadline).await? {
                Transaction::Applied => return Ok(Revoked::Now),
                Transaction::Refused(reasons) => reasons,
            };
            let refused: Vec<_> = open.iter().copied().zip(&reasons).filter(|(_, why)| condition_failed(why)).collect();
            if let Some((_, reason)) = refused.iter().find(|(write, _)| *write == ChainWrite::Key) {
                match reason.item().cloned().map(StoredItem::new) {
                    // An earlier attempt of this request was applied, and its reply was lost.
                    Some(item) if item.was_revoked(revocation.now, &revocation.revoked_by) => revoked = Revoked::Now,
                    Some(item) if item.is_revoked() => {}
                    item => return Ok(Revoked::Refused(item)),
                }
            }
            open.retain(|write| !refused.iter().any(|(refused, _)| refused == write));
        }
        Ok(revoked)
    }

    fn mark(
        &self,
        key_id: KeyId,
        Conditions { expression, names, values }: Conditions,
    ) -> Result<TransactWriteItem, Fault> {
        let update = Update::builder()
            .table_name(&self.table)
            .key(item::KEY, AttributeValue::S(key_id.to_string()))
            .update_expression(MARK)
            .condition_expression(expression)
            .set_expression_attribute_names(Some(names))
            .set_expression_attribute_values(Some(values))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        Ok(TransactWriteItem::builder().update(update.build().map_err(not_built)?).build())
    }
}

/// The conditions of a mark, with the names and values of the whole update.
struct Conditions {
    expression: String,
    names: HashMap<String, String>,
    values: HashMap<String, AttributeValue>,
}

impl Conditions {
    /// The key is neither revoked nor expired, and the caller may revoke it.
    fn of_living(revocation: &Revocation) -> Self {
        let mut conditions = Self::of_standing(revocation);
        conditions.expression.push_str(" AND #expiresAt > :now");
        conditions.name(item::EXPIRES_AT);
        conditions
    }

    /// The key is not revoked, and the caller may revoke it.
    fn of_standing(Revocation { now, revoked_by, reach }: &Revocation) -> Self {
        let mut conditions = Self {
            expression: "attribute_exists(#secretHash) AND attribute_not_exists(#revokedAt)".into(),
            names: HashMap::new(),
            values: HashMap::new(),
        };
        for name in [item::SECRET_HASH, item::REVOKED_AT, item::REVOKED_BY] {
            conditions.name(name);
        }
        conditions.value(":noHash", AttributeValue::B(Blob::new(SecretHash::of_nothing().as_bytes())));
        conditions.value(":now", number(now.seconds()));
        conditions.value(":by", AttributeValue::S(revoked_by.clone()));
        if let Reach::OfUser(user_id) | Reach::CreatedBy(user_id, _) = *reach {
            conditions.equal(item::USER_ID, ":userId", number(user_id.get()));
        }
        if let Reach::CreatedBy(_, key_id) = *reach {
            conditions.equal(item::CREATED_BY, ":createdBy", AttributeValue::S(Lineage::Key(key_id).to_string()));
        }
        conditions
    }

    fn name(&mut self, name: &str) {
        self.names.insert(format!("#{name}"), name.to_owned());
    }

    fn value(&mut self, name: &str, value: AttributeValue) {
        self.values.insert(name.to_owned(), value);
    }

    fn equal(&mut self, name: &str, value_name: &str, value: AttributeValue) {
        self.expression.push_str(&format!(" AND #{name} = {value_name}"));
        self.name(name);
        self.value(value_name, value);
    }
}
