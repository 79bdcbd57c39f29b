//! Classifies a payload by its shape.
//!
//! The events of gateways are checked first, so no other member makes them another event.

use std::borrow::Cow;

use crate::inbound::authorizer::AuthorizerEvent;
use crate::inbound::events::{EventBridgeEvent, RequestText, SnsNotification, SqsMessage};
use crate::inbound::http::GatewayEvent;
use crate::inbound::rotation::RotationEvent;
use crate::text::Members;

/// The payload of an invocation.
pub enum Event<'a> {
    /// A request for authorization by an API of API Gateway.
    Authorizer(AuthorizerEvent<'a>),
    /// An HTTP request through a gateway, a Function URL or a load balancer.
    Http(GatewayEvent<'a>),
    /// A direct invocation, also by Step Functions: the payload is the request.
    Direct(RequestText<'a>),
    /// An EventBridge event.
    #[allow(clippy::enum_variant_names, reason = "the service's own name")]
    EventBridge(EventBridgeEvent<'a>),
    /// The notifications of SNS.
    Sns(Vec<SnsNotification<'a>>),
    /// The messages of SQS.
    Sqs(Vec<SqsMessage<'a>>),
    /// A step of a rotation.
    Rotation(RotationEvent<'a>),
    /// Anything else.
    Unknown,
}

impl<'a> Event<'a> {
    /// Classifies a payload, which is any JSON text.
    #[must_use]
    pub fn classify(payload: &'a str) -> Self {
        Members::parse(payload).and_then(|members| Self::known(payload, members)).unwrap_or(Self::Unknown)
    }

    fn known(payload: &'a str, members: Members<'a>) -> Option<Self> {
        if AuthorizerEvent::matches(&members) {
            return AuthorizerEvent::read(&members).map(Self::Authorizer);
        }
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
        RequestText::read(Cow::Borrowed(payload), None).map(Self::Direct)
    }
}

#[cfg(test)]
mod tests {
    use super::Event;

    fn kind(payload: &str) -> &'static str {
        match Event::classify(payload) {
            Event::Authorizer(_) => "authorizer",
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
    fn a_payload_is_classified_by_its_shape() {
        for (payload, expected) in [
            (r#"{"requestContext":{"http":{"method":"POST"}}}"#, "http"),
            (r#"{"requestContext":{"http":{"method":"POST"}},"Records":[],"name":"x","Step":"createSecret"}"#, "http"),
            (r#"{"requestContext":{"connectionId":"x"},"name":"x"}"#, "unknown"),
            // Warm-up pings, a batch of EventBridge Pipes, and VPC Lattice.
            (
                r#"{"rawPath":"/warmup","headers":{},"requestContext":{"http":{"method":"POST","path":"/warmup"}}}"#,
                "http",
            ),
            (r#"{"requestContext":{"requestId":"custom-request-id"}}"#, "unknown"),
            (r#"{"source":"serverless-plugin-warmup"}"#, "unknown"),
            (r#"[{"eventSource":"aws:sqs","messageId":"1","body":"{}"}]"#, "unknown"),
            (r#"{"method":"POST","path":"/apikeys/jwt","requestContext":{"serviceArn":"x"},"body":"{}"}"#, "unknown"),
            (r#"{"method":"POST","raw_path":"/apikeys/jwt","body":"{}"}"#, "unknown"),
            (
                r#"{"type":"TOKEN","authorizationToken":"x","methodArn":"arn:aws:execute-api:eu-west-1:123456789012:a/b/GET/","requestContext":{},"httpMethod":"POST"}"#,
                "authorizer",
            ),
            (r#"{"type":"TOKEN","methodArn":"arn:aws:execute-api:eu-west-1:123456789012:a"}"#, "unknown"),
            (r#"{"name":"x","type":"TOKEN"}"#, "direct"),
            (r#"{"name":"x","methodArn":"y"}"#, "unknown"),
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
