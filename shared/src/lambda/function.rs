//! One function of the service: from the payload of an invocation to its answer.

use lambda_runtime::Diagnostic;
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use super::event::Event;
use crate::domain::{Fault, Timestamp};
use crate::inbound::authorizer::{self, AuthorizeError};
use crate::inbound::events::{self, AuthenticateEvent, EventError};
use crate::inbound::http;
use crate::inbound::rotation::{self, RotateSecrets};
use crate::keys::{RotateError, Service};
use crate::platform::Call;
use crate::platform::config::{Config, ConfigError};

/// The parts that each function implements: the authentication of callers and events, and the rotation of secrets.
pub trait Authenticator: AuthenticateEvent + RotateSecrets {}

impl<A: AuthenticateEvent + RotateSecrets> Authenticator for A {}

/// A function, ready to be invoked.
#[derive(Debug)]
pub struct Function<A>(Service<A>);

impl<A: Authenticator> Function<A> {
    /// Builds the clients and loads the secrets that the first request needs.
    ///
    /// # Errors
    /// A [`ConfigError`] for certificates that can't be used, and for a secret that can't be loaded.
    pub async fn new(authenticator: A, config: &Config) -> Result<Self, ConfigError> {
        Service::start(authenticator, config).await.map(Self)
    }

    /// Opens a connection to DynamoDB for the first request. It takes one second at most; a failure is ignored.
    pub async fn open_connection(&self) {
        self.0.open_connection().await;
    }

    /// Answers one invocation, whose time limit ends at `ends`, and logs the result.
    ///
    /// # Errors
    /// An [`InvocationError`] for an event other than HTTP that fails, or is refused and is not an authorizer's.
    pub async fn invoke(
        &self,
        payload: &RawValue,
        request_id: &str,
        ends: Timestamp,
    ) -> Result<Box<RawValue>, InvocationError> {
        self.invoke_with(payload, request_id, Call::begin(ends)).await
    }

    /// [`Function::invoke`] with a given time and randomness.
    ///
    /// # Errors
    /// As [`Function::invoke`].
    pub async fn invoke_with(
        &self,
        payload: &RawValue,
        request_id: &str,
        call: Call,
    ) -> Result<Box<RawValue>, InvocationError> {
        match Event::classify(payload.get()) {
            Event::Http(event) => to_json(&http::answer(&self.0, &event, request_id, call).await),
            // Boxed, so that it does not enlarge the future of an HTTP request.
            Event::Authorizer(event) => {
                to_json(&Box::pin(authorizer::answer(&self.0, &event, request_id, call)).await?)
            }
            event => Box::pin(self.answer_event(event, request_id, call)).await,
        }
    }

    /// Answers an event that is not HTTP.
    async fn answer_event(
        &self,
        event: Event<'_>,
        request_id: &str,
        call: Call,
    ) -> Result<Box<RawValue>, InvocationError> {
        let service = &self.0;
        match event {
            Event::Direct(request) => return Ok(events::answer_direct(service, request, request_id, call).await?),
            Event::EventBridge(event) => events::answer_event_bridge(service, event, request_id, call).await?,
            Event::Sns(notifications) => {
                events::answer_notifications(service, notifications, request_id, &call).await?;
            }
            Event::Sqs(messages) => {
                return to_json(&events::answer_messages(service, messages, request_id, &call).await);
            }
            Event::Rotation(event) if A::ROTATES => rotation::answer(service, &event, request_id, call).await?,
            Event::Authorizer(_) | Event::Http(_) | Event::Rotation(_) | Event::Unknown => {
                events::refuse_unknown(service, request_id)?
            }
        }
        to_json(&())
    }
}

/// A failed invocation. Its type and message are the code.
#[derive(Debug)]
pub struct InvocationError {
    /// The error code.
    pub code: &'static str,
}

impl From<EventError> for InvocationError {
    fn from(error: EventError) -> Self {
        Self { code: error.code() }
    }
}

impl From<AuthorizeError> for InvocationError {
    fn from(error: AuthorizeError) -> Self {
        Self { code: error.code() }
    }
}

impl From<RotateError> for InvocationError {
    fn from(error: RotateError) -> Self {
        Self { code: rotation::code(&error) }
    }
}

impl From<Fault> for InvocationError {
    fn from(fault: Fault) -> Self {
        EventError::from(fault).into()
    }
}

impl From<InvocationError> for Diagnostic {
    fn from(InvocationError { code }: InvocationError) -> Self {
        Self { error_type: code.to_owned(), error_message: code.to_owned() }
    }
}

fn to_json(answer: &impl Serialize) -> Result<Box<RawValue>, InvocationError> {
    to_raw_value(answer).map_err(|_| EventError::answer_not_written().into())
}
