//! Opens a connection before the first request needs it.
//!
//! A TLS handshake takes most of a first request on a small Lambda. The start has a full processor, so it does the
//! handshake. The request is `GET /`, DynamoDB's health check, without credentials and content. The client that writes
//! the records sends it, so that later calls use the same connection, and the code has run once.

use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::interceptors::BeforeTransmitInterceptorContextMut;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::{Builder, ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;
use aws_sdk_dynamodb::types::AttributeValue;
use tokio::time::timeout;

use super::item;

/// The longest time that a start waits for the connection.
const LIMIT: Duration = Duration::from_secs(1);

/// Opens the connection. A failure is ignored: if DynamoDB can't be reached, the first request reports it.
pub(super) async fn open(client: &Client, table: &str) {
    let call = client
        .get_item()
        .table_name(table)
        .key(item::KEY, AttributeValue::S(String::new()))
        .customize()
        .config_override(Builder::new().retry_config(RetryConfig::disabled()))
        .interceptor(Greeting)
        .send();
    // The answer is a health message and not an item, so the SDK reports an error.
    let _ = timeout(LIMIT, call).await;
}

/// Replaces a signed request by `GET /` without credentials and content.
#[derive(Debug)]
struct Greeting;

impl Intercept for Greeting {
    fn name(&self) -> &'static str {
        "Greeting"
    }

    fn modify_before_transmit(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let request = context.request_mut();
        let headers: Vec<_> = request.headers().iter().map(|(name, _)| name.to_owned()).collect();
        for name in headers.iter().filter(|name| *name != "user-agent") {
            request.headers_mut().remove(name.as_str());
        }
        *request.body_mut() = "".into();
        request.set_method("GET")?;
        Ok(())
    }
}
