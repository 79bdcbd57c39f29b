//! One function of the service: the means to answer an invocation, built once, and the way from its payload to its
//! answer and its log line.

use std::future::Future;
use std::time::Instant;

use lambda_http::http::StatusCode;
use lambda_runtime::{Context, Diagnostic};
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use crate::clock::Timestamp;
use crate::config::Config;
use crate::entropy::Draw;
use crate::error::{Error, Fault};
use crate::event::Event;
use crate::expiry::MaxExpiresIn;
use crate::http::{self, Answer};
use crate::issue::Issued;
use crate::log::{LogLevel, RequestLine};
use crate::principal::Principal;
use crate::store::{Store, StoreDeadline};

/// One way to prove who is calling. The two functions differ in this alone.
pub trait Authenticate: Send + Sync + 'static {
    /// The function's name in the log.
    const ENDPOINT: &'static str;
    /// The scheme of its `Authorization` header.
    const SCHEME: &'static str;
    /// Its `WWW-Authenticate` header.
    const CHALLENGE: &'static str;

    /// Verifies a credential: what follows the scheme.
    ///
    /// # Errors
    /// [`Error::AuthenticationFailed`] for whatever does not verify, [`Error::AccountStatusLacking`] for an account
    /// that may not act, [`Error::CreateApikeyFailed`] when it can't be told.
    fn authenticate(
        &self,
        credential: &str,
        store: &Store,
        call: &Call,
    ) -> impl Future<Output = Result<Principal, Error>> + Send;
}

/// What one invocation works with: time and randomness, as values.
#[derive(Debug)]
pub struct Call {
    /// When it began.
    pub now: Timestamp,
    /// When the store is given up.
    pub deadline: StoreDeadline,
    /// The randomness for one key.
    pub draw: Result<Draw, Fault>,
}

impl Call {
    /// Begins now, and ends with the invocation.
    #[must_use]
    pub fn begin(invocation_ends: Timestamp) -> Self {
        let now = Timestamp::now();
        let millis_left = invocation_ends.millis().saturating_sub(now.millis());
        Self { now, deadline: StoreDeadline::within(millis_left), draw: Draw::random() }
    }
}

/// A function, ready to be invoked.
#[derive(Debug)]
pub struct Function<A> {
    pub(crate) authenticator: A,
    pub(crate) store: Store,
    pub(crate) max_expires_in: MaxExpiresIn,
    log_level: LogLevel,
}

impl<A: Authenticate> Function<A> {
    /// Connects an authenticator with the store and the limits.
    pub async fn new(authenticator: A, config: &Config) -> Self {
        let store = Store::connect(&config.store).await;
        Self { authenticator, store, max_expires_in: config.max_expires_in, log_level: config.log_level }
    }

    /// Answers one invocation and writes its line into the log.
    ///
    /// # Errors
    /// An [`InvocationError`] for an event that has no HTTP client to answer.
    pub async fn invoke(&self, payload: &RawValue, context: &Context) -> Result<Box<RawValue>, InvocationError> {
        self.invoke_with(payload, &context.request_id, Call::begin(Timestamp::from_millis(context.deadline))).await
    }

    /// [`Function::invoke`] at a given moment, with given randomness.
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
                let Answer { response, caller, outcome } = http::answer(self, &event, call).await;
                let status = Some(response.status());
                self.log(request_id, event.origin().name(), status, caller.as_ref(), &outcome, started);
                to_json(&http::write_response(event.origin(), response).await)
            }
            Event::Unknown => {
                let outcome = Err(Error::UnknownEvent);
                self.log(request_id, "unknown", None, None, &outcome, started);
                Err(InvocationError(Error::UnknownEvent.code()))
            }
        }
    }

    fn log(
        &self,
        request_id: &str,
        source: &'static str,
        status: Option<StatusCode>,
        caller: Option<&Principal>,
        outcome: &Result<Issued, Error>,
        started: Instant,
    ) {
        let error = outcome.as_ref().err();
        let fault = match error {
            Some(Error::CreateApikeyFailed(fault)) => Some(fault),
            _ => None,
        };
        RequestLine {
            timestamp: Timestamp::now().to_rfc3339(),
            level: if fault.is_some() { LogLevel::Error } else { LogLevel::Info },
            message: "request",
            request_id,
            source,
            endpoint: A::ENDPOINT,
            outcome: error.map_or("created", Error::code),
            reason: error.and_then(Error::reason),
            status: status.map(|status| status.as_u16()),
            key_id: outcome.as_ref().ok().map(|issued| issued.record.key.to_string()),
            user_id: caller.map(|caller| caller.user_id.get()),
            caller: caller.map(|caller| caller.credential.lineage().to_string()),
            presented_key: error.and_then(Error::presented_key).map(|key| key.to_string()),
            aws_request_id: fault.and_then(|fault| fault.aws_request_id.as_deref()),
            duration_ms: (started.elapsed().as_secs_f64() * 1e6).round() / 1e3,
        }
        .write(self.log_level);
    }
}

/// An invocation that failed as such; its type is the error code.
#[derive(Debug, PartialEq, Eq)]
pub struct InvocationError(pub &'static str);

impl From<InvocationError> for Diagnostic {
    fn from(InvocationError(code): InvocationError) -> Self {
        Self { error_type: code.to_owned(), error_message: code.to_owned() }
    }
}

fn to_json(answer: &impl Serialize) -> Result<Box<RawValue>, InvocationError> {
    to_raw_value(answer).map_err(|_| InvocationError("createApikeyFailed"))
}
