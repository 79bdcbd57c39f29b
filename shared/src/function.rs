//! One function of the service: the means to answer an invocation, built once, and the way from its payload to its
//! answer.

mod report;

use std::future::Future;
use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;
use lambda_runtime::Diagnostic;
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use crate::authenticate::{EventAuthority, Services};
use crate::aws::sdk_config;
use crate::batch;
use crate::call::Call;
use crate::clock::Timestamp;
use crate::config::{Config, ConfigError};
use crate::create::Creation;
use crate::error::{Error, EventError, Fault};
use crate::event::{Carried, Event, RotationEvent};
use crate::expiry::MaxExpiresIn;
use crate::http::{self, HttpChallenge};
use crate::log::LogLevel;
use crate::provision::{Source, provision};
use crate::rotation::{RotationPolicy, rotate};
use crate::secrets::Secrets;
use crate::store::Store;
pub(crate) use report::Report;

/// What a function needs to know: whom it believes, how it asks over HTTP, and who its events act for.
pub trait Authenticator: EventAuthority + HttpChallenge {}

impl<A: EventAuthority + HttpChallenge> Authenticator for A {}

/// A function, ready to be invoked.
#[derive(Debug)]
pub struct Function<A> {
    pub(crate) authenticator: A,
    pub(crate) store: Store,
    pub(crate) max_expires_in: MaxExpiresIn,
    pub(crate) delivery_prefix: Option<String>,
    pub(crate) allow_plaintext_result: bool,
    secrets: Secrets,
    log_level: LogLevel,
}

impl<A: Authenticator> Function<A> {
    /// Connects an authenticator with what is behind the function, and the limits.
    ///
    /// # Errors
    /// A [`ConfigError`] for certificates that can't be used, and for what the authenticator can't do without.
    pub async fn new(authenticator: A, config: &Config) -> Result<Self, ConfigError> {
        let sdk = sdk_config(&config.store.aws)?;
        let events = config.events.clone();
        let function = Self {
            authenticator,
            store: Store::with(&sdk, &config.store),
            max_expires_in: config.max_expires_in,
            delivery_prefix: events.delivery_prefix,
            allow_plaintext_result: events.allow_plaintext_result,
            secrets: Secrets::new(sdk, events.endpoint_url),
            log_level: config.log_level,
        };
        function.authenticator.prepare(function.services()).await?;
        Ok(function)
    }

    /// Makes a connection to DynamoDB, which the first request then uses. Takes a second at most; a failure shows in nothing
    /// but that request.
    pub async fn open_connection(&self) {
        self.store.open_connection().await;
    }

    /// Answers one invocation, which ends at the given moment, and writes what became of it into the log.
    ///
    /// # Errors
    /// An [`InvocationError`] for an event that is refused or fails and has no HTTP client to be told.
    pub async fn invoke(
        &self,
        payload: &RawValue,
        request_id: &str,
        ends: Timestamp,
    ) -> Result<Box<RawValue>, InvocationError> {
        self.invoke_with(payload, request_id, Call::begin(ends)).await
    }

    /// [`Function::invoke`] under given circumstances.
    ///
    /// # Errors
    /// As [`Function::invoke`].
    pub async fn invoke_with(
        &self,
        payload: &RawValue,
        request_id: &str,
        call: Call,
    ) -> Result<Box<RawValue>, InvocationError> {
        match Event::of(payload.get()) {
            Event::Http(event) => {
                let report = Report::begin(self, request_id, event.origin().name());
                let answer = http::answer(self, &event, call).await;
                report.answered(answer.status()).write(self, answer.caller.as_ref(), &answer.outcome);
                to_json(&answer.write().await)
            }
            // Boxed, so that an HTTP request does not carry the room that the others need.
            event => Box::pin(self.serve(event, request_id, call)).await,
        }
    }

    /// Answers whatever is not HTTP.
    async fn serve(&self, event: Event<'_>, request_id: &str, call: Call) -> Result<Box<RawValue>, InvocationError> {
        match event {
            Event::Direct(carried) => {
                let creation = self.provision(Source::Direct, Some(carried), request_id, call).await?;
                return RawValue::from_string(creation.body.expose().to_owned()).map_err(|_| not_written());
            }
            Event::EventBridge(event) => {
                self.provision(Source::EventBridge, event.request(), request_id, call).await?;
            }
            Event::Sns(notifications) => {
                let requests = notifications.into_iter().map(|notification| notification.request());
                batch::all(self, Source::Sns, requests, request_id, &call).await?;
            }
            Event::Sqs(messages) => return to_json(&batch::each(self, messages, request_id, &call).await),
            Event::Rotation(event) if A::ROTATES => self.rotate(&event, request_id, call).await?,
            Event::Http(_) | Event::Rotation(_) | Event::Unknown => {
                let refused = Err::<Creation, _>(EventError::Unknown.into());
                Report::begin(self, request_id, "unknown").unseen().write(self, None, &refused);
                refused.map_err(InvocationError)?;
            }
        }
        to_json(&())
    }

    async fn provision(
        &self,
        source: Source,
        request: Option<Carried<'_>>,
        request_id: &str,
        call: Call,
    ) -> Result<Creation, InvocationError> {
        let report = Report::begin(self, request_id, source.name());
        let report = if source.is_bus() { report.unseen() } else { report };
        self.provision_as(report, source, request, call).await
    }

    /// Answers one request out of an event.
    pub(crate) async fn provision_as(
        &self,
        report: Report<'_>,
        source: Source,
        request: Option<Carried<'_>>,
        call: Call,
    ) -> Result<Creation, InvocationError> {
        let mut caller = None;
        let outcome = guarded(provision(self, source, request, call.patient(), &mut caller)).await;
        report.write(self, caller.as_ref(), &outcome);
        outcome.map_err(InvocationError)
    }

    async fn rotate(&self, event: &RotationEvent<'_>, request_id: &str, call: Call) -> Result<(), InvocationError> {
        let report = Report::begin(self, request_id, "rotation").unseen();
        let policy = RotationPolicy {
            delivery_prefix: self.delivery_prefix.as_deref(),
            provisioner: self.authenticator.provisioner(),
            limit: self.max_expires_in,
        };
        let mut caller = None;
        let outcome = guarded(rotate(event, &policy, self.services(), call.patient(), &mut caller)).await;
        report.write(self, caller.as_ref(), &outcome);
        outcome.map(|_| ()).map_err(InvocationError)
    }

    pub(crate) const fn services(&self) -> Services<'_> {
        Services { store: &self.store, secrets: &self.secrets }
    }

    pub(crate) const fn log_level(&self) -> LogLevel {
        self.log_level
    }
}

/// Awaits work on one request. A panic in it is that request's failure, and leaves nothing half-changed behind: a
/// request changes nothing here but the caller that its log line names, and that as a whole.
///
/// No `async fn`, which would hold the work twice.
pub(crate) fn guarded<T>(work: impl Future<Output = Result<T, Error>>) -> impl Future<Output = Result<T, Error>> {
    let guarded = AssertUnwindSafe(work).catch_unwind();
    guarded.map(|outcome| outcome.unwrap_or_else(|_| Err(Fault::new("panic").into())))
}

/// An invocation that failed as such; its type is the error's code.
#[derive(Debug)]
pub struct InvocationError(pub Error);

impl From<Fault> for InvocationError {
    fn from(fault: Fault) -> Self {
        Self(fault.into())
    }
}

impl From<InvocationError> for Diagnostic {
    fn from(InvocationError(error): InvocationError) -> Self {
        Self { error_type: error.code().to_owned(), error_message: error.code().to_owned() }
    }
}

fn to_json(answer: &impl Serialize) -> Result<Box<RawValue>, InvocationError> {
    to_raw_value(answer).map_err(|_| not_written())
}

fn not_written() -> InvocationError {
    Fault::new("answerNotWritten").into()
}
