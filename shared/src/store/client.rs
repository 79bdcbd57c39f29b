//! The DynamoDB client.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::Builder;

use crate::aws::sdk_config;
use crate::config::{ConfigError, StoreConfig};

pub(super) async fn build(config: &StoreConfig) -> Result<Client, ConfigError> {
    let mut builder = Builder::from(&sdk_config(&config.aws).await?);
    if let Some(endpoint_url) = &config.endpoint_url {
        builder = builder.endpoint_url(endpoint_url);
    }
    Ok(Client::from_conf(builder.build()))
}
