//! A minimal Lambda authorizer of an HTTP API, for comparison with the functions as authorizers: AWS's types for the event
//! and the response, and one GetItem. It does not check a credential.

use aws_lambda_events::apigw::{
    ApiGatewayV2CustomAuthorizerSimpleResponse, ApiGatewayV2CustomAuthorizerV2Request,
};
use baseline::Table;
use lambda_runtime::{Error, LambdaEvent, run, service_fn, tracing};
use serde_json::{Value, json};

/// The record that is read.
const CALLER: &str = "7eba7d5c-0b9c-4d0a-8d6f-2a4d1c6a3b52";

#[tokio::main]
async fn main() -> Result<(), Error> {
    tracing::init_default_subscriber();
    let table = &Table::from_env().await?;
    run(service_fn(move |event: LambdaEvent<ApiGatewayV2CustomAuthorizerV2Request>| async move {
        event.payload.headers.get("authorization").ok_or("no credential")?;
        let caller = table.get(CALLER).await?.ok_or("no such key")?;
        let text = |name: &str| caller.get(name).and_then(|value| value.as_s().or(value.as_n()).ok()).ok_or("attribute");
        let context = json!({
            "userId": text("userId")?,
            "level": text("level")?,
            "credential": "key",
            "keyId": text("key")?,
            "expiresAt": text("expiresAt")?,
        });
        tracing::info!(key = %text("key")?, "admitted");
        let mut response = ApiGatewayV2CustomAuthorizerSimpleResponse::<Value>::default();
        response.is_authorized = true;
        response.context = context;
        Ok::<_, Error>(response)
    }))
    .await
}
