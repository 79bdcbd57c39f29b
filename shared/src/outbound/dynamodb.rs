//! The key records in DynamoDB: nothing but this folder knows its operations and its items.
//!
//! A write never replaces a record, and a read is always consistent.

mod connection;
mod idempotency_record;
mod insert_once;
mod item;
mod meter;

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
use meter::Meter;
pub use meter::StoreUse;

/// What became of a conditional write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Insertion {
    /// The record is stored.
    Inserted,
    /// The id belongs to another record.
    Taken,
}

/// The table of key records.
#[derive(Clone, Debug)]
pub struct Store {
    client: Client,
    table: String,
    meter: Meter,
}

impl Store {
    /// Builds the client, once for the life of the process. Nothing is sent yet.
    ///
    /// # Errors
    /// A [`ConfigError`] for certificates that can't be used.
    pub fn connect(config: &StoreConfig) -> Result<Self, ConfigError> {
        Ok(Self::with(&sdk_config(&config.aws)?, config))
    }

    /// Builds the client from what the clients of all services have in common.
    pub(crate) fn with(sdk: &SdkConfig, config: &StoreConfig) -> Self {
        let meter = Meter::default();
        let mut builder = Builder::from(sdk).interceptor(meter.clone());
        if let Some(endpoint_url) = &config.endpoint_url {
            builder = builder.endpoint_url(endpoint_url);
        }
        Self { client: Client::from_conf(builder.build()), table: config.table.clone(), meter }
    }

    /// Opens a connection, which the next call uses. Takes one second at most, and ignores a failure.
    pub(crate) async fn open_connection(&self) {
        connection::open(&self.client, &self.table).await;
    }

    /// The calls since the process began.
    #[must_use]
    pub(crate) fn usage(&self) -> StoreUse {
        self.meter.read()
    }

    /// Awaits a call until the deadline, and counts it.
    fn run<T>(&self, call: impl Future<Output = T>, deadline: Deadline) -> impl Future<Output = Result<T, Fault>> {
        let started = Instant::now();
        deadline.run(call).inspect(move |_| self.meter.count(started.elapsed()))
    }

    /// Stores a record unless its id is taken.
    ///
    /// A write that was applied but whose reply was lost is tried again by the SDK and meets its own item: the same
    /// secret hash says so, and it counts as inserted.
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
                // Without the existing item, its owner is not known.
                let standing = failure.item().ok_or(Fault::new("replyUnknown"))?;
                let ours = item::holds_hash(standing, &record.secret_hash);
                Ok(if ours { Insertion::Inserted } else { Insertion::Taken })
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

/// Checks that a reply has a request id, as every reply of DynamoDB has. A 200 without one came from something in between,
/// and proves neither that an item was written nor that there is none.
fn with_request_id<T: RequestId>(reply: T) -> Result<T, Fault> {
    if reply.request_id().is_some() { Ok(reply) } else { Err(Fault::new("replyUnknown")) }
}
