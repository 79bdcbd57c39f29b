//! The fence of a revoked chain: an item that no key of the chain gets past.
//!
//! Its partition key is `fence#` and the id of the chain's first key. A key id is a UUID, so no credential can name the
//! item. It has no TTL, and no `userId`, so it is in no list.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes, Put, TransactWriteItem};
use tokio::time::sleep;

use super::super::sdk::fault;
use super::item::{Attributes, KEY, REVOKED_AT, REVOKED_BY, number, text};
use super::transaction::not_built;
use super::{Store, with_request_id};
use crate::domain::{Fault, KeyId, UserId};
use crate::platform::Deadline;

const PREFIX: &str = "fence#";
const OWNER: &str = "owner";

/// The first pause before keys are asked again that DynamoDB left out; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(25);

pub(super) fn partition_key(chain: KeyId) -> String {
    format!("{PREFIX}{chain}")
}

impl Store {
    /// Whether a chain is revoked, read consistently.
    ///
    /// # Errors
    /// A [`Fault`] when DynamoDB refuses, fails or does not answer in time.
    pub(crate) async fn is_fenced(&self, chain: KeyId, deadline: Deadline) -> Result<bool, Fault> {
        Ok(self.get(partition_key(chain), deadline).await?.is_some())
    }

    /// Those of up to 100 chains that are revoked, read consistently.
    ///
    /// # Errors
    /// A [`Fault`] when DynamoDB refuses, fails or does not answer in time.
    pub(crate) async fn fenced(&self, chains: HashSet<KeyId>, deadline: Deadline) -> Result<HashSet<KeyId>, Fault> {
        let mut fenced = HashSet::new();
        let mut keys: Vec<Attributes> = chains.into_iter().map(key_of).collect();
        let mut pause = FIRST_PAUSE;
        while !keys.is_empty() {
            let request = KeysAndAttributes::builder().set_keys(Some(keys)).consistent_read(true);
            let request = request.projection_expression("#key").expression_attribute_names("#key", KEY);
            let request = request.build().map_err(not_built)?;
            let call = self.client.batch_get_item().request_items(&self.table, request).send();
            let reply = self.run(call, deadline).await?.map_err(|error| fault(&error))?;
            let reply = with_request_id(reply)?;
            // The request names one table, so every item and every key belongs to it.
            let found = reply.responses.into_iter().flat_map(HashMap::into_values).flatten();
            fenced.extend(found.filter_map(|item| KeyId::parse(text(&item, KEY)?.strip_prefix(PREFIX)?)));
            // DynamoDB may leave out some of the keys, for example when it throttles.
            let left_out = reply.unprocessed_keys.into_iter().flat_map(HashMap::into_values);
            keys = left_out.flat_map(|request| request.keys).collect();
            if !keys.is_empty() {
                deadline.run(sleep(pause)).await?;
                pause *= 2;
            }
        }
        Ok(fenced)
    }

    /// The write of a fence that does not stand yet.
    pub(super) fn put_fence(
        &self,
        chain: KeyId,
        owner: UserId,
        revoked_at: u64,
        revoked_by: &str,
    ) -> Result<TransactWriteItem, Fault> {
        let put = Put::builder()
            .table_name(&self.table)
            .item(KEY, AttributeValue::S(partition_key(chain)))
            .item(OWNER, number(owner.get()))
            .item(REVOKED_AT, number(revoked_at))
            .item(REVOKED_BY, AttributeValue::S(revoked_by.to_owned()))
            .condition_expression("attribute_not_exists(#key)")
            .expression_attribute_names("#key", KEY);
        Ok(TransactWriteItem::builder().put(put.build().map_err(not_built)?).build())
    }
}

fn key_of(chain: KeyId) -> Attributes {
    HashMap::from([(KEY.to_owned(), AttributeValue::S(partition_key(chain)))])
}
