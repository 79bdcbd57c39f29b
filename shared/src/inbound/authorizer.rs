//! Lambda authorizers: a function decides whether a caller is admitted to another API of API Gateway.
//!
//! The same code as for the HTTP endpoints authenticates the caller. Amazon API Gateway Developer Guide, "Use API Gateway
//! Lambda authorizers" and "Control access to HTTP APIs with AWS Lambda authorizers".

mod error;
mod event;
mod response;

use serde::Serialize;

use super::authorization;
use super::request_log::{LogEntry, RequestLog};
use crate::domain::Principal;
use crate::keys::{Authenticate, Service};
use crate::platform::{Call, guarded};
pub use error::AuthorizeError;
pub use event::AuthorizerEvent;
use response::Response;

/// Admits or refuses a caller in the form that the API expects, and logs the result.
///
/// # Errors
/// An [`AuthorizeError`] that is a fault. Every other error is a refusal, which is an answer: API Gateway would count an
/// error as a failure of the function, which any caller could then cause.
pub(crate) async fn answer<'a, A: Authenticate>(
    service: &Service<A>,
    event: &'a AuthorizerEvent<'_>,
    request_id: &str,
    call: Call,
) -> Result<impl Serialize + use<'a, A>, AuthorizeError> {
    let log = RequestLog::begin(service, request_id, "authorizer");
    let mut caller = None;
    let outcome = guarded(authorize(service, event, call, &mut caller)).await;
    let (log, entry) = match &outcome {
        Ok(()) => (log, LogEntry::success("admitted", None)),
        // The configuration of the API causes the refusal, and its caller can't change that.
        Err(error @ AuthorizeError::IdentitySourceWrong) => (log.without_reader(), error.log_entry()),
        Err(error) => (log, error.log_entry()),
    };
    log.write(service, caller.as_ref(), &entry);
    let admitted = match outcome {
        Ok(()) => caller.as_ref(),
        Err(error @ AuthorizeError::Fault(_)) => return Err(error),
        Err(_) => None,
    };
    Ok(Response::new(event, service.authorizer.response, admitted))
}

async fn authorize<A: Authenticate>(
    service: &Service<A>,
    event: &AuthorizerEvent<'_>,
    call: Call,
    caller: &mut Option<Principal>,
) -> Result<(), AuthorizeError> {
    let credential = authorization::from_header(&event.authorization, A::SCHEME)?;
    if !event.identity_source_is_authorization() {
        return Err(AuthorizeError::IdentitySourceWrong);
    }
    let principal = service.authenticator.authenticate(credential, service.services(), &call).await?;
    let principal = caller.insert(principal);
    principal.require_active()?;
    principal.require_level(service.authorizer.min_level)?;
    Ok(())
}
