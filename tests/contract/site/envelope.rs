//! Events in the form of AWS's own examples, with any text as their content.

use serde_json::{Value, json};

/// The source of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    Direct,
    EventBridge,
    Sns,
    Sqs,
}

impl Source {
    pub(crate) const ALL: [Self; 4] = [Self::Direct, Self::EventBridge, Self::Sns, Self::Sqs];

    /// The source with this name, which is also its name in the log.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|source| source.name() == name)
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::EventBridge => "eventBridge",
            Self::Sns => "sns",
            Self::Sqs => "sqs",
        }
    }

    /// The payload that contains a request. `id` is the event's id.
    pub(crate) fn payload(self, id: &str, request: &str) -> String {
        match self {
            Self::Direct => request.to_owned(),
            Self::EventBridge => event(Some(&text(id)), request),
            Self::Sns => topic(&[in_topic(Some(&text(id)), request)]),
            Self::Sqs => queue(&[message(id, request)]),
        }
    }

    /// The answer of a function to this source if all requests succeed. A direct invocation has another answer.
    pub(crate) const fn success(self) -> &'static str {
        match self {
            Self::Direct | Self::EventBridge | Self::Sns => "null",
            Self::Sqs => r#"{"batchItemFailures":[]}"#,
        }
    }
}

/// An EventBridge event: Amazon EventBridge User Guide, "AWS service event structure". `id` is JSON text.
pub(crate) fn event(id: Option<&str>, detail: &str) -> String {
    let id = id.map(|id| format!(r#""id":{id},"#)).unwrap_or_default();
    let head = r#""version":"0","detail-type":"Key wanted","source":"com.example.portal","account":"123456789012""#;
    format!(r#"{{{id}{head},"time":"2026-11-06T15:57:30Z","region":"us-east-1","resources":[],"detail":{detail}}}"#)
}

/// [`event`] with a string as its id.
pub(crate) fn in_event(id: &str, detail: &str) -> String {
    event(Some(&text(id)), detail)
}

/// An SNS event: Amazon SNS Developer Guide, "Fanout to Lambda functions".
pub(crate) fn topic(records: &[String]) -> String {
    format!(r#"{{"Records":[{}]}}"#, records.join(","))
}

/// One record of [`topic`].
pub(crate) fn in_topic(id: Option<&str>, message: &str) -> String {
    let subscription = "arn:aws:sns:us-east-1:123456789012:keys:21be56ed-a058-49f5-8c98-aedd2564c486";
    let source = format!(r#""EventSource":"aws:sns","EventVersion":"1.0","EventSubscriptionArn":"{subscription}""#);
    format!(r#"{{{source},"Sns":{}}}"#, with_id(id, &notified(message, "SigningCertUrl", "UnsubscribeUrl")))
}

/// An SNS notification in an SQS message, without raw message delivery: "Parsing Amazon SNS message formats".
pub(crate) fn notification(id: Option<&str>, message: &str) -> String {
    with_id(id, &notified(message, "SigningCertURL", "UnsubscribeURL"))
}

/// [`notification`] with a string as its id.
pub(crate) fn in_notification(id: &str, message: &str) -> String {
    notification(Some(&text(id)), message)
}

fn notified(message: &str, certificate: &str, unsubscribe: &str) -> Value {
    json!({
        "Type": "Notification",
        "TopicArn": "arn:aws:sns:us-east-1:123456789012:keys",
        "Subject": null,
        "Message": message,
        "Timestamp": "2026-11-06T15:57:30.000Z",
        "SignatureVersion": "1",
        "Signature": "c2lnbmF0dXJl",
        certificate: "https://sns.us-east-1.amazonaws.com/SimpleNotificationService.pem",
        unsubscribe: "https://sns.us-east-1.amazonaws.com/?Action=Unsubscribe",
        "MessageAttributes": {},
    })
}

fn with_id(id: Option<&str>, notified: &Value) -> String {
    let rest = notified.to_string();
    match id {
        None => rest,
        Some(id) => format!(r#"{{"MessageId":{id},{}"#, &rest[1..]),
    }
}

/// An SQS event: AWS Lambda Developer Guide, "Using Lambda with Amazon SQS".
pub(crate) fn queue(messages: &[String]) -> String {
    format!(r#"{{"Records":[{}]}}"#, messages.join(","))
}

/// One message of [`queue`].
pub(crate) fn message(id: &str, body: &str) -> String {
    let attributes = json!({
        "ApproximateReceiveCount": "1",
        "SentTimestamp": "1793980650000",
        "SenderId": "AIDAIENQZJOLO23YVJ4VO",
        "ApproximateFirstReceiveTimestamp": "1793980650001",
    });
    json!({
        "messageId": id,
        "receiptHandle": "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a",
        "body": body,
        "attributes": attributes,
        "messageAttributes": {},
        "md5OfBody": "e4e68fb7bd0e697a0ae8f1bb342846b3",
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:keys",
        "awsRegion": "us-east-1",
    })
    .to_string()
}

fn text(id: &str) -> String {
    Value::from(id).to_string()
}
