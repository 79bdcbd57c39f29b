//! The key records in DynamoDB. Only this folder uses the operations and items of DynamoDB.
//!
//! A write never replaces a key record, and every read is consistent, except for the list of a user's keys.

mod connection;
mod fence;
mod idempotency_record;
mod insert_once;
mod item;
mod list;
mod meter;
mod revoke;
mod successor;
mod transaction;

use std::future::Future;
use std::time::Instant;

use aws_config::SdkConfig;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::Builder;
use aws_sdk_dynamodb::operation::RequestId;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure};
use futures_util::FutureExt;

use super::sdk::{fault, sdk_config};
use crate::domain::{Fault, IdempotencyRecord, KeyId, Record};
use crate::platform::Deadline;
use crate::platform::config::{ConfigError, StoreConfig};
pub use insert_once::IdempotentInsertion;
pub use item::StoredItem;
pub use list::{IndexPage, IndexedKey};
use meter::Meter;
pub use meter::StoreUse;
pub use revoke::{Revocation, Revoked};
pub use successor::SuccessorInsertion;

/// The result of a conditional write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Insertion {
    /// The record is stored.
    Inserted,
    /// The id belongs to another record.
    Taken,
}

impl Insertion {
    /// The result for a record whose id has an item already. If that item is the record itself, the write was applied
    /// and its reply was lost.
    fn of_standing(record: &Record, standing: Option<&item::Attributes>) -> Result<Self, Fault> {
        let standing = standing.ok_or(Fault::new("replyUnknown"))?;
        Ok(if item::is_of(record, standing) { Self::Inserted } else { Self::Taken })
    }
}

/// The table of key records.
#[derive(Clone, Debug)]
pub struct Store {
    client: Client,
    table: String,
    meter: Meter,
}

impl Store {
    /// Builds the client. No request is sent.
    ///
    /// # Errors
    /// A [`ConfigError`] for certificates that can't be used.
    pub fn connect(config: &StoreConfig) -> Result<Self, ConfigError> {
        Ok(Self::with(&sdk_config(&config.aws)?, config))
    }

    /// Builds the client from the configuration that all clients share.
    pub(crate) fn with(sdk: &SdkConfig, config: &StoreConfig) -> Self {
        let meter = Meter::default();
        let mut builder = Builder::from(sdk).interceptor(meter.clone());
        if let Some(endpoint_url) = &config.endpoint_url {
            builder = builder.endpoint_url(endpoint_url);
        }
        Self { client: Client::from_conf(builder.build()), table: config.table.clone(), meter }
    }

    /// Opens a connection, which the next call uses. It takes one second at most; a failure is ignored.
    pub(crate) async fn open_connection(&self) {
        connection::open(&self.client, &self.table).await;
    }

    /// The duration and the retries of all calls since the process started.
    #[must_use]
    pub(crate) fn usage(&self) -> StoreUse {
        self.meter.read()
    }

    /// Awaits a call until the deadline, and measures it.
    fn run<T>(&self, call: impl Future<Output = T>, deadline: Deadline) -> impl Future<Output = Result<T, Fault>> {
        let started = Instant::now();
        deadline.run(call).inspect(move |_| self.meter.count(started.elapsed()))
    }

    /// Stores a record unless its id is taken.
    ///
    /// If a write was applied and its reply was lost, the SDK retries it, and the retry finds the item of the first
    /// attempt. That item has the same secret hash or is revoked, so the record counts as inserted.
    ///
    /// # Errors
    /// A [`Fault`] when DynamoDB refuses, fails or does not answer in time.
    pub(crate) async fn insert(&self, record: &Record, deadline: Deadline) -> Result<Insertion, Fault> {
        let call = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item::from_record(record)))
            .condition_expression("attribute_not_exists(#key)")
            .expression_attribute_names("#key", item::KEY)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send();
        let error = match self.run(call, deadline).await? {
            Ok(reply) => return with_request_id(reply).map(|_| Insertion::Inserted),
            Err(error) => error,
        };
        match error.as_service_error() {
            Some(PutItemError::ConditionalCheckFailedException(failure)) => {
                Insertion::of_standing(record, failure.item())
            }
            _ => Err(fault(&error)),
        }
    }

    /// Reads the record of a key, consistently.
    ///
    /// # Errors
    /// A [`Fault`] when DynamoDB refuses, fails or does not answer in time.
    pub async fn find(&self, key_id: KeyId, deadline: Deadline) -> Result<Option<StoredItem>, Fault> {
        Ok(self.get(key_id.to_string(), deadline).await?.map(StoredItem::new))
    }

    /// Reads an idempotency record, consistently. It may have expired.
    ///
    /// # Errors
    /// A [`Fault`] when DynamoDB refuses, fails or does not answer in time, or the item is damaged.
    pub(crate) async fn find_idempotency_record(
        &self,
        id: &str,
        deadline: Deadline,
    ) -> Result<Option<IdempotencyRecord>, Fault> {
        self.get(id.to_owned(), deadline).await?.map(|item| idempotency_record::read(&item)).transpose()
    }

    async fn get(&self, partition_key: String, deadline: Deadline) -> Result<Option<item::Attributes>, Fault> {
        let call = self
            .client
            .get_item()
            .table_name(&self.table)
            .key(item::KEY, AttributeValue::S(partition_key))
            .consistent_read(true)
            .send();
        let reply = self.run(call, deadline).await?.map_err(|error| fault(&error))?;
        Ok(with_request_id(reply)?.item)
    }
}

/// Checks that a reply has a request id, as every reply of DynamoDB has. A 200 without one came from an intermediary,
/// and proves neither that an item was written nor that an item is absent.
fn with_request_id<T: RequestId>(reply: T) -> Result<T, Fault> {
    if reply.request_id().is_some() { Ok(reply) } else { Err(Fault::new("replyUnknown")) }
}
