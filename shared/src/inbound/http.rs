//! HTTP through API Gateway, a Function URL or a load balancer. Only this adapter uses statuses and headers.
//!
//! Every request gets an answer that the contract defines, also if the code panics.

mod body;
mod error;
mod gateway_event;
mod outcome;
mod query;
mod response;
mod route;

use serde::Serialize;

use super::authorization;
use super::code;
use super::request_log::RequestLog;
use crate::domain::{AuthorizedCaller, KeyId, KeyMetadata, Principal};
use crate::keys::{Authenticate, IdempotencyKey, Service, create, list, read, revoke};
use crate::platform::{Call, guarded};
pub use error::HttpError;
pub use gateway_event::{GatewayEvent, Origin};
use outcome::Outcome;
pub use query::InvalidQuery;
use route::Route;

/// Answers one request in the form of its origin.
pub(crate) async fn answer<A: Authenticate>(
    service: &Service<A>,
    event: &GatewayEvent<'_>,
    request_id: &str,
    call: Call,
) -> impl Serialize + Send {
    let log = RequestLog::begin(service, request_id, event.origin().name());
    // An out-parameter, so that the log line has the caller also if the request fails or panics.
    let mut caller = None;
    let route = Route::find(event.method(), event.path(), A::ENDPOINT, A::CALLER_IS_KEY);
    let failure_code = route.as_ref().map_or(code::CREATE_FAILED, |route| route.failure_code());
    let outcome = match route {
        Ok(route) => guarded(handle(service, route, event, call, &mut caller)).await,
        Err(error) => Err(error),
    };
    let response = response::of(&outcome, failure_code, A::CHALLENGE);
    let entry = match &outcome {
        Ok(outcome) => outcome.log_entry(),
        Err(error) => error.log_entry(failure_code),
    };
    log.with_status(response.status().as_u16()).write(service, caller.as_ref(), &entry);
    response::write(event.origin(), response).await
}

async fn handle<A: Authenticate>(
    service: &Service<A>,
    route: Route<'_>,
    event: &GatewayEvent<'_>,
    call: Call,
    caller: &mut Option<Principal>,
) -> Result<Outcome, HttpError> {
    let authorization = event.header("authorization");
    let credential = authorization::from_header(&authorization, A::SCHEME)?;
    let principal = service.authenticator.authenticate(credential, service.services(), &call).await?;
    *caller = Some(principal.clone());
    principal.require_active()?;
    let store = service.services().store;
    match route {
        Route::CreateKey => {
            let caller = AuthorizedCaller::authorize(principal)?;
            let request = body::parse(event, service.max_expires_in)?;
            let idempotency_key = idempotency_key(event)?;
            let created = create(&caller, request, idempotency_key, service.max_expires_in, store, call).await?;
            Ok(Outcome::Created(created))
        }
        // The other routes are boxed, so that they do not enlarge the future of a create.
        Route::ListKeys => {
            let page = query::page(event)?;
            Ok(Outcome::Listed(Box::pin(list(&principal, page, store, &call)).await?))
        }
        Route::ReadKey(id) => Ok(Outcome::Read(Box::pin(read(&principal, KeyId::parse(id), store, &call)).await?)),
        // Only a key has this route.
        Route::ReadCaller => principal.key().map(KeyMetadata::from).map(Outcome::Read).ok_or(HttpError::RouteUnknown),
        Route::RevokeKey(id) => {
            let with_chain = query::with_chain(event)?;
            Ok(Outcome::Revoked(Box::pin(revoke(&principal, KeyId::parse(id), with_chain, store, &call)).await?))
        }
    }
}

fn idempotency_key(event: &GatewayEvent<'_>) -> Result<Option<IdempotencyKey>, HttpError> {
    match event.header("idempotency-key").as_slice() {
        [] => Ok(None),
        [value] => IdempotencyKey::parse(value).map(Some).map_err(|_| HttpError::IdempotencyKeyInvalid),
        _ => Err(HttpError::IdempotencyKeyInvalid),
    }
}
