//! The placeholder `{{secret}}`: a delivered secret that is at a given step of its rotation.
//!
//! The earlier steps are simulated without the function, so that each step can be tested alone.

use super::events::Backend;
use crate::rotation::{Rotation, Step};
use crate::secrets_manager::new_token;
use crate::stored_key::StoredKey;

/// A parsed `{{secret}}` placeholder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RotationState {
    step: Step,
    defect: Option<Defect>,
}

/// A cause for the function to refuse the step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Defect {
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
    /// The secret is a replica of one in another Region.
    Replica,
}

impl RotationState {
    /// Parses the words after `secret`.
    pub(super) fn parse<'word>(words: impl Iterator<Item = &'word str>) -> Result<Self, String> {
        let mut state = Self { step: Step::Create, defect: None };
        for word in words {
            let step = word.strip_prefix("at=").and_then(|name| Step::ALL.into_iter().find(|step| step.name() == name));
            match (word, step) {
                (_, Some(step)) => state.step = step,
                ("unknown", _) => state.defect = Some(Defect::Unknown),
                ("revoked", _) => state.defect = Some(Defect::Revoked),
                ("foreign", _) => state.defect = Some(Defect::Foreign),
                ("disabled", _) => state.defect = Some(Defect::Disabled),
                ("superseded", _) => state.defect = Some(Defect::Superseded),
                ("replica", _) => state.defect = Some(Defect::Replica),
                _ => {
                    return Err(format!(
                        "{word} is not one of at=STEP, unknown, revoked, foreign, disabled, superseded, replica"
                    ));
                }
            }
        }
        Ok(state)
    }

    /// Makes the secret, and begins its rotation.
    pub(super) async fn begin(self, backend: &Backend<'_>) -> Result<Rotation, String> {
        let Backend { table, secrets, .. } = backend;
        let current = StoredKey::new();
        let is_foreign = self.defect == Some(Defect::Foreign);
        let value = if is_foreign { r#"{"username":"user-61"}"#.to_owned() } else { current.delivered() };
        if self.defect == Some(Defect::Replica) {
            return Rotation::of_replica(*secrets, &backend.secret_name(&new_token()), &value).await;
        }
        let arn = secrets.try_create(&backend.secret_name(&new_token()), &value).await?;
        match self.defect {
            Some(Defect::Unknown) => {}
            Some(Defect::Revoked) => table.try_put_item(current.revoked().item).await?,
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
        match self.defect {
            Some(Defect::Disabled) => rotation.disable().await?,
            Some(Defect::Superseded) => {
                secrets.try_put(&arn, rotation.token(), &["AWSPREVIOUS"], &successor.delivered()).await?;
            }
            Some(Defect::Unknown | Defect::Revoked | Defect::Foreign | Defect::Replica) | None => {}
        }
        Ok(rotation)
    }
}
