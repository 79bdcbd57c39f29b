//! The jwt function with a verifier that panics for one user, to see what a panic leaves to the others.

use jwt::TokenVerifier;
use shared::authenticate::{Authenticate, EventAuthority, Services};
use shared::call::Call;
use shared::config::{Config, SecretArn};
use shared::error::Error;
use shared::function::Function;
use shared::http::HttpChallenge;
use shared::principal::Principal;
use shared::provision::Source;

use crate::support::environment;

/// Whose requests panic, with all that is known of them at hand.
pub(super) const UNLUCKY: u64 = 13;

/// The jwt function's verifier, which panics once it knows that user 13 is calling.
pub(super) struct Fragile(TokenVerifier);

impl HttpChallenge for Fragile {
    const CHALLENGE: &'static str = TokenVerifier::CHALLENGE;
}

impl Authenticate for Fragile {
    const ENDPOINT: &'static str = TokenVerifier::ENDPOINT;
    const SCHEME: &'static str = TokenVerifier::SCHEME;

    async fn authenticate(&self, credential: &str, services: Services<'_>, call: &Call) -> Result<Principal, Error> {
        let principal = self.0.authenticate(credential, services, call).await?;
        assert_ne!(principal.user_id.get(), UNLUCKY, "a panic that is meant");
        Ok(principal)
    }
}

impl EventAuthority for Fragile {
    const ROTATES: bool = TokenVerifier::ROTATES;

    async fn authority(
        &self,
        authorization: Option<&str>,
        source: Source,
        services: Services<'_>,
        call: &Call,
    ) -> Result<Principal, Error> {
        let principal = self.0.authority(authorization, source, services, call).await?;
        assert_ne!(principal.user_id.get(), UNLUCKY, "a panic that is meant");
        Ok(principal)
    }

    fn provisioner(&self) -> Option<&SecretArn> {
        None
    }
}

impl Fragile {
    pub(super) async fn function(variables: &[(&str, &str)]) -> Function<Self> {
        let environment = environment(variables);
        let verifier = Self(TokenVerifier::configure(&environment).unwrap());
        Function::new(verifier, &Config::read(&environment).unwrap()).await.unwrap()
    }
}
