//! HTTP through API Gateway, a Function URL or a load balancer. Only this adapter uses statuses and headers.
//!
//! Every request gets an answer that the contract defines, also if the code panics.

mod body;
mod error;
mod gateway_event;
mod headers;
mod outcome;
mod response;
mod route;

use serde::Serialize;

use super::authorization;
use super::request_log::RequestLog;
use crate::domain::{AuthorizedCaller, Principal};
use crate::keys::{Authenticate, IdempotencyKey, Service, create};
use crate::platform::{Call, guarded};
pub use error::HttpError;
pub use gateway_event::{GatewayEvent, Origin};
use outcome::Outcome;
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
    let outcome = guarded(handle(service, event, call, &mut caller)).await;
    let response = response::of(&outcome, A::CHALLENGE);
    let entry = match &outcome {
        Ok(outcome) => outcome.log_entry(),
        Err(error) => error.log_entry(),
    };
    log.with_status(response.status().as_u16()).write(service, caller.as_ref(), &entry);
    response::write(event.origin(), response).await
}

async fn handle<A: Authenticate>(
    service: &Service<A>,
    event: &GatewayEvent<'_>,
    call: Call,
    caller: &mut Option<Principal>,
) -> Result<Outcome, HttpError> {
    let route = Route::find(event.method())?;
    let authorization = event.header("authorization");
    let credential = authorization::from_header(&authorization, A::SCHEME)?;
    let principal = service.authenticator.authenticate(credential, service.services(), &call).await?;
    *caller = Some(principal.clone());
    match route {
        Route::CreateKey => {
            let caller = AuthorizedCaller::authorize(principal)?;
            let request = body::parse(event, service.max_expires_in)?;
            let idempotency_key = idempotency_key(event)?;
            let store = service.services().store;
            let created = create(&caller, request, idempotency_key, service.max_expires_in, store, call).await?;
            Ok(Outcome::Created(created))
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
