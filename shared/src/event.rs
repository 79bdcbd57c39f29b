//! The one dispatcher: what an invocation's payload is, told by its shape.
//!
//! A payload is HTTP first: whatever else an HTTP request may hold can't make it another event, and it is not looked at
//! any further.

mod envelope;

use std::borrow::Cow;

use crate::http::GatewayEvent;
use crate::json::{Members, string};
pub use envelope::{Carried, EventBridgeEvent, SnsNotification, SqsMessage};

/// A payload that this service knows, or not.
pub enum Event<'a> {
    /// An HTTP request through a gateway, a Function URL or a load balancer.
    Http(GatewayEvent<'a>),
    /// A request by itself, from whoever may invoke the function; also Step Functions.
    Direct(Carried<'a>),
    /// An event of a bus.
    #[allow(clippy::enum_variant_names, reason = "the service's own name")]
    EventBridge(EventBridgeEvent<'a>),
    /// The notifications of a topic.
    Sns(Vec<SnsNotification<'a>>),
    /// The messages of a queue.
    Sqs(Vec<SqsMessage<'a>>),
    /// One step of a secret's rotation.
    Rotation(RotationEvent<'a>),
    /// Anything else.
    Unknown,
}

impl<'a> Event<'a> {
    /// Tells the shape of a payload, any JSON text.
    #[must_use]
    pub fn of(payload: &'a str) -> Self {
        Members::parse(payload).and_then(|members| Self::told(payload, members)).unwrap_or(Self::Unknown)
    }

    fn told(payload: &'a str, members: Members<'a>) -> Option<Self> {
        if members.get("requestContext").is_some() {
            return GatewayEvent::read(members).map(Self::Http);
        }
        if let Some(records) = members.get("Records") {
            let sqs = || SqsMessage::read_all(records).map(Self::Sqs);
            return sqs().or_else(|| SnsNotification::read_all(records).map(Self::Sns));
        }
        if let Some(event) = EventBridgeEvent::read(&members) {
            return Some(Self::EventBridge(event));
        }
        if let Some(event) = RotationEvent::read(&members) {
            return Some(Self::Rotation(event));
        }
        Carried::read(Cow::Borrowed(payload), None).map(Self::Direct)
    }
}

/// One step of a rotation, as Secrets Manager asks for it: AWS Secrets Manager User Guide, "Lambda rotation functions".
///
/// Only a whole payload is one, never what a queue or a topic carries. It has no `Debug`, since `RotationToken` is a
/// credential of sorts.
pub struct RotationEvent<'a> {
    /// `createSecret`, `setSecret`, `testSecret` or `finishSecret`.
    pub step: Cow<'a, str>,
    /// The secret's ARN.
    pub secret_id: Cow<'a, str>,
    /// The id of the version that is to come.
    pub client_request_token: Cow<'a, str>,
    /// What a rotation on behalf of another identity is to be passed on with.
    pub rotation_token: Option<Cow<'a, str>>,
}

impl<'a> RotationEvent<'a> {
    fn read(members: &Members<'a>) -> Option<Self> {
        let text = |name| members.get(name).and_then(string);
        Some(Self {
            step: text("Step")?,
            secret_id: text("SecretId")?,
            client_request_token: text("ClientRequestToken")?,
            rotation_token: match members.get("RotationToken") {
                None => None,
                Some(token) => Some(string(token)?),
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Event;

    fn kind(payload: &str) -> &'static str {
        match Event::of(payload) {
            Event::Http(_) => "http",
            Event::Direct(_) => "direct",
            Event::EventBridge(_) => "eventBridge",
            Event::Sns(_) => "sns",
            Event::Sqs(_) => "sqs",
            Event::Rotation(_) => "rotation",
            Event::Unknown => "unknown",
        }
    }

    #[test]
    fn a_payload_is_told_by_its_shape() {
        for (payload, expected) in [
            (r#"{"requestContext":{"http":{"method":"POST"}}}"#, "http"),
            (r#"{"requestContext":{"http":{"method":"POST"}},"Records":[],"name":"x","Step":"createSecret"}"#, "http"),
            (r#"{"requestContext":{"connectionId":"x"},"name":"x"}"#, "unknown"),
            (r#"{"name":"x"}"#, "direct"),
            (r#"{"name":null}"#, "direct"),
            (r#"{"expiresIn":[]}"#, "direct"),
            (r#"{"authorization":7,"other":1}"#, "direct"),
            (r#"{"name":"x","Records":null}"#, "unknown"),
            (r#"{"name":"x","httpMethod":"POST"}"#, "unknown"),
            (r#"{"name":"x","detail":{}}"#, "unknown"),
            (r#"{"other":"x"}"#, "unknown"),
            ("{}", "unknown"),
            ("null", "unknown"),
            ("[]", "unknown"),
            ("7", "unknown"),
            (r#""name""#, "unknown"),
            (r#"{"detail-type":"x","source":"y","detail":{"name":"x"}}"#, "eventBridge"),
            (r#"{"detail-type":"x","source":"y","detail":7}"#, "eventBridge"),
            (r#"{"detail-type":"x","detail":{"name":"x"}}"#, "unknown"),
            (r#"{"detail-type":7,"source":"y","detail":{"name":"x"}}"#, "unknown"),
            (r#"{"Records":[{"eventSource":"aws:sqs","messageId":"1","body":"{}"}]}"#, "sqs"),
            (r#"{"Records":[{"EventSource":"aws:sns","Sns":{"MessageId":"1","Message":"{}"}}]}"#, "sns"),
            (r#"{"Records":[{"eventSource":"aws:s3"}]}"#, "unknown"),
            (r#"{"Records":[]}"#, "unknown"),
            (r#"{"Records":{}}"#, "unknown"),
            (
                r#"{"Records":[{"eventSource":"aws:sqs","messageId":"1","body":"{}"},{"eventSource":"aws:s3"}]}"#,
                "unknown",
            ),
            (r#"{"Step":"createSecret","SecretId":"a","ClientRequestToken":"b"}"#, "rotation"),
            (r#"{"Step":"createSecret","SecretId":"a","ClientRequestToken":"b","RotationToken":"c"}"#, "rotation"),
            (r#"{"Step":"createSecret","SecretId":"a","ClientRequestToken":"b","RotationToken":7}"#, "unknown"),
            (r#"{"Step":"createSecret","SecretId":"a"}"#, "unknown"),
            (r#"{"Step":"createSecret","name":"a"}"#, "unknown"),
        ] {
            assert_eq!(kind(payload), expected, "{payload}");
        }
    }
}
