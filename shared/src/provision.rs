//! A request for a key that comes in an event: the adapter beside HTTP.
//!
//! A bus is no trust boundary, and nobody waits for its answer: the secret is delivered, or nothing is written.

use crate::call::Call;
use crate::create::{Creation, create};
use crate::delivery::{Delivery, deliver};
use crate::destination::DeliverTo;
use crate::error::{Error, EventError, InvalidRequest};
use crate::event::Carried;
use crate::function::{Authenticator, Function};
use crate::idempotency::IdempotencyKey;
use crate::json::{Object, Value};
use crate::key_request::KeyRequest;
use crate::principal::{Creator, Principal};

/// The longest request, in bytes; the same as that of an HTTP body.
const MAX_BYTES: usize = 16 * 1024;

/// The longest id of an event, in characters.
const MAX_ID_CHARS: usize = 256;

/// Where a request comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// Whoever may invoke the function, and reads its answer.
    Direct,
    /// A bus of EventBridge.
    EventBridge,
    /// A topic of SNS.
    Sns,
    /// A queue of SQS.
    Sqs,
}

impl Source {
    /// The name in the log.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::EventBridge => "eventBridge",
            Self::Sns => "sns",
            Self::Sqs => "sqs",
        }
    }

    /// Whether others keep what it carries, and nobody reads the answer.
    #[must_use]
    pub const fn is_bus(self) -> bool {
        !matches!(self, Self::Direct)
    }
}

/// Answers one request; `caller` is set as soon as it is known.
pub(crate) async fn provision<A: Authenticator>(
    function: &Function<A>,
    source: Source,
    carried: Option<Carried<'_>>,
    call: Call,
    caller: &mut Option<Principal>,
) -> Result<Creation, Error> {
    let Carried { object, id } = carried.ok_or(EventError::Unknown)?;
    if object.len() > MAX_BYTES {
        return Err(InvalidRequest::PostBodyInvalid.into());
    }
    let object = Object::parse(&object).map_err(|_| InvalidRequest::PostBodyInvalid)?;
    if source.is_bus() && function.delivery_prefix.is_none() {
        return Err(EventError::Disabled.into());
    }
    let authorization = authorization(object.get("authorization"))?;
    let services = function.services();
    let principal = function.authenticator.authority(authorization, source, services, &call).await?;
    *caller = Some(principal.clone());
    let creator = principal.authorize_creation()?;
    let request = KeyRequest::from_object(&object, function.max_expires_in)?;
    let limit = function.max_expires_in;
    match function.delivery(&object, id, &creator, source)? {
        Some(delivery) => deliver(&creator, &request, &delivery, limit, services, call).await,
        None => {
            let idempotency_key = match id_member(&object)? {
                None => None,
                Some(text) => Some(IdempotencyKey::from_text(text)?),
            };
            create(&creator, request, idempotency_key, limit, services.store, call).await
        }
    }
}

impl<A: Authenticator> Function<A> {
    /// Where the secret goes; `None` for a direct invocation that may have it back.
    fn delivery(
        &self,
        object: &Object<'_>,
        event_id: Option<String>,
        creator: &Creator,
        source: Source,
    ) -> Result<Option<Delivery>, Error> {
        let Some(to) = DeliverTo::from_member(object.get("deliverTo"))? else {
            let may_answer = source == Source::Direct && self.allow_plaintext_result;
            return if may_answer { Ok(None) } else { Err(EventError::DeliverToMissing.into()) };
        };
        let prefix = self.delivery_prefix.as_deref().ok_or(EventError::Disabled)?;
        let id = id_member(object)?.map(str::to_owned).or(event_id).ok_or(EventError::IdempotencyKeyMissing)?;
        if id.is_empty() || id.chars().count() > MAX_ID_CHARS {
            return Err(InvalidRequest::IdempotencyKeyInvalid.into());
        }
        let name = to.secret_name(prefix, creator.principal().user_id);
        Ok(Some(Delivery::new(name, creator, &id)))
    }
}

/// An event's credential, as an `Authorization` header would have it.
fn authorization<'a>(member: Option<&'a Value<'_>>) -> Result<Option<&'a str>, Error> {
    match member {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(Error::unauthenticated("authorizationMalformed")),
    }
}

fn id_member<'a>(object: &'a Object<'_>) -> Result<Option<&'a str>, InvalidRequest> {
    match object.get("idempotencyKey") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(InvalidRequest::IdempotencyKeyInvalid),
    }
}
