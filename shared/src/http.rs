//! HTTP, as API Gateway, Function URLs and load balancers hand it on: the only module that knows statuses and headers.
//!
//! Every request is answered in the contract's words, also one that makes the code panic.

mod authorization;
mod body;
mod headers;
mod request;
mod response;

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;
use lambda_http::{Body, Response};

use crate::error::{Error, Fault};
use crate::function::{Authenticate, Call, Function};
use crate::issue::{Issued, issue};
use crate::principal::Principal;
pub use request::{GatewayEvent, Origin};
pub use response::write as write_response;

/// A request's answer, and what its log line needs beyond it.
#[derive(Debug)]
pub struct Answer {
    /// The response to hand back.
    pub response: Response<Body>,
    /// Who called, once that is proven.
    pub caller: Option<Principal>,
    /// What came of it.
    pub outcome: Result<Issued, Error>,
}

/// Answers one request.
pub async fn answer<A: Authenticate>(function: &Function<A>, event: &GatewayEvent<'_>, call: Call) -> Answer {
    let mut caller = None;
    let outcome = AssertUnwindSafe(create(function, event, call, &mut caller))
        .catch_unwind()
        .await
        .unwrap_or_else(|_| Err(Fault::new("panic").into()));
    Answer { response: response::of(&outcome, A::CHALLENGE), caller, outcome }
}

async fn create<A: Authenticate>(
    function: &Function<A>,
    event: &GatewayEvent<'_>,
    call: Call,
    caller: &mut Option<Principal>,
) -> Result<Issued, Error> {
    if event.method() != "POST" {
        return Err(Error::MethodNotAllowed);
    }
    let authorization = event.header("authorization");
    let credential = authorization::credential(&authorization, A::SCHEME)?;
    let principal = function.authenticator.authenticate(credential, &function.store, &call).await?;
    *caller = Some(principal.clone());
    let creator = principal.may_create()?;
    let wish = body::parse(event, function.max_expires_in)?;
    let grant = creator.grant(wish, call.now, function.max_expires_in)?;
    Ok(issue(grant, call.now, call.draw?, &function.store, call.deadline).await?)
}
