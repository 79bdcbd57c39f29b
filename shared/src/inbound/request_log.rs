//! The log line of one request.

use std::time::{Duration, Instant};

use crate::domain::{Fault, KeyId, Principal, Timestamp, is_plain_word};
use crate::keys::{Authenticate, CreatedKey, Rejection, RevokedKey, Service};
use crate::outbound::StoreUse;
use crate::platform::log::{LogLevel, Metrics, OutcomeClass, RequestLine};

/// A request in progress.
pub(super) struct RequestLog<'a> {
    request_id: &'a str,
    source: &'static str,
    message_id: Option<&'a str>,
    status: Option<u16>,
    has_reader: bool,
    started: Instant,
    store: StoreUse,
}

/// The result of a request, for the log.
pub(super) struct LogEntry<'a> {
    outcome: &'static str,
    class: OutcomeClass,
    reason: Option<&'a str>,
    key_id: Option<KeyId>,
    chain: Option<KeyId>,
    presented_key: Option<KeyId>,
    aws_request_id: Option<&'a str>,
}

impl<'a> LogEntry<'a> {
    pub(super) const fn success(outcome: &'static str, key_id: Option<KeyId>) -> Self {
        let class = OutcomeClass::Success;
        Self { outcome, class, reason: None, key_id, chain: None, presented_key: None, aws_request_id: None }
    }

    /// A key was revoked, alone or with its chain.
    pub(super) const fn revoked(outcome: &'static str, revoked: &RevokedKey) -> Self {
        Self { chain: revoked.chain, ..Self::success(outcome, Some(revoked.key_id)) }
    }

    /// A key was created, or the answer to an earlier request was repeated.
    pub(super) const fn created(created: &CreatedKey) -> Self {
        let outcome = if created.replayed { "replayed" } else { "created" };
        Self::success(outcome, Some(created.response.key_id()))
    }

    /// A rule refuses the request.
    pub(super) const fn refused(code: &'static str) -> Self {
        Self { class: OutcomeClass::Refused, ..Self::success(code, None) }
    }

    /// A rule refuses the request, and the code does not identify the rule.
    pub(super) const fn refused_because(code: &'static str, reason: &'static str) -> Self {
        Self { reason: Some(reason), ..Self::refused(code) }
    }

    /// The credential does not verify.
    pub(super) const fn rejected(code: &'static str, rejection: &Rejection) -> Self {
        Self { presented_key: rejection.key_id, ..Self::refused_because(code, rejection.reason) }
    }

    pub(super) fn fault(code: &'static str, fault: &'a Fault) -> Self {
        Self {
            class: OutcomeClass::Fault,
            reason: Some(&fault.reason),
            presented_key: fault.key_id,
            aws_request_id: fault.aws_request_id.as_deref(),
            ..Self::success(code, None)
        }
    }
}

impl<'a> RequestLog<'a> {
    pub(super) fn begin<A: Authenticate>(service: &Service<A>, request_id: &'a str, source: &'static str) -> Self {
        let (started, store) = (Instant::now(), service.services().store.usage());
        Self { request_id, source, message_id: None, status: None, has_reader: true, started, store }
    }

    /// Nobody reads the answer, so a refusal is logged as a warning.
    pub(super) fn without_reader(self) -> Self {
        Self { has_reader: false, ..self }
    }

    /// The request is one message of several. The id comes from outside, and is logged only if it is a plain word.
    pub(super) fn of_message(self, id: &'a str) -> Self {
        Self { message_id: Some(id).filter(|id| is_plain_word(id)), ..self }
    }

    pub(super) fn with_status(self, status: u16) -> Self {
        Self { status: Some(status), ..self }
    }

    pub(super) fn write<A: Authenticate>(self, service: &Service<A>, caller: Option<&Principal>, entry: &LogEntry<'_>) {
        let now = Timestamp::now();
        let store = service.services().store.usage().since(self.store);
        RequestLine {
            timestamp: now.to_rfc3339(),
            level: match entry.class {
                OutcomeClass::Fault => LogLevel::Error,
                OutcomeClass::Refused if !self.has_reader => LogLevel::Warn,
                OutcomeClass::Refused | OutcomeClass::Success => LogLevel::Info,
            },
            message: "request",
            request_id: self.request_id,
            source: self.source,
            message_id: self.message_id,
            endpoint: A::ENDPOINT,
            outcome: entry.outcome,
            outcome_class: entry.class,
            reason: entry.reason,
            status: self.status,
            key_id: entry.key_id.map(|key_id| key_id.to_string()),
            chain: entry.chain.map(|chain| chain.to_string()),
            user_id: caller.map(|caller| caller.user_id.get()),
            caller: caller.map(|caller| caller.credential.lineage().to_string()),
            presented_key: entry.presented_key.map(|key_id| key_id.to_string()),
            aws_request_id: entry.aws_request_id,
            duration_ms: millis(self.started.elapsed()),
            store_ms: millis(store.waited),
            store_retries: store.retries,
            metrics: Metrics::at(now),
        }
        .write(service.log_level);
    }
}

/// Milliseconds with three decimals.
fn millis(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_logged_in_milliseconds_with_three_decimals() {
        for (nanos, said) in [(0, 0.0), (1_500_000, 1.5), (1_234_567, 1.235), (2_500_000_000, 2_500.0)] {
            let millis = millis(Duration::from_nanos(nanos));
            assert!((millis - said).abs() < 1e-9, "{nanos} ns is {millis} ms");
        }
    }
}
