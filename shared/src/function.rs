//! One function of the service: the means to answer an invocation, built once, and the way from its payload to its
//! answer and its log line.

use std::future::Future;
use std::time::Instant;

use lambda_runtime::Diagnostic;
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use crate::call::Call;
use crate::clock::Timestamp;
use crate::config::{Config, ConfigError};
use crate::create::Creation;
use crate::error::{Error, Fault};
use crate::event::Event;
use crate::expiry::MaxExpiresIn;
use crate::http::{self, HttpScheme};
use crate::log::{LogLevel, RequestLine};
use crate::principal::Principal;
use crate::store::Store;

/// One way to prove who is calling. The two functions differ in this alone.
pub trait Authenticate: Send + Sync + 'static {
    /// The function's name in the log.
    const ENDPOINT: &'static str;

    /// Verifies a credential.
    ///
    /// # Errors
    /// [`Error::AuthenticationFailed`] for whatever does not verify, [`Error::CreateApikeyFailed`] when it can't be
    /// told.
    fn authenticate(
        &self,
        credential: &str,
        store: &Store,
        call: &Call,
    ) -> impl Future<Output = Result<Principal, Error>> + Send;
}

/// A function, ready to be invoked.
#[derive(Debug)]
pub struct Function<A> {
    pub(crate) authenticator: A,
    pub(crate) store: Store,
    pub(crate) max_expires_in: MaxExpiresIn,
    log_level: LogLevel,
}

impl<A: Authenticate + HttpScheme> Function<A> {
    /// Connects an authenticator with the store and the limits.
    ///
    /// # Errors
    /// A [`ConfigError`] for certificates that can't be used.
    pub async fn new(authenticator: A, config: &Config) -> Result<Self, ConfigError> {
        let store = Store::connect(&config.store).await?;
        Ok(Self { authenticator, store, max_expires_in: config.max_expires_in, log_level: config.log_level })
    }

    /// Answers one invocation, which ends at the given moment, and writes its line into the log.
    ///
    /// # Errors
    /// An [`InvocationError`] for an event that has no HTTP client to answer.
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
        let started = Instant::now();
        match Event::of(payload.get()) {
            Event::Http(event) => {
                let answer = http::answer(self, &event, call).await;
                let (caller, status) = (answer.caller.as_ref(), Some(answer.status()));
                self.log(request_id, event.origin().name(), status, caller, &answer.outcome, started);
                to_json(&answer.write().await)
            }
            Event::Unknown => {
                let outcome = Err(Error::UnknownEvent);
                self.log(request_id, "unknown", None, None, &outcome, started);
                Err(InvocationError(Error::UnknownEvent))
            }
        }
    }

    fn log(
        &self,
        request_id: &str,
        source: &'static str,
        status: Option<u16>,
        caller: Option<&Principal>,
        outcome: &Result<Creation, Error>,
        started: Instant,
    ) {
        let error = outcome.as_ref().err();
        let fault = error.and_then(Error::fault);
        let created = outcome.as_ref().ok();
        let success = if created.is_some_and(|creation| creation.replayed) { "replayed" } else { "created" };
        RequestLine {
            timestamp: Timestamp::now().to_rfc3339(),
            level: if fault.is_some() { LogLevel::Error } else { LogLevel::Info },
            message: "request",
            request_id,
            source,
            endpoint: A::ENDPOINT,
            outcome: error.map_or(success, Error::code),
            reason: error.and_then(Error::reason),
            status,
            key_id: created.map(|creation| creation.body.key().to_string()),
            user_id: caller.map(|caller| caller.user_id.get()),
            caller: caller.map(|caller| caller.credential.lineage().to_string()),
            presented_key: error.and_then(Error::presented_key).map(|key| key.to_string()),
            aws_request_id: fault.and_then(|fault| fault.aws_request_id.as_deref()),
            duration_ms: (started.elapsed().as_secs_f64() * 1e6).round() / 1e3,
        }
        .write(self.log_level);
    }
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
    to_raw_value(answer).map_err(|_| Fault::new("answerNotWritten").into())
}
