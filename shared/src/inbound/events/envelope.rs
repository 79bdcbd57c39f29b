//! The envelopes in which AWS services forward a request. An envelope contains a request, or one more envelope.
//!
//! Members that a service sets must have their documented form. Text that a sender wrote can have any form.
//! None of these types has `Debug`, since a request can contain a token.
//! The types of `aws_lambda_events` are not used: they fail a whole batch for one unexpected member, accept duplicate
//! members, print bodies, and need two more crates.

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::text::{Members, string};

/// A request for a key has at least one of these members.
const REQUEST_MEMBERS: [&str; 6] = ["name", "level", "expiresIn", "deliverTo", "idempotencyKey", "authorization"];

/// A request has none of these members. They belong to envelopes of other services, or to an envelope that is too deep.
const ENVELOPE_MARKERS: [&str; 16] = [
    "requestContext",
    "httpMethod",
    "routeKey",
    "methodArn",
    "routeArn",
    "Records",
    "records",
    "Sns",
    "Type",
    "Message",
    "detail-type",
    "detail",
    "Step",
    "SecretId",
    "ClientRequestToken",
    "eventSource",
];

/// The request in an event, as the text of a JSON object.
pub struct RequestText<'a> {
    /// The JSON object.
    pub object: Cow<'a, str>,
    /// The id of the innermost event around the object, if there is one.
    pub event_id: Option<String>,
}

impl<'a> RequestText<'a> {
    /// Takes the text of a JSON object that has a member of a request and no member of an envelope.
    pub(crate) fn read(object: Cow<'a, str>, event_id: Option<String>) -> Option<Self> {
        let members = Members::parse(&object)?;
        let has = |names: &[&str]| members.iter().any(|(name, _)| names.contains(&name.as_ref()));
        let is_request = has(&REQUEST_MEMBERS) && !has(&ENVELOPE_MARKERS);
        is_request.then_some(())?;
        Some(Self { object, event_id })
    }
}

/// An EventBridge event: Amazon EventBridge User Guide, "AWS service event structure".
pub struct EventBridgeEvent<'a> {
    id: Option<String>,
    detail: &'a RawValue,
}

impl<'a> EventBridgeEvent<'a> {
    pub(crate) fn read(members: &Members<'a>) -> Option<Self> {
        string(members.get("detail-type")?)?;
        string(members.get("source")?)?;
        Some(Self { id: members.get("id").and_then(string).map(Cow::into_owned), detail: members.get("detail")? })
    }

    /// The request in the event, if its `detail` is one.
    #[must_use]
    pub fn request(self) -> Option<RequestText<'a>> {
        RequestText::read(Cow::Borrowed(self.detail.get()), self.id)
    }
}

/// One SNS notification: Amazon SNS Developer Guide, "Parsing Amazon SNS message formats".
pub struct SnsNotification<'a> {
    id: Option<String>,
    message: Cow<'a, str>,
}

impl<'a> SnsNotification<'a> {
    /// Reads the notifications of an SNS event.
    pub(crate) fn read_all(records: &'a RawValue) -> Option<Vec<Self>> {
        read_all(records, |record| {
            let is_sns = string(record.get("EventSource")?)? == "aws:sns";
            is_sns.then_some(())?;
            Self::read(&Members::parse(record.get("Sns")?.get())?)
        })
    }

    fn read(members: &Members<'a>) -> Option<Self> {
        Some(Self {
            id: members.get("MessageId").and_then(string).map(Cow::into_owned),
            message: text(members, "Message"),
        })
    }

    /// The request in the notification: its message, or the `detail` of the EventBridge event in its message.
    #[must_use]
    pub fn request(self) -> Option<RequestText<'a>> {
        if let Some(request) = of_event(&self.message) {
            return request;
        }
        RequestText::read(self.message, self.id)
    }
}

/// One SQS message: AWS Lambda Developer Guide, "Using Lambda with Amazon SQS".
pub struct SqsMessage<'a> {
    /// The message id, with which the answer reports a failed message.
    pub id: Cow<'a, str>,
    body: Cow<'a, str>,
}

impl<'a> SqsMessage<'a> {
    /// Reads the messages of an SQS event.
    pub(crate) fn read_all(records: &'a RawValue) -> Option<Vec<Self>> {
        read_all(records, |record| {
            let is_sqs = string(record.get("eventSource")?)? == "aws:sqs";
            is_sqs.then_some(())?;
            let id = string(record.get("messageId")?).filter(|id| !id.is_empty())?;
            Some(Self { id, body: text(record, "body") })
        })
    }

    /// The request in the message: its body, or the message of the SNS notification or the `detail` of the EventBridge
    /// event in its body.
    #[must_use]
    pub fn request(&self) -> Option<RequestText<'_>> {
        of_event(&self.body)
            .or_else(|| of_notification(&self.body))
            .unwrap_or_else(|| RequestText::read(Cow::Borrowed(&self.body), None))
    }
}

/// Text that a sender wrote. A value that is not text counts as empty, so only its own record fails.
fn text<'a>(members: &Members<'a>, name: &str) -> Cow<'a, str> {
    members.get(name).and_then(string).unwrap_or_default()
}

/// Reads every record; `None` if there is no record, or if one is of another kind.
fn read_all<'a, T>(records: &'a RawValue, read: impl Fn(&Members<'a>) -> Option<T>) -> Option<Vec<T>> {
    let records: Vec<Members<'a>> = serde_json::from_str(records.get()).ok()?;
    let read: Vec<T> = records.iter().map(read).collect::<Option<_>>()?;
    (!read.is_empty()).then_some(read)
}

/// The request in an EventBridge event, if the text is an EventBridge event.
fn of_event<'a>(text: &str) -> Option<Option<RequestText<'a>>> {
    let event = EventBridgeEvent::read(&Members::parse(text)?)?;
    Some(RequestText::read(Cow::Owned(event.detail.get().to_owned()), event.id))
}

/// The request in an SNS notification, if the text is one. In a queue it has a `Type`; its message must be a request.
fn of_notification<'a>(text: &str) -> Option<Option<RequestText<'a>>> {
    let members = Members::parse(text)?;
    let is_notification = string(members.get("Type")?)? == "Notification" && members.get("TopicArn").is_some();
    let notification = SnsNotification::read(&members).filter(|_| is_notification)?;
    Some(RequestText::read(Cow::Owned(notification.message.into_owned()), notification.id))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Members, SnsNotification, SqsMessage};

    const REQUEST: &str = r#"{"name":"x"}"#;

    fn event(detail: &str) -> String {
        format!(r#"{{"id":"of-the-event","detail-type":"a","source":"b","detail":{detail}}}"#)
    }

    fn notification(message: &str) -> String {
        json!({"Type": "Notification", "MessageId": "of-the-notification", "TopicArn": "arn", "Message": message})
            .to_string()
    }

    fn in_topic(message: &str) -> Option<(String, Option<String>)> {
        let payload = json!({"Records": [{
            "EventSource": "aws:sns", "Sns": {"MessageId": "of-the-notification", "Message": message},
        }]})
        .to_string();
        let records = Members::parse(&payload)?.get("Records")?;
        let notifications = SnsNotification::read_all(records).unwrap();
        let request = notifications.into_iter().next()?.request()?;
        Some((request.object.into_owned(), request.event_id))
    }

    fn in_queue(body: &str) -> Option<(String, Option<String>)> {
        let payload =
            json!({"Records": [{"eventSource": "aws:sqs", "messageId": "of-the-message", "body": body}]}).to_string();
        let records = Members::parse(&payload)?.get("Records")?;
        let messages = SqsMessage::read_all(records).unwrap();
        let request = messages[0].request()?;
        Some((request.object.into_owned(), request.event_id))
    }

    fn found(id: Option<&str>) -> Option<(String, Option<String>)> {
        Some((REQUEST.to_owned(), id.map(str::to_owned)))
    }

    #[test]
    fn a_request_is_found_one_envelope_deep_with_the_innermost_id() {
        assert_eq!(in_topic(REQUEST), found(Some("of-the-notification")));
        assert_eq!(in_topic(&event(REQUEST)), found(Some("of-the-event")));
        assert_eq!(in_topic(&notification(REQUEST)), None);
        assert_eq!(in_topic(&event(&event(REQUEST))), None);
        assert_eq!(in_queue(REQUEST), found(None));
        assert_eq!(in_queue(&event(REQUEST)), found(Some("of-the-event")));
        assert_eq!(in_queue(&notification(REQUEST)), found(Some("of-the-notification")));
        assert_eq!(in_queue(&notification(&event(REQUEST))), None);
        assert_eq!(in_queue(&event(&notification(REQUEST))), None);
    }

    #[test]
    fn other_text_is_not_a_request() {
        for text in [
            "",
            "x",
            "null",
            "[]",
            "{}",
            "7",
            r#""{\"name\":\"x\"}""#,
            r#"{"other":1}"#,
            r#"{"name":"x","Records":[]}"#,
            r#"{"requestContext":{"http":{"method":"POST"}},"name":"x"}"#,
            r#"{"Step":"createSecret","SecretId":"a","ClientRequestToken":"b"}"#,
            r#"{"Step":"createSecret","SecretId":"a","ClientRequestToken":"b","name":"x"}"#,
            r#"{"Records":[{"eventSource":"aws:sqs","messageId":"1","body":"{\"name\":\"x\"}"}]}"#,
        ] {
            assert_eq!(in_topic(text), None, "{text}");
            assert_eq!(in_queue(text), None, "{text}");
        }
        for detail in ["7", "null", "[]", r#""{\"name\":\"x\"}""#, "{}"] {
            assert_eq!(in_queue(&event(detail)), None, "{detail}");
        }
    }
}
