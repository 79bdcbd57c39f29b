//! Creates the table from the template's definition. An existing table is not changed.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::DisplayErrorContext;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType, TimeToLiveSpecification,
};

use super::TABLE_NAME;
use crate::template::TableDefinition;

pub(super) async fn create(client: &Client, definition: &TableDefinition) -> Result<(), String> {
    let describe =
        |error: &dyn std::error::Error| format!("the table can't be created: {}", DisplayErrorContext(error));
    let request = client
        .create_table()
        .table_name(TABLE_NAME)
        .billing_mode(BillingMode::from(definition.billing_mode.as_str()))
        .set_attribute_definitions(Some(attributes(definition)?))
        .set_key_schema(Some(keys(definition)?));
    match request.send().await {
        Err(error) if error.as_service_error().is_some_and(|error| error.is_resource_in_use_exception()) => {
            return Ok(());
        }
        created => created.map_err(|error| describe(&error))?,
    };
    let Some(attribute) = &definition.ttl_attribute else {
        return Ok(());
    };
    let ttl = TimeToLiveSpecification::builder().attribute_name(attribute).enabled(true).build();
    let ttl = ttl.map_err(|error| describe(&error))?;
    let request = client.update_time_to_live().table_name(TABLE_NAME).time_to_live_specification(ttl);
    request.send().await.map(drop).map_err(|error| describe(&error))
}

fn attributes(definition: &TableDefinition) -> Result<Vec<AttributeDefinition>, String> {
    let attribute = |(name, kind): &(String, String)| {
        let kind = ScalarAttributeType::from(kind.as_str());
        AttributeDefinition::builder().attribute_name(name).attribute_type(kind).build()
    };
    definition.attributes.iter().map(attribute).collect::<Result<_, _>>().map_err(|error| error.to_string())
}

fn keys(definition: &TableDefinition) -> Result<Vec<KeySchemaElement>, String> {
    let key = |(name, role): &(String, String)| {
        KeySchemaElement::builder().attribute_name(name).key_type(KeyType::from(role.as_str())).build()
    };
    definition.keys.iter().map(key).collect::<Result<_, _>>().map_err(|error| error.to_string())
}
