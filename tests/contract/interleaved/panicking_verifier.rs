//! The jwt function with a verifier that panics for one user.

use jwt::TokenVerifier;
use shared::domain::Principal;
use shared::inbound::events::{AuthenticateEvent, EventAuthenticateError, Source};
use shared::inbound::rotation::RotateSecrets;
use shared::keys::{Authenticate, AuthenticateError, Services};
use shared::lambda::Function;
use shared::platform::Call;
use shared::platform::config::Config;

use crate::support::environment;

/// The user whose requests panic.
pub(super) const PANICKING_USER: u64 = 13;

/// A verifier that panics after it has identified user 13.
pub(super) struct PanickingVerifier(TokenVerifier);

impl Authenticate for PanickingVerifier {
    const ENDPOINT: &'static str = TokenVerifier::ENDPOINT;
    const SCHEME: &'static str = TokenVerifier::SCHEME;
    const CHALLENGE: &'static str = TokenVerifier::CHALLENGE;

    async fn authenticate(
        &self,
        credential: &str,
        services: Services<'_>,
        call: &Call,
    ) -> Result<Principal, AuthenticateError> {
        let principal = self.0.authenticate(credential, services, call).await?;
        assert_ne!(principal.user_id.get(), PANICKING_USER, "an intended panic");
        Ok(principal)
    }
}

impl AuthenticateEvent for PanickingVerifier {
    async fn authenticate_event(
        &self,
        authorization: Option<&str>,
        source: Source,
        services: Services<'_>,
        call: &Call,
    ) -> Result<Principal, EventAuthenticateError> {
        let principal = self.0.authenticate_event(authorization, source, services, call).await?;
        assert_ne!(principal.user_id.get(), PANICKING_USER, "an intended panic");
        Ok(principal)
    }
}

impl RotateSecrets for PanickingVerifier {}

impl PanickingVerifier {
    pub(super) async fn function(variables: &[(&str, &str)]) -> Function<Self> {
        let environment = environment(variables);
        let verifier = Self(TokenVerifier::configure(&environment).unwrap());
        Function::new(verifier, &Config::read(&environment).unwrap()).await.unwrap()
    }
}
