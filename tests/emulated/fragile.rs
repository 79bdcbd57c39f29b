//! A function that panics at its first request and lets everybody in after that, to see what a panic leaves behind.

use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

use shared::authenticate::{Authenticate, EventAuthority, Services};
use shared::call::Call;
use shared::config::{ConfigError, Environment, SecretArn};
use shared::error::Error;
use shared::http::HttpChallenge;
use shared::level::PermissionLevel;
use shared::principal::{Credential, Principal};
use shared::provision::Source;
use shared::user_id::UserId;

struct Fragile(AtomicBool);

impl HttpChallenge for Fragile {
    const CHALLENGE: &'static str = r#"Bearer realm="apikeys""#;
}

impl Authenticate for Fragile {
    const ENDPOINT: &'static str = "jwt";
    const SCHEME: &'static str = "Bearer";

    async fn authenticate(&self, credential: &str, _: Services<'_>, _: &Call) -> Result<Principal, Error> {
        assert!(self.0.swap(true, Ordering::SeqCst), "a panic that quotes {credential}");
        let user_id = UserId::new(61).ok_or(Error::unauthenticated("never"))?;
        let level = PermissionLevel::new(4).ok_or(Error::unauthenticated("never"))?;
        Ok(Principal { user_id, level, active: true, credential: Credential::Jwt, provisioner: None })
    }
}

impl EventAuthority for Fragile {
    const ROTATES: bool = false;

    async fn authority(
        &self,
        authorization: Option<&str>,
        _: Source,
        services: Services<'_>,
        call: &Call,
    ) -> Result<Principal, Error> {
        self.authenticate(authorization.unwrap_or_default(), services, call).await
    }

    fn provisioner(&self) -> Option<&SecretArn> {
        None
    }
}

fn configure(_: &Environment) -> Result<Fragile, ConfigError> {
    Ok(Fragile(AtomicBool::new(false)))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    shared::runtime::run(configure).await
}
