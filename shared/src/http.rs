//! HTTP, as API Gateway, Function URLs and load balancers hand it on: the only module that knows statuses and headers.
//!
//! Every request is answered in the contract's words, also one that makes the code behind it panic.

mod body;
mod headers;
mod request;
mod response;

use lambda_http::{Body, Response};
use serde::Serialize;

use crate::authorization;
use crate::call::Call;
use crate::create::{Creation, create};
use crate::error::Error;
use crate::function::{Authenticator, Function, guarded};
use crate::idempotency::IdempotencyKey;
use crate::principal::Principal;
pub use request::{GatewayEvent, Origin};

/// How a verifier of credentials asks for one.
pub trait HttpChallenge {
    /// The `WWW-Authenticate` header.
    const CHALLENGE: &'static str;
}

/// A request's answer, and what its log line needs beyond it. It has no `Debug`, since a 201 holds a secret.
pub struct Answer {
    origin: Origin,
    response: Response<Body>,
    /// Who called, once that is proven.
    pub caller: Option<Principal>,
    /// What came of it.
    pub outcome: Result<Creation, Error>,
}

impl Answer {
    /// The status.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.response.status().as_u16()
    }

    /// The response in the form that its origin reads.
    pub async fn write(self) -> impl Serialize + Send {
        response::write(self.origin, self.response).await
    }
}

/// Answers one request.
pub async fn answer<A: Authenticator>(function: &Function<A>, event: &GatewayEvent<'_>, call: Call) -> Answer {
    // An out-parameter, so that the log names the caller of a request that then fails or panics.
    let mut caller = None;
    let outcome = guarded(handle(function, event, call, &mut caller)).await;
    Answer { origin: event.origin(), response: response::of(&outcome, A::CHALLENGE), caller, outcome }
}

async fn handle<A: Authenticator>(
    function: &Function<A>,
    event: &GatewayEvent<'_>,
    call: Call,
    caller: &mut Option<Principal>,
) -> Result<Creation, Error> {
    if event.method() != "POST" {
        return Err(Error::MethodNotAllowed);
    }
    let authorization = event.header("authorization");
    let credential = authorization::credential(&authorization, A::SCHEME)?;
    let principal = function.authenticator.authenticate(credential, function.services(), &call).await?;
    *caller = Some(principal.clone());
    let creator = principal.authorize_creation()?;
    let request = body::parse(event, function.max_expires_in)?;
    let idempotency_key = IdempotencyKey::from_header(&event.header("idempotency-key"))?;
    create(&creator, request, idempotency_key, function.max_expires_in, &function.store, call).await
}
