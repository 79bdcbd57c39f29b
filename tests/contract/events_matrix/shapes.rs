//! Compares the envelopes of the tests, and the answer to a queue, with the types of the crate `aws_lambda_events`.

use aws_lambda_events::event::eventbridge::EventBridgeEvent;
use aws_lambda_events::event::sns::{SnsEvent, SnsMessage};
use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use serde_json::{Value, json};

use crate::site::{Site, event, in_event, in_notification, in_topic, message, queue, topic};
use crate::support::Endpoint;

const REQUEST: &str = r#"{"name":"x"}"#;

#[test]
fn the_types_of_aws_lambda_events_read_the_envelopes_of_these_tests() {
    let bus: EventBridgeEvent<Value> = serde_json::from_str(&in_event("a", REQUEST)).unwrap();
    assert_eq!((bus.id.as_deref(), bus.detail), (Some("a"), json!({"name": "x"})));
    let bus: EventBridgeEvent<Value> = serde_json::from_str(&event(None, REQUEST)).unwrap();
    assert_eq!(bus.id, None);
    let sns: SnsEvent = serde_json::from_str(&topic(&[in_topic(Some(r#""a""#), REQUEST)])).unwrap();
    let record = &sns.records[0];
    assert_eq!(record.event_source, "aws:sns");
    assert_eq!((record.sns.message_id.as_str(), record.sns.message.as_str()), ("a", REQUEST));
    let notified: SnsMessage = serde_json::from_str(&in_notification("a", REQUEST)).unwrap();
    assert_eq!((notified.message_id.as_str(), notified.sns_message_type.as_str()), ("a", "Notification"));
    let sqs: SqsEvent = serde_json::from_str(&queue(&[message("a", REQUEST), message("b", "")])).unwrap();
    let messages: Vec<_> =
        sqs.records.iter().map(|message| (message.message_id.as_deref(), message.body.as_deref())).collect();
    assert_eq!(messages, [(Some("a"), Some(REQUEST)), (Some("b"), Some(""))]);
    assert!(sqs.records.iter().all(|message| message.event_source.as_deref() == Some("aws:sqs")));
}

#[tokio::test]
async fn the_types_of_aws_lambda_events_write_the_same_answer_to_a_queue() {
    let site = Site::new().await;
    let process = site.process().await;
    for ids in [&["a"] as &[&str], &["a", "b \" \u{e9}", "c"]] {
        let messages: Vec<_> = ids.iter().map(|id| message(id, "{}")).collect();
        let answer = process.invoke(Endpoint::Jwt, &queue(&messages)).await.unwrap();
        let read: SqsBatchResponse = serde_json::from_str(&answer).unwrap();
        let named: Vec<_> = read.batch_item_failures.iter().map(|failure| failure.item_identifier.as_str()).collect();
        assert_eq!(named, ids);
        assert_eq!(serde_json::to_string(&read).unwrap(), answer);
    }
}
