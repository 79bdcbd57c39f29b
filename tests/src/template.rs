//! Reads the definition of the DynamoDB table from `template.yaml`, so that tests use the schema that is deployed.
//!
//! An intrinsic function in the table's schema is an error.

use std::path::Path;

use saphyr::{LoadableYamlNode as _, Yaml};

/// The logical ID of the table.
const TABLE_RESOURCE: &str = "ApiKeysTable";

/// The definition of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableDefinition {
    /// Name and type (`S`, `N`, `B`) of each key attribute.
    pub attributes: Vec<(String, String)>,
    /// Name and role (`HASH`, `RANGE`) of each part of the key.
    pub keys: Vec<(String, String)>,
    /// The global secondary indexes.
    pub indexes: Vec<IndexDefinition>,
    /// `PAY_PER_REQUEST` or `PROVISIONED`.
    pub billing_mode: String,
    /// The TTL attribute, if TTL is enabled.
    pub ttl_attribute: Option<String>,
}

/// The definition of a global secondary index with an INCLUDE projection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexDefinition {
    /// The name.
    pub name: String,
    /// Name and role of each part of the key.
    pub keys: Vec<(String, String)>,
    /// The attributes that are projected besides the keys.
    pub attributes: Vec<String>,
}

impl TableDefinition {
    /// Reads the template of the repository.
    ///
    /// # Errors
    ///
    /// Returns one line with the file and the cause.
    pub fn of_the_template() -> Result<Self, String> {
        Self::read(&crate::host::repository().join("template.yaml"))
    }

    /// Reads a template.
    ///
    /// # Errors
    ///
    /// Returns one line with the file and the cause.
    pub fn read(path: &Path) -> Result<Self, String> {
        let describe = |cause: String| format!("{}: {cause}", path.display());
        let text = std::fs::read_to_string(path).map_err(|error| describe(error.to_string()))?;
        Self::parse(&text).map_err(describe)
    }

    /// Reads a template's text.
    ///
    /// # Errors
    ///
    /// Returns the cause with its place in the document.
    pub fn parse(text: &str) -> Result<Self, String> {
        let documents = Yaml::load_from_str(text).map_err(|error| error.to_string())?;
        let template = documents.first().ok_or("the document is empty")?;
        let properties = member(member(member(template, "Resources")?, TABLE_RESOURCE)?, "Properties")?;
        Ok(Self {
            attributes: pairs(properties, "AttributeDefinitions", "AttributeType")?,
            keys: pairs(properties, "KeySchema", "KeyType")?,
            indexes: indexes(properties)?,
            billing_mode: text_of(member(properties, "BillingMode")?, "BillingMode")?,
            ttl_attribute: ttl_attribute(properties)?,
        })
    }
}

fn ttl_attribute(properties: &Yaml<'_>) -> Result<Option<String>, String> {
    let Ok(ttl) = member(properties, "TimeToLiveSpecification") else {
        return Ok(None);
    };
    let enabled =
        member(ttl, "Enabled")?.as_bool().ok_or("Enabled of TimeToLiveSpecification must be true or false")?;
    if !enabled {
        return Ok(None);
    }
    text_of(member(ttl, "AttributeName")?, "AttributeName").map(Some)
}

fn indexes(properties: &Yaml<'_>) -> Result<Vec<IndexDefinition>, String> {
    let Ok(indexes) = member(properties, "GlobalSecondaryIndexes") else {
        return Ok(Vec::new());
    };
    let index = |index| {
        let attributes = member(member(index, "Projection")?, "NonKeyAttributes")?;
        let attributes = attributes.as_vec().ok_or("NonKeyAttributes must be a list")?;
        Ok(IndexDefinition {
            name: text_of(member(index, "IndexName")?, "IndexName")?,
            keys: pairs(index, "KeySchema", "KeyType")?,
            attributes: attributes.iter().map(|name| text_of(name, "NonKeyAttributes")).collect::<Result<_, _>>()?,
        })
    };
    indexes.as_vec().ok_or("GlobalSecondaryIndexes must be a list")?.iter().map(index).collect()
}

fn pairs(properties: &Yaml<'_>, list: &str, second: &str) -> Result<Vec<(String, String)>, String> {
    let entries = member(properties, list)?.as_vec().ok_or_else(|| format!("{list} must be a list"))?;
    let pair = |entry| {
        let name = text_of(member(entry, "AttributeName")?, "AttributeName")?;
        Ok((name, text_of(member(entry, second)?, second)?))
    };
    entries.iter().map(pair).collect()
}

fn member<'node>(node: &'node Yaml<'_>, name: &str) -> Result<&'node Yaml<'node>, String> {
    node.as_mapping_get(name).ok_or_else(|| format!("{TABLE_RESOURCE}: {name} is missing"))
}

fn text_of(node: &Yaml<'_>, name: &str) -> Result<String, String> {
    node.as_str().map(str::to_owned).ok_or_else(|| format!("{TABLE_RESOURCE}: {name} must be a literal string"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEMPLATE: &str = "
Conditions:
  Production: !Equals [!Ref Stage, production]
Resources:
  ApiKeysTable:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: !Sub '${AWS::StackName}-keys'
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions:
        - { AttributeName: key, AttributeType: S }
      KeySchema:
        - AttributeName: key
          KeyType: HASH
      GlobalSecondaryIndexes:
        - IndexName: byUser
          KeySchema: [{ AttributeName: userId, KeyType: HASH }]
          Projection: { ProjectionType: INCLUDE, NonKeyAttributes: [name] }
      TimeToLiveSpecification: { AttributeName: expiresAt, Enabled: true }
      DeletionProtectionEnabled: !If [Production, true, false]
";

    #[test]
    fn a_template_may_use_intrinsic_functions_outside_the_table() {
        let expected = TableDefinition {
            attributes: vec![("key".into(), "S".into())],
            keys: vec![("key".into(), "HASH".into())],
            indexes: vec![IndexDefinition {
                name: "byUser".into(),
                keys: vec![("userId".into(), "HASH".into())],
                attributes: vec!["name".into()],
            }],
            billing_mode: "PAY_PER_REQUEST".into(),
            ttl_attribute: Some("expiresAt".into()),
        };
        assert_eq!(TableDefinition::parse(TEMPLATE), Ok(expected));
    }

    #[test]
    fn a_table_without_ttl_has_no_ttl_attribute() {
        let disabled = TEMPLATE.replace("Enabled: true }", "Enabled: false }");
        assert_eq!(TableDefinition::parse(&disabled).unwrap().ttl_attribute, None);
    }

    #[test]
    fn an_intrinsic_function_in_the_schema_is_an_error() {
        let unknown = TEMPLATE.replace("BillingMode: PAY_PER_REQUEST", "BillingMode: !Ref Mode");
        assert_eq!(TableDefinition::parse(&unknown), Err("ApiKeysTable: BillingMode must be a literal string".into()));
    }

    #[test]
    fn a_template_without_the_table_is_an_error() {
        assert_eq!(TableDefinition::parse("Resources: {}"), Err("ApiKeysTable: ApiKeysTable is missing".into()));
    }

    #[test]
    fn template_yaml_defines_the_table_of_the_contract() {
        let table = TableDefinition::of_the_template().unwrap();
        assert_eq!(table.keys, [("key".to_owned(), "HASH".to_owned())]);
        let attributes = [("key", "S"), ("userId", "N"), ("createdAt", "N")];
        assert_eq!(table.attributes, attributes.map(|(name, kind)| (name.to_owned(), kind.to_owned())));
        let keys = [("userId", "HASH"), ("createdAt", "RANGE")];
        let index = IndexDefinition {
            name: "byUser".to_owned(),
            keys: keys.map(|(name, role)| (name.to_owned(), role.to_owned())).into(),
            attributes: ["name", "level", "expiresAt", "createdBy", "chain", "revokedAt"].map(str::to_owned).into(),
        };
        assert_eq!(table.indexes, [index]);
        assert_eq!(table.ttl_attribute.as_deref(), Some("expiresAt"));
    }
}
