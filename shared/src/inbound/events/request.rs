//! The request in an event: the object of an HTTP body, with `deliverTo`, `idempotencyKey` and `authorization`.

use super::super::request_log::{LogEntry, RequestLog};
use super::authenticate::AuthenticateEvent;
use super::envelope::RequestText;
use super::error::EventError;
use super::source::Source;
use crate::domain::{AuthorizedCaller, DeliverTo, InvalidRequest, KeyRequest, Principal};
use crate::keys::{AuthenticateError, CreatedKey, Delivery, IdempotencyKey, Rejection, Service, create, deliver};
use crate::platform::{Call, guarded};
use crate::text::{Object, Value};

/// The longest request, in bytes: the same limit as for an HTTP body.
const MAX_BYTES: usize = 16 * 1024;

/// The longest id of an event, in characters.
const MAX_ID_CHARS: usize = 256;

/// The members in which Step Functions passes a task token, by the usual names. The service never returns one with
/// `SendTaskSuccess`, so a state that waits for it would wait until its time-out.
const TASK_TOKENS: [&str; 2] = ["taskToken", "TaskToken"];

/// Answers one request of an event, and logs the result.
pub(super) async fn answer_and_log<A: AuthenticateEvent>(
    service: &Service<A>,
    log: RequestLog<'_>,
    source: Source,
    request: Option<RequestText<'_>>,
    call: Call,
) -> Result<CreatedKey, EventError> {
    let mut caller = None;
    let outcome = guarded(answer(service, source, request, call.patient(), &mut caller)).await;
    let entry = match &outcome {
        Ok(created) => LogEntry::created(created),
        Err(error) => error.log_entry(),
    };
    log.write(service, caller.as_ref(), &entry);
    outcome
}

/// Answers one request. `caller` is set as soon as the caller has authenticated.
async fn answer<A: AuthenticateEvent>(
    service: &Service<A>,
    source: Source,
    request: Option<RequestText<'_>>,
    call: Call,
    caller: &mut Option<Principal>,
) -> Result<CreatedKey, EventError> {
    let RequestText { object, event_id } = request.ok_or(EventError::Unknown)?;
    if object.len() > MAX_BYTES {
        return Err(InvalidRequest::BodyInvalid.into());
    }
    let object = Object::parse(&object).map_err(|_| InvalidRequest::BodyInvalid)?;
    if TASK_TOKENS.iter().any(|member| object.get(member).is_some()) {
        return Err(EventError::TaskTokenUnsupported);
    }
    if source.is_bus() && service.delivery_prefix.is_none() {
        return Err(EventError::Disabled);
    }
    let authorization = authorization(object.get("authorization"))?;
    let services = service.services();
    let principal = service.authenticator.authenticate_event(authorization, source, services, &call).await?;
    *caller = Some(principal.clone());
    let caller = AuthorizedCaller::authorize(principal)?;
    let limit = service.max_expires_in;
    let request = KeyRequest::from_object(&object, limit)?;
    match delivery(service, &object, event_id, &caller, source)? {
        Some(delivery) => Ok(deliver(&caller, &request, &delivery, limit, services, call).await?),
        None => {
            let id = idempotency_key(&object)?.map(IdempotencyKey::parse).transpose();
            let id = id.map_err(|_| EventError::IdempotencyKeyInvalid)?;
            Ok(create(&caller, request, id, limit, services.store, call).await?)
        }
    }
}

/// The secret to deliver in; `None` for a direct invocation that may get the key's secret in its answer.
fn delivery<A>(
    service: &Service<A>,
    object: &Object<'_>,
    event_id: Option<String>,
    caller: &AuthorizedCaller,
    source: Source,
) -> Result<Option<Delivery>, EventError> {
    let deliver_to = match object.get("deliverTo") {
        None | Some(Value::Null) => {
            let may_answer = source == Source::Direct && service.allow_plaintext_result;
            return if may_answer { Ok(None) } else { Err(EventError::DeliverToMissing) };
        }
        Some(Value::String(text)) => DeliverTo::parse(text).ok_or(EventError::DeliverToInvalid)?,
        Some(_) => return Err(EventError::DeliverToInvalid),
    };
    let prefix = service.delivery_prefix.as_deref().ok_or(EventError::Disabled)?;
    let id = idempotency_key(object)?.map(str::to_owned).or(event_id).ok_or(EventError::IdempotencyKeyMissing)?;
    if id.is_empty() || id.chars().count() > MAX_ID_CHARS {
        return Err(EventError::IdempotencyKeyInvalid);
    }
    Ok(Some(Delivery::new(deliver_to.secret_name(prefix, caller.principal().user_id), caller, &id)))
}

/// The member `authorization`, which has the syntax of an `Authorization` header's value.
fn authorization<'a>(member: Option<&'a Value<'_>>) -> Result<Option<&'a str>, EventError> {
    match member {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => {
            let rejection = Rejection::new("authorizationMalformed");
            Err(EventError::Authenticate(AuthenticateError::Rejected(rejection)))
        }
    }
}

fn idempotency_key<'a>(object: &'a Object<'_>) -> Result<Option<&'a str>, EventError> {
    match object.get("idempotencyKey") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(EventError::IdempotencyKeyInvalid),
    }
}
