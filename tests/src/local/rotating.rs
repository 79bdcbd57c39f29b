//! `{{secret}}`: a delivered secret that is at a given step of its rotation.
//!
//! The earlier steps are simulated without the function, so that each step can be tested alone.

use super::events::Ground;
use crate::rotation::{Rotation, Step};
use crate::secrets_manager::new_token;
use crate::stored_key::StoredKey;

/// A parsed `{{secret}}` placeholder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rotating {
    step: Step,
    spoiled: Option<Spoiled>,
}

/// A cause for the function to refuse the step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Spoiled {
    /// The current key has no record.
    Unknown,
    /// The current key is revoked.
    Revoked,
    /// The current value is no key.
    Foreign,
    /// Rotation is disabled.
    Disabled,
    /// The new version was current, but no longer is.
    Superseded,
}

impl Rotating {
    /// Parses the words after `secret`.
    pub(super) fn parse<'word>(words: impl Iterator<Item = &'word str>) -> Result<Self, String> {
        let mut rotating = Self { step: Step::Create, spoiled: None };
        for word in words {
            let step = word.strip_prefix("at=").and_then(|name| Step::ALL.into_iter().find(|step| step.name() == name));
            match (word, step) {
                (_, Some(step)) => rotating.step = step,
                ("unknown", _) => rotating.spoiled = Some(Spoiled::Unknown),
                ("revoked", _) => rotating.spoiled = Some(Spoiled::Revoked),
                ("foreign", _) => rotating.spoiled = Some(Spoiled::Foreign),
                ("disabled", _) => rotating.spoiled = Some(Spoiled::Disabled),
                ("superseded", _) => rotating.spoiled = Some(Spoiled::Superseded),
                _ => {
                    return Err(format!(
                        "{word} is not one of at=STEP, unknown, revoked, foreign, disabled, superseded"
                    ));
                }
            }
        }
        Ok(rotating)
    }

    /// Makes the secret, and begins its rotation.
    pub(super) async fn begin(self, ground: &Ground<'_>) -> Result<Rotation, String> {
        let Ground { table, secrets, .. } = ground;
        let current = StoredKey::new();
        let is_foreign = self.spoiled == Some(Spoiled::Foreign);
        let value = if is_foreign { r#"{"username":"user-61"}"#.to_owned() } else { current.delivered() };
        let arn = secrets.try_create(&ground.secret_name(&new_token()), &value).await?;
        match self.spoiled {
            Some(Spoiled::Unknown) => {}
            Some(Spoiled::Revoked) => table.try_put_item(current.revoked().item).await?,
            _ => table.try_put_item(current.item).await?,
        }
        let rotation = Rotation::begin(*secrets, &arn).await?;
        let successor = StoredKey::new();
        if self.step != Step::Create {
            secrets.try_put(&arn, rotation.token(), &["AWSPENDING"], &successor.delivered()).await?;
        }
        if matches!(self.step, Step::Test | Step::Finish) {
            table.try_put_item(successor.item.clone()).await?;
        }
        match self.spoiled {
            Some(Spoiled::Disabled) => rotation.disable().await?,
            Some(Spoiled::Superseded) => {
                secrets.try_put(&arn, rotation.token(), &["AWSPREVIOUS"], &successor.delivered()).await?;
            }
            Some(Spoiled::Unknown | Spoiled::Revoked | Spoiled::Foreign) | None => {}
        }
        Ok(rotation)
    }
}
