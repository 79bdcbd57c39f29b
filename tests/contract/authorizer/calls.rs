//! The calls to DynamoDB of an authorization, their failures, and authorizer events inside of other events.

use serde_json::{Value, json};
use tests::event::{AuthorizerKind, Request, Source};
use tests::fault::Fault;

use super::scene::Scene;
use crate::failures::Failures;
use crate::support::{BODY, Endpoint};

/// The event of a kind, with a credential.
fn event(scene: &Scene, endpoint: Endpoint, credential: &str, kind: AuthorizerKind) -> Value {
    let credential = scene.credential(endpoint, credential);
    let request = credential.values.iter().fold(Request::new("GET", "/orders"), |r, v| r.header("Authorization", v));
    request.authorizer_event(kind)
}

#[tokio::test]
async fn each_authorization_makes_exactly_its_calls() {
    let (scene, proxy) = Scene::proxied().await;
    let mut failures = Failures::default();
    for (endpoint, credential, expected) in [
        (Endpoint::Key, "level4", "GetItem"),
        (Endpoint::Key, "level0", "GetItem"),
        (Endpoint::Key, "later", "GetItem GetItem"),
        (Endpoint::Key, "fenced", "GetItem GetItem"),
        (Endpoint::Key, "revoked", "GetItem"),
        (Endpoint::Key, "wrong", "GetItem"),
        (Endpoint::Key, "unknown", "GetItem"),
        (Endpoint::Key, "none", ""),
        (Endpoint::Key, "bare", ""),
        (Endpoint::Key, "joined", ""),
        (Endpoint::Jwt, "level4", ""),
        (Endpoint::Jwt, "wrong", ""),
    ] {
        for kind in AuthorizerKind::ALL {
            let check = async {
                let known = proxy.requests().len();
                scene.invoke(endpoint, &event(&scene, endpoint, credential, kind)).await.unwrap();
                let calls = proxy.requests().split_off(known);
                let operations: Vec<_> = calls.iter().map(|call| call.operation.as_str()).collect();
                assert_eq!(operations.join(" "), expected);
                assert!(calls.iter().all(|call| call.body.contains(r#""ConsistentRead":true"#)));
            };
            failures.check(&format!("{endpoint:?} {credential} {kind:?}"), check).await;
        }
    }
    failures.assert_none();
}

#[tokio::test]
async fn a_failing_store_neither_admits_nor_refuses() {
    let (scene, proxy) = Scene::proxied().await;
    for kind in AuthorizerKind::ALL {
        for (credential, nth) in [("level4", 1), ("wrong", 1), ("later", 2)] {
            for fault in ["AccessDeniedException", "ResourceNotFoundException", "ValidationException"] {
                proxy.inject_at("GetItem", nth, Fault::dynamodb(400, fault));
                let answer = scene.invoke(Endpoint::Key, &event(&scene, Endpoint::Key, credential, kind)).await;
                assert_eq!(answer, Err("authorizeFailed"), "{kind:?}: {credential}, {fault}");
                proxy.heal();
            }
        }
    }
}

#[tokio::test]
async fn an_authorizer_event_inside_of_another_event_admits_nobody() {
    let scene = Scene::with("").await;
    let before = scene.items().await;
    for endpoint in Endpoint::ALL {
        for kind in AuthorizerKind::ALL {
            let mut inner = event(&scene, endpoint, "level8", kind);
            let authorization = scene.credential(endpoint, "level8").values[0].clone();
            // The members of a request for a key, so that only the authorizer's members are left to refuse.
            let request: Value = serde_json::from_str(BODY).unwrap();
            inner.as_object_mut().unwrap().extend(request.as_object().unwrap().clone());
            inner["authorization"] = authorization.into();
            let text = inner.to_string();
            for (outer, expected) in [
                (
                    json!({ "Records": [{ "eventSource": "aws:sqs", "messageId": "1", "body": text }] }),
                    Ok(json!({ "batchItemFailures": [{ "itemIdentifier": "1" }] })),
                ),
                (
                    json!({ "Records": [{ "EventSource": "aws:sns", "Sns": { "MessageId": "1", "Message": text } }] }),
                    Err("unknownEvent"),
                ),
                (json!({ "detail-type": "a", "source": "b", "id": "1", "detail": inner }), Err("unknownEvent")),
                (json!({ "event": inner }), Err("unknownEvent")),
                (json!([inner]), Err("unknownEvent")),
                (Value::String(text.clone()), Err("unknownEvent")),
            ] {
                assert_eq!(scene.invoke(endpoint, &outer).await, expected, "{outer}");
            }
            // As the body of an HTTP request, it is a request for a key without a credential.
            let answer = scene.invoke(endpoint, &Request::post(endpoint.path(), text).event(Source::HttpApi)).await;
            assert_eq!(answer.unwrap()["statusCode"], 401);
        }
    }
    assert_eq!(scene.items().await, before);
}
