//! No output of the functions holds a secret of an event, whatever fails.

use serde_json::{Value, json};
use tests::emulator::Emulator;
use tests::event::{AuthorizerKind, Request};
use tests::fault::{Fault, Proxy};
use tests::function::Function;
use tests::rotation::{Rotation, Step};
use tests::secrets_manager::new_token;
use tests::stored_key::StoredKey;
use tests::token::Claims;

use crate::event_stage::{EventStage, event_bridge, every_way, sns, sqs};
use crate::logs::LINE;
use crate::support::JWT_SECRET;

/// Sends every kind of event through every code path at the most verbose log level.
#[tokio::test]
async fn no_canary_of_an_event_reaches_any_output() {
    let stage = EventStage::new().await;
    for function in Function::ALL {
        let variables = [
            ("LOG_LEVEL", "DEBUG"),
            ("RUST_LOG", "trace"),
            ("AWS_LAMBDA_LOG_LEVEL", "TRACE"),
            ("ALLOW_PLAINTEXT_RESULT", "true"),
        ];
        let emulator = stage.start(function, &variables).await;
        let mut secrets = vec![JWT_SECRET.to_owned(), "canary".to_owned(), stage.provisioner.secret.clone()];
        let mut sent = 0;
        for event in events(&stage, function, &mut secrets).await {
            for (proxy, operation, fault) in faults(&stage) {
                if let Some(proxy) = proxy {
                    (1..=3).for_each(|nth| proxy.inject_at(operation, nth, fault.clone()));
                }
                let answer = emulator.invoke_raw(event.to_string()).await;
                note(&answer, &mut secrets);
                sent += event["Records"].as_array().map_or(1, Vec::len);
                for proxy in [&stage.to_secrets, &stage.to_dynamo] {
                    proxy.heal();
                }
            }
        }
        if function == Function::Key {
            sent += rotate(&stage, &emulator).await;
        }
        for request in stage.to_secrets.requests() {
            let body: Value = serde_json::from_str(&request.body).unwrap();
            note(body["SecretString"].as_str().unwrap_or_default(), &mut secrets);
        }
        emulator.written(LINE, sent).await;
        let output = emulator.output();
        for outcome in ["created", "replayed", "createApikeyFailed", "unknownEvent", "postBodyInvalid"] {
            assert!(output.contains(&format!(r#""outcome":"{outcome}""#)), "{outcome}: {output}");
        }
        assert!(secrets.len() > 50, "{}", secrets.len());
        for secret in &secrets {
            assert!(!output.contains(secret.as_str()), "{function:?}: {secret} in\n{output}");
        }
    }
}

/// Faults by operation: most are errors that quote the request.
fn faults(stage: &EventStage) -> Vec<(Option<&Proxy>, &'static str, Fault)> {
    let quote = |status, kind: &str| Fault::Quote { status, kind: kind.to_owned() };
    let (secrets, dynamo) = (Some(&stage.to_secrets), Some(&stage.to_dynamo));
    vec![
        (secrets, "CreateSecret", quote(400, "InvalidParameterException")),
        (secrets, "CreateSecret", quote(400, "ResourceExistsException")),
        (secrets, "CreateSecret", quote(500, "no word, but a canary")),
        (secrets, "CreateSecret", Fault::Truncate),
        (dynamo, "PutItem", quote(400, "ValidationException")),
        (dynamo, "TransactWriteItems", quote(400, "ValidationException")),
        (dynamo, "GetItem", quote(500, "InternalServerError")),
        (None, "", Fault::Pass),
        (None, "", Fault::Pass),
    ]
}

/// Valid and invalid events of every kind, and their secrets.
async fn events(stage: &EventStage, function: Function, secrets: &mut Vec<String>) -> Vec<Value> {
    let authorization = match function {
        Function::Jwt => stage.stage.bearer(&Claims::new().with("canary", "canary-claim")),
        Function::Key => {
            let caller = StoredKey::new();
            stage.stage.dynamo.put_item(caller.item.clone()).await;
            secrets.push(caller.secret.clone());
            caller.authorization()
        }
    };
    secrets.extend(authorization.split([' ', '.']).skip(1).map(str::to_owned));
    let request = |id: &str| {
        let mut request = stage.request(function);
        request["name"] = "canary-name".into();
        request["deliverTo"] = format!("canary-{}", new_token()).into();
        request["idempotencyKey"] = id.into();
        request
    };
    let with = |member: &str, value: Value| {
        let mut request = request("canary-id");
        request[member] = value;
        request
    };
    let plain_id = new_token();
    secrets.push(plain_id.clone());
    let mut plain = request(&plain_id);
    plain.as_object_mut().unwrap().remove("deliverTo");
    let mut by_event_id = event_bridge(&with("idempotencyKey", Value::Null));
    by_event_id["id"] = "canary-event-id".into();
    let mut by_message_id = sns(&[&with("idempotencyKey", Value::Null)]);
    by_message_id["Records"][0]["Sns"]["MessageId"] = "canary-message-id".into();
    let mut events: Vec<Value> = every_way(&request("canary-id")).into_iter().map(|(_, event)| event).collect();
    events.extend([
        plain,
        by_event_id,
        by_message_id,
        with("authorization", authorization.clone().into()),
        with("authorization", format!("{authorization}canary").into()),
        with("authorization", "Digest canary".into()),
        with("authorization", json!({ "canary": "canary" })),
        event_bridge(&with("authorization", authorization.clone().into())),
        with("name", "canary\u{202e}".into()),
        with("level", "canary".into()),
        with("deliverTo", "../canary".into()),
        with("idempotencyKey", "canary".repeat(50).into()),
        with("x", "canary".repeat(4_000).into()),
        json!({ "name": "canary", "detail": "canary" }),
        sqs(&[
            ("m-1", r#"{"name":"canary","name":"canary"}"#.to_owned()),
            ("canary id", format!(r#"{{"canary":"{authorization}""#)),
            ("m-3", request("canary-id").to_string()),
        ]),
    ]);
    for kind in AuthorizerKind::ALL {
        for value in [authorization.clone(), format!("{authorization}canary"), "Digest canary".to_owned()] {
            let request = Request::new("GET", "/canary").query("canary", "canary");
            events.push(request.header("Authorization", &value).authorizer_event(kind));
        }
        let mut wrong = Request::new("GET", "/").header("Authorization", &authorization).authorizer_event(kind);
        wrong["identitySource"] = json!(["canary"]);
        events.push(wrong.clone());
        wrong["methodArn"] = "canary".into();
        wrong["routeArn"] = "canary".into();
        events.push(wrong);
    }
    events
}

/// Runs rotation steps in which each call fails with an error that quotes the call, and then the step without faults.
/// Returns the expected number of log lines.
async fn rotate(stage: &EventStage, emulator: &Emulator) -> usize {
    let rotation = Rotation::begin(stage.secrets, &stage.provisioner_arn).await.unwrap();
    let mut sent = 0;
    for step in Step::ALL {
        let mut event = rotation.payload(step);
        event["RotationToken"] = "canary-rotation-token".into();
        for (proxy, operation) in [
            (&stage.to_secrets, "DescribeSecret"),
            (&stage.to_secrets, "GetSecretValue"),
            (&stage.to_secrets, "PutSecretValue"),
            (&stage.to_secrets, "UpdateSecretVersionStage"),
            (&stage.to_dynamo, "GetItem"),
            (&stage.to_dynamo, "PutItem"),
            (&stage.to_dynamo, "none: this one succeeds"),
        ] {
            let kind = "InvalidParameterException".to_owned();
            proxy.inject_at(operation, 1, Fault::Quote { status: 400, kind });
            emulator.invoke_raw(event.to_string()).await;
            proxy.heal();
            sent += 1;
        }
    }
    for (member, value) in [("Step", "canary"), ("SecretId", "canary"), ("ClientRequestToken", "canary")] {
        let mut event = rotation.payload(Step::Create);
        event[member] = value.into();
        emulator.invoke_raw(event.to_string()).await;
        sent += 1;
    }
    let canary = r#"{"key":"canary","secret":"canary"}"#;
    let arn = stage.secrets.create(&format!("{}61/canary", stage.prefix), canary).await;
    let rotation = Rotation::begin(stage.secrets, &arn).await.unwrap();
    emulator.invoke(&rotation.payload(Step::Create)).await;
    sent + 1
}

/// Collects the secret of an answer or of a secret's value.
fn note(text: &str, secrets: &mut Vec<String>) {
    let value: Value = serde_json::from_str(text).unwrap_or_default();
    let found = [&value["secret"], &value["apikey"]["secret"]];
    secrets.extend(found.into_iter().filter_map(Value::as_str).map(str::to_owned));
}
