//! The key records in DynamoDB: two calls, and nothing but this folder knows the SDK.
//!
//! A write never replaces a record, and a read is always consistent.

mod client;
mod item;

use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::RequestId;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure};
use tokio::time::{Instant, timeout_at};
use uuid::Uuid;

use crate::config::StoreConfig;
use crate::error::Fault;
use crate::record::Record;
pub use item::StoredItem;

/// The longest that all of a request's calls to the store may take together.
const BUDGET: Duration = Duration::from_millis(2_500);

/// What is left of an invocation for its answer to get out.
const RESERVE_MILLIS: u64 = 500;

/// The moment at which the store is given up for this request.
#[derive(Clone, Copy, Debug)]
pub struct StoreDeadline(Instant);

impl StoreDeadline {
    /// 2.5 seconds from now, or half a second before the invocation ends, whichever is earlier.
    #[must_use]
    pub fn within(millis_left: u64) -> Self {
        let left = Duration::from_millis(millis_left.saturating_sub(RESERVE_MILLIS));
        Self(Instant::now() + left.min(BUDGET))
    }
}

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
}

impl Store {
    /// Builds the client, once for the life of the process. Nothing is sent yet.
    pub async fn connect(config: &StoreConfig) -> Self {
        Self { client: client::build(config).await, table: config.table.clone() }
    }

    /// Stores a record unless its id is taken.
    ///
    /// A write that was applied but whose reply was lost is tried again by the SDK and meets its own item: the same
    /// secret hash says so, and it counts as inserted.
    ///
    /// # Errors
    /// A [`Fault`] when DynamoDB refuses, fails or does not answer in time.
    pub async fn insert(&self, record: &Record, deadline: StoreDeadline) -> Result<Insertion, Fault> {
        let call = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item::from_record(record)))
            .condition_expression("attribute_not_exists(#key)")
            .expression_attribute_names("#key", item::KEY)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send();
        let error = match timeout_at(deadline.0, call).await {
            Ok(Ok(_)) => return Ok(Insertion::Inserted),
            Ok(Err(error)) => error,
            Err(_) => return Err(Fault::new("deadlineReached")),
        };
        match error.as_service_error() {
            Some(PutItemError::ConditionalCheckFailedException(failure)) => {
                let ours = failure.item().is_some_and(|standing| item::holds_hash(standing, &record.secret_hash));
                Ok(if ours { Insertion::Inserted } else { Insertion::Taken })
            }
            _ => Err(fault(&error)),
        }
    }

    /// Reads the record of a key, consistently.
    ///
    /// # Errors
    /// A [`Fault`] when DynamoDB refuses, fails or does not answer in time.
    pub async fn find(&self, key: Uuid, deadline: StoreDeadline) -> Result<Option<StoredItem>, Fault> {
        let call = self
            .client
            .get_item()
            .table_name(&self.table)
            .key(item::KEY, AttributeValue::S(key.to_string()))
            .consistent_read(true)
            .send();
        match timeout_at(deadline.0, call).await {
            Ok(Ok(output)) => Ok(output.item.map(StoredItem::new)),
            Ok(Err(error)) => Err(fault(&error)),
            Err(_) => Err(Fault::new("deadlineReached")),
        }
    }
}

/// Reduces an SDK error to a code and a request id: its own text can hold the item.
fn fault<E: ProvideErrorMetadata>(error: &SdkError<E>) -> Fault {
    let code = match error {
        SdkError::ConstructionFailure(_) => "requestNotBuilt".into(),
        SdkError::TimeoutError(_) => "timeout".into(),
        SdkError::DispatchFailure(_) => "notConnected".into(),
        SdkError::ResponseError(_) => "replyUnreadable".into(),
        _ => {
            error.code().filter(|code| is_error_code(code)).map_or("replyUnknown".into(), |code| code.to_owned().into())
        }
    };
    Fault { code, aws_request_id: error.request_id().filter(|id| is_error_code(id)).map(str::to_owned), key: None }
}

/// Whether text from the other side is as short and plain as an AWS error code or request id.
fn is_error_code(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}
