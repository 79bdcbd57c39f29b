//! A function that panics at its first request and lets everybody in after that, to see what a panic leaves behind.

use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

use shared::call::Call;
use shared::config::{ConfigError, Environment};
use shared::error::Error;
use shared::function::Authenticate;
use shared::http::HttpScheme;
use shared::level::PermissionLevel;
use shared::principal::{Credential, Principal};
use shared::store::Store;
use shared::user_id::UserId;

struct Fragile(AtomicBool);

impl HttpScheme for Fragile {
    const SCHEME: &'static str = "Bearer";
    const CHALLENGE: &'static str = r#"Bearer realm="apikeys""#;
}

impl Authenticate for Fragile {
    const ENDPOINT: &'static str = "jwt";

    async fn authenticate(&self, credential: &str, _: &Store, _: &Call) -> Result<Principal, Error> {
        assert!(self.0.swap(true, Ordering::SeqCst), "a panic that quotes {credential}");
        let user_id = UserId::new(61).ok_or(Error::unauthenticated("never"))?;
        let level = PermissionLevel::new(4).ok_or(Error::unauthenticated("never"))?;
        Ok(Principal { user_id, level, active: true, credential: Credential::Jwt })
    }
}

fn configure(_: &Environment) -> Result<Fragile, ConfigError> {
    Ok(Fragile(AtomicBool::new(false)))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    shared::runtime::run(configure).await
}
