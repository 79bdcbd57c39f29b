//! The configuration of the table of keys.

use super::aws::AwsConfig;
use super::environment::{ConfigError, Environment};
use super::{checked, endpoint_url, flag};

/// The table of keys, and how to reach it.
#[derive(Debug)]
pub struct StoreConfig {
    pub(crate) table: String,
    pub(crate) endpoint_url: Option<String>,
    pub(crate) warm_connection: bool,
    pub(crate) aws: AwsConfig,
}

impl StoreConfig {
    /// Reads `TABLE_NAME`, the endpoint of DynamoDB and `WARM_CONNECTION`, and what [`AwsConfig::read`] does.
    ///
    /// # Errors
    /// The first [`ConfigError`] found.
    pub fn read(environment: &Environment) -> Result<Self, ConfigError> {
        Ok(Self {
            table: checked(environment, "TABLE_NAME", is_table, "is not the name or ARN of a table")?.to_owned(),
            endpoint_url: endpoint_url(environment, "AWS_ENDPOINT_URL_DYNAMODB")?,
            warm_connection: flag(environment, "WARM_CONNECTION", true)?,
            aws: AwsConfig::read(environment)?,
        })
    }
}

/// DynamoDB's rule for table names. An ARN only needs the start and the kind of a table's ARN.
fn is_table(text: &str) -> bool {
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
    (text.starts_with("arn:") && text.contains(":table/"))
        || ((3..=255).contains(&text.len()) && text.bytes().all(is_name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_a_dynamodb_table_name_or_arn() {
        let longest = "a".repeat(255);
        for text in ["abc", "Api_Keys.2-x", &longest, "arn:aws:dynamodb:us-east-1:123456789012:table/apikeys"] {
            assert!(is_table(text), "{text}");
        }
        let too_long = "a".repeat(256);
        for text in
            ["", "ab", &too_long, "api keys", "table/apikeys", "arn:aws:dynamodb:us-east-1:123456789012", "x:table/y"]
        {
            assert!(!is_table(text), "{text}");
        }
    }
}
