//! A delivered key, which is displayed without its secret.

use std::fmt;

use serde_json::Value;

use super::address::DELIVERY_PREFIX;
use crate::secrets_manager::{Secrets, Version, line};

/// A value of a delivered secret.
pub(super) struct DeliveredKey {
    name: String,
    arn: String,
    value: String,
    pub(super) key: String,
    pub(super) secret: String,
}

impl DeliveredKey {
    /// The names of all delivered secrets.
    pub(super) async fn names(secrets: &Secrets) -> Result<Vec<String>, String> {
        secrets.try_names(DELIVERY_PREFIX).await
    }

    /// Reads the current value of a secret.
    pub(super) async fn read(secrets: &Secrets, name: &str) -> Result<Self, String> {
        Self::read_stage(secrets, name, "AWSCURRENT").await
    }

    /// Reads the value of a secret at a stage.
    pub(super) async fn read_stage(secrets: &Secrets, name: &str, stage: &str) -> Result<Self, String> {
        let no_value = || format!("{name} has no value at {stage}");
        let value = secrets.try_value(name, Version::Stage(stage)).await?.ok_or_else(no_value)?;
        let described = secrets.client().describe_secret().secret_id(name).send().await.map_err(line)?;
        Self::parse(name, described.arn.unwrap_or_default(), value).ok_or_else(|| format!("{name} holds no key"))
    }

    /// Prints the keys that were delivered after this list was made.
    pub(super) async fn show_new(secrets: &Secrets, known: &[String]) -> Result<(), String> {
        let mut names = Self::names(secrets).await?;
        names.retain(|name| !known.contains(name));
        for name in &names {
            println!("\nDelivered:\n{}", Self::read(secrets, name).await?);
        }
        Ok(())
    }

    fn parse(name: &str, arn: String, value: String) -> Option<Self> {
        let members: Value = serde_json::from_str(&value).ok()?;
        let text = |member: &str| members[member].as_str().map(str::to_owned);
        let (key, secret) = (text("key")?, text("secret").filter(|secret| !secret.is_empty())?);
        Some(Self { name: name.to_owned(), arn, value, key, secret })
    }
}

/// The name, the ARN and the members, with a masked secret.
impl fmt::Display for DeliveredKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let masked = self.value.replace(&self.secret, "****");
        write!(formatter, "  {}\n  {}\n  {masked}", self.name, self.arn)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stored_key::StoredKey;

    #[test]
    fn a_delivered_key_is_shown_without_its_secret() {
        let stored = StoredKey::new();
        let delivered = DeliveredKey::parse("apikeys/61/ci", "arn".to_owned(), stored.delivered()).unwrap();
        let shown = delivered.to_string();
        assert!(shown.starts_with("  apikeys/61/ci\n  arn\n  {") && shown.contains(&stored.key), "{shown}");
        assert!(shown.contains(r#""secret":"****""#) && !shown.contains(&stored.secret), "{shown}");
    }

    #[test]
    fn a_value_that_is_no_key_is_not_shown() {
        for value in ["", "{}", "null", r#"{"key":"x","secret":""}"#, r#"{"key":"x","secret":7}"#] {
            assert!(DeliveredKey::parse("x", String::new(), value.to_owned()).is_none(), "{value}");
        }
    }
}
