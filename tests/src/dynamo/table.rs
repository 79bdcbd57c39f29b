//! Creates the table from the template's definition. An existing table gets the indexes that it lacks, so that a file
//! from before an index still serves.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::DisplayErrorContext;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, CreateGlobalSecondaryIndexAction, GlobalSecondaryIndex,
    GlobalSecondaryIndexUpdate, KeySchemaElement, KeyType, Projection, ProjectionType, ScalarAttributeType,
    TimeToLiveSpecification,
};

use super::TABLE_NAME;
use crate::template::{IndexDefinition, TableDefinition};

pub(super) async fn create(client: &Client, definition: &TableDefinition) -> Result<(), String> {
    let describe =
        |error: &dyn std::error::Error| format!("the table can't be created: {}", DisplayErrorContext(error));
    let request = client
        .create_table()
        .table_name(TABLE_NAME)
        .billing_mode(BillingMode::from(definition.billing_mode.as_str()))
        .set_attribute_definitions(Some(attributes(definition)?))
        .set_key_schema(Some(keys(&definition.keys)?))
        .set_global_secondary_indexes(Some(indexes(definition)?).filter(|indexes| !indexes.is_empty()));
    match request.send().await {
        Err(error) if error.as_service_error().is_some_and(|error| error.is_resource_in_use_exception()) => {
            return add_indexes(client, definition).await;
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

/// Adds the missing indexes, one at a time as DynamoDB demands. Each is filled from the items of the table.
async fn add_indexes(client: &Client, definition: &TableDefinition) -> Result<(), String> {
    let describe = |error: &dyn std::error::Error| {
        let cause = DisplayErrorContext(error);
        format!("the table lacks an index that can't be added; delete its file for a new table: {cause}")
    };
    let described = client.describe_table().table_name(TABLE_NAME).send().await.map_err(|error| describe(&error))?;
    let found: Vec<_> = described.table().into_iter().flat_map(|table| table.global_secondary_indexes()).collect();
    for index in indexes(definition)? {
        if found.iter().any(|known| known.index_name() == Some(index.index_name())) {
            continue;
        }
        let action = CreateGlobalSecondaryIndexAction::builder()
            .index_name(index.index_name)
            .set_key_schema(Some(index.key_schema))
            .set_projection(index.projection);
        let action = action.build().map_err(|error| describe(&error))?;
        let request = client
            .update_table()
            .table_name(TABLE_NAME)
            .set_attribute_definitions(Some(attributes(definition)?))
            .global_secondary_index_updates(GlobalSecondaryIndexUpdate::builder().create(action).build());
        request.send().await.map_err(|error| describe(&error))?;
    }
    Ok(())
}

fn attributes(definition: &TableDefinition) -> Result<Vec<AttributeDefinition>, String> {
    let attribute = |(name, kind): &(String, String)| {
        let kind = ScalarAttributeType::from(kind.as_str());
        AttributeDefinition::builder().attribute_name(name).attribute_type(kind).build()
    };
    definition.attributes.iter().map(attribute).collect::<Result<_, _>>().map_err(|error| error.to_string())
}

fn indexes(definition: &TableDefinition) -> Result<Vec<GlobalSecondaryIndex>, String> {
    let index = |index: &IndexDefinition| {
        let projection = Projection::builder()
            .projection_type(ProjectionType::Include)
            .set_non_key_attributes(Some(index.attributes.clone()));
        let built = GlobalSecondaryIndex::builder()
            .index_name(&index.name)
            .set_key_schema(Some(keys(&index.keys)?))
            .projection(projection.build());
        built.build().map_err(|error| error.to_string())
    };
    definition.indexes.iter().map(index).collect()
}

fn keys(keys: &[(String, String)]) -> Result<Vec<KeySchemaElement>, String> {
    let key = |(name, role): &(String, String)| {
        KeySchemaElement::builder().attribute_name(name).key_type(KeyType::from(role.as_str())).build()
    };
    keys.iter().map(key).collect::<Result<_, _>>().map_err(|error| error.to_string())
}
