//! The envelopes in which other services hand on a request, and the request in them, at most one envelope deeper.
//!
//! What a service fills in is trusted to have its documented shape; what a sender writes is text until it has been read.
//! None of these types has `Debug`: a request can carry a token.
//! (`aws_lambda_events` has types for them too, but fails a whole batch over one odd member, takes members twice,
//! prints bodies, and would bring two more crates.)

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::text::{Members, string};

/// The members that identify a request for a key: it has one of these.
const REQUEST_MEMBERS: [&str; 6] = ["name", "level", "expiresIn", "deliverTo", "idempotencyKey", "authorization"];

/// What a request never has: the marks of an envelope that was not opened, since it is of another service, or too deep.
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

/// A request as an event carries it: the text of a JSON object.
pub struct RequestText<'a> {
    /// The JSON object.
    pub object: Cow<'a, str>,
    /// The id of the innermost event around it.
    pub event_id: Option<String>,
}

impl<'a> RequestText<'a> {
    /// Takes text that is a JSON object with a request's members and no envelope's.
    pub(crate) fn read(object: Cow<'a, str>, event_id: Option<String>) -> Option<Self> {
        let members = Members::parse(&object)?;
        let has = |names: &[&str]| members.iter().any(|(name, _)| names.contains(&name.as_ref()));
        let is_request = has(&REQUEST_MEMBERS) && !has(&ENVELOPE_MARKERS);
        is_request.then_some(())?;
        Some(Self { object, event_id })
    }
}

/// An event of a bus: Amazon EventBridge User Guide, "AWS service event structure".
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

    /// The request in it, if its `detail` is one.
    #[must_use]
    pub fn request(self) -> Option<RequestText<'a>> {
        RequestText::read(Cow::Borrowed(self.detail.get()), self.id)
    }
}

/// One notification of a topic: Amazon SNS Developer Guide, "Parsing Amazon SNS message formats".
pub struct SnsNotification<'a> {
    id: Option<String>,
    message: Cow<'a, str>,
}

impl<'a> SnsNotification<'a> {
    /// The notifications that a topic invokes a function with.
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

    /// The request in it: its message, or the `detail` of the event in its message.
    #[must_use]
    pub fn request(self) -> Option<RequestText<'a>> {
        if let Some(request) = of_event(&self.message) {
            return request;
        }
        RequestText::read(self.message, self.id)
    }
}

/// One message of a queue: AWS Lambda Developer Guide, "Using Lambda with Amazon SQS".
pub struct SqsMessage<'a> {
    /// What the answer names the message by.
    pub id: Cow<'a, str>,
    body: Cow<'a, str>,
}

impl<'a> SqsMessage<'a> {
    /// The messages that a queue invokes a function with.
    pub(crate) fn read_all(records: &'a RawValue) -> Option<Vec<Self>> {
        read_all(records, |record| {
            let is_sqs = string(record.get("eventSource")?)? == "aws:sqs";
            is_sqs.then_some(())?;
            let id = string(record.get("messageId")?).filter(|id| !id.is_empty())?;
            Some(Self { id, body: text(record, "body") })
        })
    }

    /// The request in it: its body, or the message of the notification or the `detail` of the event in its body.
    #[must_use]
    pub fn request(&self) -> Option<RequestText<'_>> {
        of_event(&self.body)
            .or_else(|| of_notification(&self.body))
            .unwrap_or_else(|| RequestText::read(Cow::Borrowed(&self.body), None))
    }
}

/// What a sender wrote. What is no text carries no request, and fails nothing but itself.
fn text<'a>(members: &Members<'a>, name: &str) -> Cow<'a, str> {
    members.get(name).and_then(string).unwrap_or_default()
}

/// Every record, or none: an envelope is of one kind throughout.
fn read_all<'a, T>(records: &'a RawValue, read: impl Fn(&Members<'a>) -> Option<T>) -> Option<Vec<T>> {
    let records: Vec<Members<'a>> = serde_json::from_str(records.get()).ok()?;
    let read: Vec<T> = records.iter().map(read).collect::<Option<_>>()?;
    (!read.is_empty()).then_some(read)
}

/// What an event of a bus carries, if the text is one.
fn of_event<'a>(text: &str) -> Option<Option<RequestText<'a>>> {
    let event = EventBridgeEvent::read(&Members::parse(text)?)?;
    Some(RequestText::read(Cow::Owned(event.detail.get().to_owned()), event.id))
}

/// What a notification carries, if the text is one: here it has a `Type`, and its message is a request by itself.
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
    fn what_carries_no_request_is_nothing() {
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
