//! A function that panics at its first request and authenticates every later caller, for tests after a panic.

use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

use shared::domain::{Credential, ExpiresAt, PermissionLevel, Principal, UserId};
use shared::inbound::events::AuthenticateEvent;
use shared::inbound::rotation::RotateSecrets;
use shared::keys::{Authenticate, AuthenticateError, Rejection, Services};
use shared::platform::Call;
use shared::platform::config::{ConfigError, Environment};

struct PanickingVerifier(AtomicBool);

impl Authenticate for PanickingVerifier {
    const ENDPOINT: &'static str = "jwt";
    const SCHEME: &'static str = "Bearer";
    const CHALLENGE: &'static str = r#"Bearer realm="apikeys""#;

    async fn authenticate(&self, credential: &str, _: Services<'_>, _: &Call) -> Result<Principal, AuthenticateError> {
        assert!(self.0.swap(true, Ordering::SeqCst), "a panic that quotes {credential}");
        let user_id = UserId::new(61).ok_or(Rejection::new("never"))?;
        let level = PermissionLevel::new(4).ok_or(Rejection::new("never"))?;
        let credential = Credential::Jwt { expires_at: ExpiresAt::from_epoch_seconds(u64::MAX) };
        Ok(Principal { user_id, level, active: true, credential, provisioner: None })
    }
}

impl AuthenticateEvent for PanickingVerifier {}

impl RotateSecrets for PanickingVerifier {}

fn configure(_: &Environment) -> Result<PanickingVerifier, ConfigError> {
    Ok(PanickingVerifier(AtomicBool::new(false)))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    shared::lambda::run(configure).await
}
