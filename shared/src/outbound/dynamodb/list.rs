//! Reads a user's keys from the index `byUser`, newest first.
//!
//! An index is eventually consistent: a new key appears after a short delay.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;

use super::super::sdk::fault;
use super::item::{self, Attributes, number, read_number, text};
use super::{Store, with_request_id};
use crate::domain::{Cursor, Fault, KeyId, KeyMetadata, UserId};
use crate::platform::Deadline;

/// The index; `template.yaml` defines it.
const INDEX: &str = "byUser";

/// Some keys of a user.
pub struct IndexPage {
    /// The keys, newest first.
    pub keys: Vec<IndexedKey>,
    /// Whether the index has more keys after the last one.
    pub has_more: bool,
}

/// One item of the index.
pub struct IndexedKey {
    /// The position of the item.
    pub position: Cursor,
    /// The metadata; `None` if the item is damaged.
    pub metadata: Option<KeyMetadata>,
    /// Whether the key was revoked.
    pub is_revoked: bool,
}

impl Store {
    /// Reads up to `limit` keys of a user after a position.
    ///
    /// # Errors
    /// A [`Fault`] when DynamoDB refuses, fails or does not answer in time.
    pub(crate) async fn list(
        &self,
        user_id: UserId,
        after: Option<Cursor>,
        limit: u16,
        deadline: Deadline,
    ) -> Result<IndexPage, Fault> {
        let call = self
            .client
            .query()
            .table_name(&self.table)
            .index_name(INDEX)
            .key_condition_expression("#userId = :userId")
            .expression_attribute_names("#userId", item::USER_ID)
            .expression_attribute_values(":userId", number(user_id.get()))
            .scan_index_forward(false)
            // One more than is returned, so that the last page is known as the last.
            .limit(i32::from(limit) + 1)
            .set_exclusive_start_key(after.map(|after| start_key(user_id, after)))
            .send();
        let reply = self.run(call, deadline).await?.map_err(|error| fault(&error))?;
        let reply = with_request_id(reply)?;
        let mut items = reply.items.unwrap_or_default();
        let has_more = reply.last_evaluated_key.is_some() || items.len() > usize::from(limit);
        items.truncate(limit.into());
        Ok(IndexPage { keys: items.iter().filter_map(indexed).collect(), has_more })
    }
}

fn start_key(user_id: UserId, Cursor { created_at, key_id }: Cursor) -> Attributes {
    HashMap::from([
        (item::USER_ID.to_owned(), number(user_id.get())),
        (item::CREATED_AT.to_owned(), number(created_at)),
        (item::KEY.to_owned(), AttributeValue::S(key_id.to_string())),
    ])
}

/// `None` for an item without a readable position, which no function has written.
fn indexed(attributes: &Attributes) -> Option<IndexedKey> {
    let key_id = KeyId::parse(text(attributes, item::KEY)?)?;
    let position = Cursor { created_at: read_number(attributes, item::CREATED_AT)?, key_id };
    let is_revoked = attributes.contains_key(item::REVOKED_AT);
    Some(IndexedKey { position, metadata: item::metadata(attributes, key_id), is_revoked })
}
