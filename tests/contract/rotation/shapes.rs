//! Only a whole payload to the key function is a rotation step.

use serde_json::{Value, json};
use tests::rotation::{Rotation, Step};

use super::scene::{Scene, at, later};
use crate::support::invoke;

/// A scene with a rotation that has begun.
async fn begun() -> (Scene, Rotation) {
    let scene = Scene::new().await;
    let arn = scene.deliver(4).await.arn;
    let rotation = scene.begin(&arn).await;
    (scene, rotation)
}

/// Asserts that events are refused as unknown, without a call of any service.
async fn assert_unknown(scene: &Scene, events: &[Value]) {
    let calls = scene.calls();
    for event in events {
        assert_eq!(scene.invoke(event).await, Err("unknownEvent"), "{event}");
    }
    assert_eq!(scene.calls(), calls);
}

#[tokio::test]
async fn the_jwt_function_rotates_nothing() {
    let (scene, rotation) = begun().await;
    let calls = scene.calls();
    let function = scene.jwt_function().await;
    for step in Step::ALL {
        assert_eq!(invoke(&function, &rotation.payload(step), at(later(0))).await, Err("unknownEvent"));
    }
    assert_eq!(scene.calls(), calls);
}

#[tokio::test]
async fn a_rotation_inside_a_notification_or_an_event_is_an_unknown_event() {
    let (scene, rotation) = begun().await;
    let step = rotation.payload(Step::Create);
    // The second payload also has the members of a request, so it is not refused for their absence.
    let mut request = json!({ "name": "x", "level": 1, "expiresIn": 60, "deliverTo": "x", "idempotencyKey": "x" });
    request.as_object_mut().unwrap().extend(step.as_object().unwrap().clone());
    for payload in [step, request] {
        let event = json!({ "id": "x", "detail-type": "x", "source": "aws.secretsmanager", "detail": payload });
        let notification = |message: &Value| {
            let sns = json!({ "MessageId": "x", "Message": message.to_string() });
            json!({ "Records": [{ "EventSource": "aws:sns", "Sns": sns }] })
        };
        assert_unknown(&scene, &[event.clone(), notification(&payload), notification(&event)]).await;
    }
}

#[tokio::test]
async fn a_rotation_inside_an_sqs_message_is_returned_as_failed() {
    let (scene, rotation) = begun().await;
    let calls = scene.calls();
    let step = rotation.payload(Step::Create);
    let event = json!({ "id": "x", "detail-type": "x", "source": "aws.secretsmanager", "detail": step });
    let notification =
        json!({ "Type": "Notification", "TopicArn": "x", "MessageId": "x", "Message": step.to_string() });
    for body in [step, event, notification] {
        let record = json!({ "eventSource": "aws:sqs", "messageId": "m", "body": body.to_string() });
        let answer = scene.invoke(&json!({ "Records": [record] })).await.unwrap();
        assert_eq!(answer, json!({ "batchItemFailures": [{ "itemIdentifier": "m" }] }), "{body}");
    }
    assert_eq!(scene.calls(), calls);
}

#[tokio::test]
async fn a_rotation_with_a_missing_or_mistyped_member_is_an_unknown_event() {
    let (scene, rotation) = begun().await;
    let mut events = Vec::new();
    for member in ["Step", "SecretId", "ClientRequestToken", "RotationToken"] {
        // `null` counts as absent, and `RotationToken` may be absent.
        for value in [json!(7), json!(null), json!(["x"]), json!({})] {
            if member != "RotationToken" || !value.is_null() {
                let mut event = rotation.payload(Step::Create);
                event[member] = value;
                events.push(event);
            }
        }
        let mut event = rotation.payload(Step::Create);
        if event.as_object_mut().unwrap().remove(member).is_some() {
            events.push(event);
        }
    }
    events.push(json!([rotation.payload(Step::Create)]));
    events.push(json!({ "Records": [rotation.payload(Step::Create)] }));
    assert_unknown(&scene, &events).await;
}

#[tokio::test]
async fn members_of_a_request_have_no_effect_on_a_rotation() {
    let (scene, rotation) = begun().await;
    let mut event = rotation.payload(Step::Create);
    for member in ["name", "level", "expiresIn", "deliverTo", "idempotencyKey", "authorization", "region"] {
        event[member] = "x".into();
    }
    assert_eq!(scene.invoke(&event).await, Ok(Value::Null));
    assert_eq!(scene.value(rotation.arn(), "AWSPENDING").await.unwrap()["name"], "A key that rotates");
}
