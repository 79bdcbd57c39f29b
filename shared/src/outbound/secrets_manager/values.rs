//! What is written to Secrets Manager and read from it.

use std::collections::HashMap;
use std::fmt;

use crate::domain::Timestamp;

/// The stage of the current version.
pub const CURRENT: &str = "AWSCURRENT";
/// The stage of the previous version.
pub const PREVIOUS: &str = "AWSPREVIOUS";
/// The stage of the pending version, which a rotation prepares.
pub const PENDING: &str = "AWSPENDING";

/// The value of a secret, as text. `Debug` prints `SecretText(..)`.
pub struct SecretText(String);

impl SecretText {
    /// Wraps a text that contains a secret.
    #[must_use]
    pub const fn new(text: String) -> Self {
        Self(text)
    }

    /// The text, which contains a secret.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SecretText(..)")
    }
}

/// The result of creating a secret.
#[derive(Debug, PartialEq, Eq)]
pub enum SecretCreation {
    /// The secret was created.
    Created {
        /// The ARN of the new secret.
        arn: String,
    },
    /// A secret of that name exists, or is scheduled for deletion.
    NameTaken,
}

/// The result of storing a pending version.
#[derive(Debug, PartialEq, Eq)]
pub enum PendingInsertion {
    /// The value was stored.
    Stored,
    /// The version already has another value, which stays.
    Taken,
    /// The secret is a replica.
    Replica,
}

/// The version of a secret to read.
#[derive(Clone, Copy, Debug)]
pub enum Version<'a> {
    /// The current version.
    Current,
    /// The previous version.
    Previous,
    /// The version with that id, at any stage.
    Id(&'a str),
    /// The version with that id, if it is the pending version.
    Pending(&'a str),
}

/// A version of a secret that was read.
#[derive(Debug)]
pub struct SecretVersion {
    /// The ARN of the secret.
    pub arn: String,
    /// The value.
    pub text: SecretText,
    /// Whether it is the current version.
    pub is_current: bool,
    /// When the version was created.
    pub created: Option<Timestamp>,
}

/// The metadata of a secret.
#[derive(Debug)]
pub struct Description {
    /// The full ARN.
    pub arn: String,
    /// The name.
    pub name: String,
    /// Whether the secret is a replica of one in another Region.
    pub is_replica: bool,
    /// Whether rotation is enabled.
    pub rotation_enabled: bool,
    /// The stages of each version.
    pub(super) versions: HashMap<String, Vec<String>>,
}

impl Description {
    /// Whether the secret has a version with that id.
    #[must_use]
    pub fn has_version(&self, id: &str) -> bool {
        self.versions.contains_key(id)
    }

    /// Whether a rotation to the version with that id is under way or done, or impossible.
    #[must_use]
    pub fn is_settled_for(&self, id: &str) -> bool {
        let is_staged = self.is_at_stage(id, PENDING) || self.is_at_stage(id, CURRENT);
        self.is_replica || (self.rotation_enabled && is_staged)
    }

    /// Whether the version with that id has that stage.
    #[must_use]
    pub fn is_at_stage(&self, id: &str, stage: &str) -> bool {
        self.versions.get(id).is_some_and(|stages| stages.iter().any(|known| known == stage))
    }

    /// The id of the current version.
    #[must_use]
    pub fn current_version(&self) -> Option<&str> {
        self.versions.keys().find(|id| self.is_at_stage(id, CURRENT)).map(String::as_str)
    }
}
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_output_does_not_contain_the_text() {
        assert_eq!(format!("{:?}", SecretText::new("canary".to_owned())), "SecretText(..)");
    }
}
