//! What the log says of one request: who asked, from where, and what came of it.

use std::time::{Duration, Instant};

use uuid::Uuid;

use super::{Authenticator, Function};
use crate::clock::Timestamp;
use crate::create::Creation;
use crate::error::{Error, is_plain_word};
use crate::log::{LogLevel, Metrics, OutcomeClass, RequestLine};
use crate::principal::Principal;
use crate::rotation::Rotated;
use crate::store::StoreUse;

/// A request under way.
pub(crate) struct Report<'a> {
    request_id: &'a str,
    source: &'static str,
    message_id: Option<&'a str>,
    status: Option<u16>,
    unseen: bool,
    started: Instant,
    store: StoreUse,
}

/// A request's success, as the log tells it.
pub(crate) trait Success {
    /// One word.
    fn outcome(&self) -> &'static str;
    /// The new key.
    fn key(&self) -> Option<Uuid>;
}

impl Success for Creation {
    fn outcome(&self) -> &'static str {
        if self.replayed { "replayed" } else { "created" }
    }

    fn key(&self) -> Option<Uuid> {
        Some(self.body.key())
    }
}

impl Success for Rotated {
    fn outcome(&self) -> &'static str {
        self.outcome
    }

    fn key(&self) -> Option<Uuid> {
        self.key
    }
}

impl<'a> Report<'a> {
    pub(crate) fn begin<A: Authenticator>(function: &Function<A>, request_id: &'a str, source: &'static str) -> Self {
        let (started, store) = (Instant::now(), function.store.made_use_of());
        Self { request_id, source, message_id: None, status: None, unseen: false, started, store }
    }

    /// Nobody sees the answer, so that a refusal is worth a warning.
    pub(crate) fn unseen(self) -> Self {
        Self { unseen: true, ..self }
    }

    /// The request is one message of several. Its id comes from the queue, and is looked at all the same.
    pub(crate) fn of_message(self, id: &'a str) -> Self {
        Self { message_id: Some(id).filter(|id| is_plain_word(id)), ..self }
    }

    /// The answer had an HTTP status.
    pub(crate) fn answered(self, status: u16) -> Self {
        Self { status: Some(status), ..self }
    }

    /// Writes the line.
    pub(crate) fn write<A: Authenticator>(
        self,
        function: &Function<A>,
        caller: Option<&Principal>,
        outcome: &Result<impl Success, Error>,
    ) {
        let error = outcome.as_ref().err();
        let fault = error.and_then(Error::fault);
        let success = outcome.as_ref().ok();
        let now = Timestamp::now();
        let store = function.store.made_use_of().since(self.store);
        RequestLine {
            timestamp: now.to_rfc3339(),
            level: match error {
                Some(_) if fault.is_some() => LogLevel::Error,
                Some(_) if self.unseen => LogLevel::Warn,
                _ => LogLevel::Info,
            },
            message: "request",
            request_id: self.request_id,
            source: self.source,
            message_id: self.message_id,
            endpoint: A::ENDPOINT,
            outcome: error.map(Error::code).or(success.map(Success::outcome)).unwrap_or_default(),
            outcome_class: match error {
                None => OutcomeClass::Success,
                Some(_) if fault.is_some() => OutcomeClass::Fault,
                Some(_) => OutcomeClass::Refused,
            },
            reason: error.and_then(Error::reason),
            status: self.status,
            key_id: success.and_then(Success::key).map(|key| key.to_string()),
            user_id: caller.map(|caller| caller.user_id.get()),
            caller: caller.map(|caller| caller.credential.lineage().to_string()),
            presented_key: error.and_then(Error::presented_key).map(|key| key.to_string()),
            aws_request_id: fault.and_then(|fault| fault.aws_request_id.as_deref()),
            duration_ms: millis(self.started.elapsed()),
            store_ms: millis(store.waited),
            store_retries: store.retries,
            metrics: Metrics::at(now),
        }
        .write(function.log_level());
    }
}

/// To a thousandth.
fn millis(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_said_in_milliseconds_to_a_thousandth() {
        for (nanos, said) in [(0, 0.0), (1_500_000, 1.5), (1_234_567, 1.235), (2_500_000_000, 2_500.0)] {
            let millis = millis(Duration::from_nanos(nanos));
            assert!((millis - said).abs() < 1e-9, "{nanos} ns is {millis} ms");
        }
    }
}
