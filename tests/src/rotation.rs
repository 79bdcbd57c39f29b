//! Secrets Manager's part of a rotation: stages a new version without a value, and invokes the function for each step.
//!
//! As in AWS, rotation is enabled and the new version is at `AWSPENDING`. moto reaches this state only in the middle of
//! `RotateSecret`, which then moves `AWSCURRENT`. With an unknown function, `RotateSecret` of moto fails in this state,
//! so this module expects that error.

use aws_sdk_secretsmanager::types::RotationRulesType;
use serde_json::{Value, json};

use crate::secrets_manager::{Secrets, line, new_token};

/// A function that moto doesn't know.
const NO_FUNCTION: &str = "arn:aws:lambda:us-east-1:123456789012:function:none";

/// A step of a rotation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Store a new value at `AWSPENDING`.
    Create,
    /// Register the new value with the service.
    Set,
    /// Test the new value.
    Test,
    /// Move `AWSCURRENT` to the new version.
    Finish,
}

impl Step {
    /// All steps, in order.
    pub const ALL: [Self; 4] = [Self::Create, Self::Set, Self::Test, Self::Finish];

    /// The value of `Step`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Create => "createSecret",
            Self::Set => "setSecret",
            Self::Test => "testSecret",
            Self::Finish => "finishSecret",
        }
    }
}

/// A rotation in progress.
#[derive(Clone, Debug)]
pub struct Rotation {
    secrets: Secrets,
    arn: String,
    token: String,
}

impl Rotation {
    /// Enables the rotation of a secret and begins a rotation. As in AWS, an unfinished rotation continues.
    ///
    /// # Errors
    ///
    /// Returns one line if there is no such secret or Secrets Manager doesn't answer.
    pub async fn begin(secrets: Secrets, secret: &str) -> Result<Self, String> {
        let described = secrets.client().describe_secret().secret_id(secret).send().await.map_err(line)?;
        let arn = described.arn.ok_or("DescribeSecret answers without an ARN")?;
        let current = secrets.try_version_with(&arn, "AWSCURRENT").await?;
        match secrets.try_version_with(&arn, "AWSPENDING").await? {
            Some(pending) if Some(&pending) == current.as_ref() => unstage(secrets, &arn, &pending).await?,
            Some(token) => return Ok(Self { secrets, arn, token }),
            None => {}
        }
        let rotation = Self { secrets, arn, token: new_token() };
        rotation.stage().await?;
        Ok(rotation)
    }

    /// A rotation of a new replica. Secrets Manager begins none, but its events can be sent all the same.
    ///
    /// # Errors
    ///
    /// Returns one line if the secret exists or Secrets Manager doesn't answer.
    pub async fn of_replica(secrets: Secrets, name: &str, value: &str) -> Result<Self, String> {
        let arn = secrets.try_create_replica(name, value).await?;
        Ok(Self { secrets, arn, token: new_token() })
    }

    /// The secret's ARN.
    #[must_use]
    pub fn arn(&self) -> &str {
        &self.arn
    }

    /// The new version's id.
    #[must_use]
    pub fn token(&self) -> &str {
        &self.token
    }

    /// The event of a step.
    #[must_use]
    pub fn payload(&self, step: Step) -> Value {
        json!({ "Step": step.name(), "SecretId": self.arn, "ClientRequestToken": self.token })
    }

    /// Invokes the function for each step in order, until a step fails.
    ///
    /// # Errors
    ///
    /// Returns the failed step with its error.
    pub async fn run<E>(&self, mut invoke: impl AsyncFnMut(Value) -> Result<Value, E>) -> Result<(), (Step, E)> {
        for step in Step::ALL {
            invoke(self.payload(step)).await.map_err(|error| (step, error))?;
        }
        Ok(())
    }

    /// Disables the rotation of the secret. Its versions do not change.
    ///
    /// # Errors
    ///
    /// Returns one line if Secrets Manager doesn't answer.
    pub async fn disable(&self) -> Result<(), String> {
        let request = self.secrets.client().cancel_rotate_secret().secret_id(&self.arn);
        request.send().await.map(drop).map_err(line)
    }

    async fn stage(&self) -> Result<(), String> {
        let request = self.secrets.client().rotate_secret().secret_id(&self.arn).client_request_token(&self.token);
        let rules = RotationRulesType::builder().automatically_after_days(30).build();
        let output = request.rotation_lambda_arn(NO_FUNCTION).rotation_rules(rules).send().await;
        let staged = self.secrets.try_version_with(&self.arn, "AWSPENDING").await?;
        match output {
            Err(error) if staged.as_ref() != Some(&self.token) => Err(line(error)),
            Err(_) => Ok(()),
            Ok(_) => Err("moto knows the function that it must not know".to_owned()),
        }
    }
}

/// Removes `AWSPENDING` from the current version. Secrets Manager keeps it there, but moto then begins no rotation.
async fn unstage(secrets: Secrets, arn: &str, version: &str) -> Result<(), String> {
    let request = secrets.client().update_secret_version_stage().secret_id(arn).version_stage("AWSPENDING");
    request.remove_from_version_id(version).send().await.map(drop).map_err(line)
}

#[cfg(test)]
mod tests;
