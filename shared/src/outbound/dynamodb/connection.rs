//! A connection that is there before the first request needs it.
//!
//! A TLS handshake is most of a first request on a small Lambda; the start, which has a whole processor, does it instead.
//! What is sent is what AWS's own load balancers ask of DynamoDB: `GET /`, unsigned, without effect. It goes through the
//! client that writes the records, so that the connection is the one they use and the code has run once.

use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::interceptors::BeforeTransmitInterceptorContextMut;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::{Builder, ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;
use aws_sdk_dynamodb::types::AttributeValue;
use tokio::time::timeout;

use super::item;

/// A start waits no longer for it.
const LIMIT: Duration = Duration::from_secs(1);

/// Makes the connection. Nothing depends on it: where DynamoDB is not there, the first request will say so.
pub(super) async fn open(client: &Client, table: &str) {
    let call = client
        .get_item()
        .table_name(table)
        .key(item::KEY, AttributeValue::S(String::new()))
        .customize()
        .config_override(Builder::new().retry_config(RetryConfig::disabled()))
        .interceptor(Greeting)
        .send();
    // The answer is a word of health and no item, which the SDK takes for an error.
    let _ = timeout(LIMIT, call).await;
}

/// Makes `GET /` of whatever was signed, with no credential and no content.
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
