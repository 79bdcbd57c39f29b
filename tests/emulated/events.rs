//! Events that are not HTTP, sent to the built programs: the answers, the records and the secrets.

use serde_json::{Value, json};
use tests::function::Function;
use tests::rotation::{Rotation, Step};
use tests::secrets_manager::Version;
use tests::stored_key::StoredKey;

use crate::event_stage::{EventStage, event_bridge, every_way, sns, sqs};

/// An invocation error in the runtime's format.
fn error(code: &str) -> Value {
    json!({ "errorType": code, "errorMessage": code })
}

#[tokio::test]
async fn an_event_of_every_source_delivers_a_key_from_both_functions() {
    let stage = EventStage::new().await;
    for (function, created_by) in
        [(Function::Jwt, "jwt".to_owned()), (Function::Key, format!("key:{}", stage.provisioner.key))]
    {
        let emulator = stage.start(function, &[]).await;
        for index in 0..every_way(&json!({})).len() {
            let request = stage.request(function);
            let (source, event) = every_way(&request).swap_remove(index);
            let context = format!("{function:?}, {event}");
            let answer = emulator.invoke(&event).await;
            match source {
                "sqs" => assert_eq!(answer, json!({ "batchItemFailures": [] }), "{context}"),
                "direct" => assert_delivered_form(&answer, &request),
                _ => assert_eq!(answer, Value::Null, "{context}"),
            }
            stage.assert_delivered(&request, &created_by, &context).await;
        }
    }
}

/// The answer to a direct invocation with `deliverTo`: the secret's ARN, never the secret.
fn assert_delivered_form(answer: &Value, request: &Value) {
    assert_eq!(answer["result"], "success", "{answer}");
    let members: Vec<&str> = answer["apikey"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(members, ["expiresAt", "key", "level", "name", "secretArn", "userId"]);
    let arn = answer["apikey"]["secretArn"].as_str().unwrap();
    assert!(arn.contains(&format!("61/{}-", request["deliverTo"].as_str().unwrap())), "{arn}");
}

#[tokio::test]
async fn only_an_allowed_direct_invocation_returns_the_secret() {
    let stage = EventStage::new().await;
    for function in Function::ALL {
        let mut request = stage.request(function);
        request.as_object_mut().unwrap().remove("deliverTo");
        for allowed in ["true", "false"] {
            let emulator = stage.start(function, &[("ALLOW_PLAINTEXT_RESULT", allowed)]).await;
            let answer = emulator.invoke(&request).await;
            if allowed == "true" {
                assert_eq!(answer["apikey"]["secret"].as_str().map(str::len), Some(64), "{answer}");
                // The same id gives the same key.
                assert_eq!(emulator.invoke(&request).await, answer);
            } else {
                assert_eq!(answer, error("deliverToMissing"));
            }
            for event in [event_bridge(&request), sns(&[&request])] {
                assert_eq!(emulator.invoke(&event).await, error("deliverToMissing"));
            }
        }
    }
}

#[tokio::test]
async fn a_direct_invocation_may_hold_a_key_as_credential() {
    let stage = EventStage::new().await;
    let caller = StoredKey::new();
    stage.stage.dynamo.put_item(caller.item.clone()).await;
    let emulator = stage.start(Function::Key, &[]).await;
    let mut request = stage.request(Function::Key);
    request["authorization"] = caller.authorization().into();
    assert_delivered_form(&emulator.invoke(&request).await, &request);
    stage.assert_delivered(&request, &format!("key:{}", caller.key), "Basic").await;
    assert_eq!(emulator.invoke(&event_bridge(&request)).await, error("eventCredentialRefused"));
}

#[tokio::test]
async fn only_failed_messages_return_to_the_queue() {
    let stage = EventStage::new().await;
    for function in Function::ALL {
        let emulator = stage.start(function, &[]).await;
        let (good, mut bad) = (stage.request(function), stage.request(function));
        bad["level"] = 9.into();
        let event = sqs(&[
            ("a", bad.to_string()),
            ("b", good.to_string()),
            ("c", "no JSON".to_owned()),
            ("d", good.to_string()),
        ]);
        let failures = json!([{ "itemIdentifier": "a" }, { "itemIdentifier": "c" }]);
        assert_eq!(emulator.invoke(&event).await, json!({ "batchItemFailures": failures }));
    }
}

#[tokio::test]
async fn a_refusal_is_an_invocation_error_with_its_code() {
    let stage = EventStage::new().await;
    for function in Function::ALL {
        let emulator = stage.start(function, &[]).await;
        for (member, value, code) in [
            ("name", json!(7), "nameNotString"),
            ("level", json!(9), "invalidLevel"),
            ("expiresIn", json!(0), "invalidExpiresIn"),
            ("deliverTo", json!("../7/x"), "deliverToInvalid"),
            ("idempotencyKey", json!(""), "idempotencyKeyInvalid"),
            ("authorization", json!("Digest x"), "authenticationRequired"),
        ] {
            let mut request = stage.request(function);
            request[member] = value;
            assert_eq!(emulator.invoke(&request).await, error(code), "{function:?}");
        }
    }
}

#[tokio::test]
async fn a_delivered_secret_and_the_provisioners_rotate_in_four_steps() {
    let stage = EventStage::new().await;
    let request = stage.request(Function::Jwt);
    let delivered = stage.start(Function::Jwt, &[]).await.invoke(&request).await;
    let arn = delivered["apikey"]["secretArn"].as_str().unwrap().to_owned();
    let emulator = stage.start(Function::Key, &[]).await;
    for arn in [arn, stage.provisioner_arn.clone()] {
        let value = async |stage_name| -> Value {
            let text = stage.secrets.value(&arn, Version::Stage(stage_name)).await.unwrap();
            serde_json::from_str(&text).unwrap()
        };
        let old = value("AWSCURRENT").await;
        let rotation = Rotation::begin(stage.secrets, &arn).await.unwrap();
        let run = rotation.run(async |payload| match emulator.invoke(&payload).await {
            Value::Null => Ok(Value::Null),
            answer => Err(answer),
        });
        run.await.unwrap();
        let new = value("AWSCURRENT").await;
        assert_eq!(value("AWSPREVIOUS").await["key"], old["key"]);
        let record = stage.stage.dynamo.item(new["key"].as_str().unwrap()).await.unwrap();
        assert_eq!(record["createdBy"].as_s().unwrap(), &format!("rotation:{}", old["key"].as_str().unwrap()));
    }
    // Events still work with the provisioner's new key after the old key is deleted.
    stage.stage.dynamo.delete_item(&stage.provisioner.key).await;
    let request = stage.request(Function::Key);
    assert_delivered_form(&emulator.invoke(&request).await, &request);
}

#[tokio::test]
async fn a_step_that_is_refused_is_an_invocation_error() {
    let stage = EventStage::new().await;
    let emulator = stage.start(Function::Key, &[]).await;
    let rotation = Rotation::begin(stage.secrets, &stage.provisioner_arn).await.unwrap();
    let with = |member: &str, value: &str| {
        let mut event = rotation.payload(Step::Set);
        event[member] = value.into();
        event
    };
    for (event, code) in [
        (rotation.payload(Step::Set), "rotationPendingMissing"),
        (with("Step", "deleteSecret"), "rotationStepInvalid"),
        (with("SecretId", "backend/database"), "rotationSecretRefused"),
        (with("ClientRequestToken", "x"), "rotationVersionUnknown"),
    ] {
        assert_eq!(emulator.invoke(&event).await, error(code));
    }
    rotation.disable().await.unwrap();
    assert_eq!(emulator.invoke(&rotation.payload(Step::Create)).await, error("rotationNotEnabled"));
    let jwt = stage.start(Function::Jwt, &[]).await;
    assert_eq!(jwt.invoke(&rotation.payload(Step::Create)).await, error("unknownEvent"));
}

#[tokio::test]
async fn a_function_without_event_settings_serves_no_events() {
    let stage = EventStage::new().await;
    // Without this, a line other than the request's would be logged.
    let unset = [("DELIVERY_PREFIX", ""), ("PROVISIONER_SECRET_ARN", ""), ("WARM_CONNECTION", "false")];
    for function in Function::ALL {
        let emulator = stage.start(function, &unset).await;
        let request = stage.request(function);
        for event in [event_bridge(&request), sns(&[&request])] {
            assert_eq!(emulator.invoke(&event).await, error("eventsDisabled"), "{function:?}");
        }
        let code = if function == Function::Jwt { "eventsDisabled" } else { "authenticationRequired" };
        assert_eq!(emulator.invoke(&request).await, error(code), "{function:?}");
    }
    let emulator = stage.start(Function::Key, &unset).await;
    let rotation = Rotation::begin(stage.secrets, &stage.provisioner_arn).await.unwrap();
    assert_eq!(emulator.invoke(&rotation.payload(Step::Create)).await, error("eventsDisabled"));
    assert_eq!((stage.to_secrets.requests(), stage.to_dynamo.requests()), (vec![], vec![]));
}
