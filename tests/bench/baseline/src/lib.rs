//! A minimal function that creates a record, modelled on `examples/http-dynamodb` of awslabs/aws-lambda-rust-runtime:
//! default features and settings, one client. It does not authenticate, validate or hash.

use std::collections::HashMap;

use aws_config::BehaviorVersion;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use lambda_http::{Body, Error, Request, Response};
use serde_json::{Value, json};

/// The client and the table.
#[derive(Debug)]
pub struct Table {
    client: Client,
    name: String,
}

impl Table {
    /// Reads the environment.
    ///
    /// # Errors
    ///
    /// Fails without `TABLE_NAME`.
    pub async fn from_env() -> Result<Self, Error> {
        let config = aws_config::load_defaults(BehaviorVersion::latest()).await;
        Ok(Self { client: Client::new(&config), name: std::env::var("TABLE_NAME")? })
    }

    /// Reads a record.
    ///
    /// # Errors
    ///
    /// Fails if DynamoDB does.
    pub async fn get(&self, key: &str) -> Result<Option<HashMap<String, AttributeValue>>, Error> {
        let key = AttributeValue::S(key.to_owned());
        let answer = self.client.get_item().table_name(&self.name).key("key", key).consistent_read(true).send().await?;
        Ok(answer.item)
    }

    /// Writes the record of a request, with the attributes and the size of a function's record.
    ///
    /// # Errors
    ///
    /// Fails if the body lacks a member or DynamoDB fails.
    pub async fn put(&self, request: &Request, created_by: String) -> Result<Response<Body>, Error> {
        let body: Value = serde_json::from_slice(request.body())?;
        let name = body["name"].as_str().ok_or("name")?;
        let level = body["level"].as_u64().ok_or("level")?;
        let expires_in = body["expiresIn"].as_u64().ok_or("expiresIn")?;
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?;
        let number = |value: u64| AttributeValue::N(value.to_string());
        let key = format!("{:08x}-0000-4000-8000-{:012x}", now.subsec_nanos(), now.as_secs());
        self.client
            .put_item()
            .table_name(&self.name)
            .item("key", AttributeValue::S(key.clone()))
            .item("secretHash", AttributeValue::B(Blob::new([0; 32])))
            .item("name", AttributeValue::S(name.to_owned()))
            .item("level", number(level))
            .item("userId", number(61))
            .item("createdAt", number(now.as_secs()))
            .item("expiresAt", number(now.as_secs() + expires_in))
            .item("createdBy", AttributeValue::S(created_by))
            .item("chainExpiresAt", number(now.as_secs() + 31_536_000))
            .send()
            .await?;
        tracing::info!(key, "created");
        let answer = json!({ "result": "success", "apikey": { "key": key, "name": name, "level": level } });
        Ok(Response::builder().status(201).header("content-type", "application/json").body(answer.to_string().into())?)
    }
}
