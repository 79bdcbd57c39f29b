//! The key that events without a credential act with. It limits their keys, as any calling key does.
//!
//! It is read from its secret on first use, and again when it no longer authenticates. The content of an event never
//! causes a read.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use shared::domain::{Fault, Principal, Record, SecretArn};
use shared::keys::{AuthenticateError, KeptKey, PresentedKey, Services, VerifyError, verify};
use shared::outbound::Version;
use shared::platform::Call;
use shared::platform::config::{ConfigError, Environment};

/// The caller of events without a credential.
pub(crate) struct Provisioner {
    secret: SecretArn,
    known: Mutex<Option<PresentedKey>>,
}

impl Provisioner {
    /// Reads `PROVISIONER_SECRET_ARN`, which may be unset.
    pub(crate) fn configure(environment: &Environment) -> Result<Option<Self>, ConfigError> {
        let secret = environment.secret_arn("PROVISIONER_SECRET_ARN")?;
        Ok(secret.map(|secret| Self { secret, known: Mutex::new(None) }))
    }

    pub(crate) const fn secret(&self) -> &SecretArn {
        &self.secret
    }

    /// Authenticates the key, and returns its principal.
    pub(crate) async fn principal(&self, services: Services<'_>, call: &Call) -> Result<Principal, AuthenticateError> {
        if let Some(known) = self.known() {
            match verify(&known, call.now, services.store, call.deadline).await {
                Err(VerifyError::Rejected(_)) => {}
                verified => return Ok(self.acting_with(verified?)),
            }
        }
        let read = services.secrets.read(self.secret.as_str(), Version::Current, call.deadline).await?;
        let version = read.ok_or(Fault::new("provisionerMissing"))?;
        let kept = KeptKey::parse(&version.text).ok_or(Fault::new("provisionerMalformed"))?;
        match verify(&kept.presented, call.now, services.store, call.deadline).await {
            Ok(record) => {
                *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Some(kept.presented);
                Ok(self.acting_with(record))
            }
            // Only the operator can correct this, so it is a fault and not a refusal of the event.
            Err(VerifyError::Rejected(rejection)) => {
                Err(Fault { key_id: rejection.key_id, ..Fault::new("provisionerRefused") }.into())
            }
            Err(error @ VerifyError::Fault(_)) => Err(error.into()),
        }
    }

    fn acting_with(&self, record: Record) -> Principal {
        Principal { provisioner: Some(self.secret.clone()), ..Principal::from(record) }
    }

    fn known(&self) -> Option<PresentedKey> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl fmt::Debug for Provisioner {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Provisioner(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_output_contains_no_value() {
        let variables = [("PROVISIONER_SECRET_ARN", "arn:aws:secretsmanager:us-east-1:123456789012:secret:ci-AbCdEf")];
        let environment = variables.map(|(name, value)| (name.to_owned(), value.to_owned())).into_iter().collect();
        let provisioner = Provisioner::configure(&environment).unwrap().unwrap();
        assert_eq!(format!("{provisioner:?}"), "Provisioner(..)");
    }
}
