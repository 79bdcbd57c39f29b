//! The log of events that are not HTTP: one line per request.

use serde_json::{Value, json};
use tests::fault::Fault;
use tests::function::Function;
use tests::rotation::{Rotation, Step};
use tests::secrets_manager::{Version, new_token};
use tests::stored_key::StoredKey;

use crate::event_stage::{EventStage, event_bridge, every_way, notification, sns, sqs};
use crate::logs::{LINE, requests};

/// The predictable fields of a line: source, outcome, level and message id.
type Line = (&'static str, &'static str, &'static str, Option<&'static str>);

fn fields(line: &Value) -> (&str, &str, &str, Option<&str>) {
    let text = |name: &str| line[name].as_str().unwrap_or("-");
    (text("source"), text("outcome"), text("level"), line["messageId"].as_str())
}

#[tokio::test]
async fn every_request_of_an_event_is_one_line_with_its_level() {
    let stage = EventStage::new().await;
    for function in Function::ALL {
        let emulator = stage.start(function, &[]).await;
        let good = || stage.request(function);
        let mut bad = good();
        bad["level"] = 9.into();
        let again = good();
        let batch = sqs(&[
            ("m-1", good().to_string()),
            ("m-2", bad.to_string()),
            ("m-3", event_bridge(&good()).to_string()),
            ("m-4", notification(&good()).to_string()),
            // An id that SQS would not assign is not logged.
            ("m 5\n", "canary".to_owned()),
        ]);
        let topic = sns(&[&good(), &bad, &good()]);
        let cases: [(Value, &[Line]); 8] = [
            (again.clone(), &[("direct", "created", "INFO", None)]),
            (again, &[("direct", "replayed", "INFO", None)]),
            (bad.clone(), &[("direct", "invalidLevel", "INFO", None)]),
            (event_bridge(&good()), &[("eventBridge", "created", "INFO", None)]),
            (event_bridge(&bad), &[("eventBridge", "invalidLevel", "WARN", None)]),
            (
                topic,
                &[
                    ("sns", "created", "INFO", None),
                    ("sns", "invalidLevel", "WARN", None),
                    ("sns", "created", "INFO", None),
                ],
            ),
            (
                batch,
                &[
                    ("sqs", "created", "INFO", Some("m-1")),
                    ("sqs", "invalidLevel", "WARN", Some("m-2")),
                    ("sqs", "created", "INFO", Some("m-3")),
                    ("sqs", "created", "INFO", Some("m-4")),
                    ("sqs", "unknownEvent", "WARN", None),
                ],
            ),
            (json!({ "other": "canary" }), &[("unknown", "unknownEvent", "WARN", None)]),
        ];
        let mut expected = Vec::new();
        for (event, lines) in &cases {
            emulator.invoke_raw(event.to_string()).await;
            expected.extend_from_slice(lines);
        }
        emulator.written(LINE, expected.len()).await;
        let written = requests(&emulator);
        assert_eq!(written.iter().map(fields).collect::<Vec<_>>(), expected, "{}", emulator.output());
        let caller = match function {
            Function::Jwt => "jwt".to_owned(),
            Function::Key => format!("key:{}", stage.provisioner.key),
        };
        for line in &written {
            let (source, outcome, ..) = fields(line);
            assert_eq!(line["endpoint"], function.name(), "{line}");
            assert_eq!(line["keyId"].is_string(), matches!(outcome, "created" | "replayed"), "{line}");
            let is_known = source != "unknown" && outcome != "unknownEvent";
            assert_eq!(line["caller"].as_str(), Some(caller.as_str()).filter(|_| is_known), "{line}");
            assert_eq!(line["userId"].as_u64(), Some(61).filter(|_| is_known), "{line}");
            assert_eq!(line.get("status"), None, "{line}");
            assert!(line["durationMs"].is_number() && line["requestId"].as_str().unwrap().len() == 36, "{line}");
            assert!(line["timestamp"].as_str().unwrap().ends_with('Z'), "{line}");
        }
        assert!(!emulator.output().contains("canary"), "{}", emulator.output());
    }
}

#[tokio::test]
async fn a_fault_of_an_event_is_an_error_for_every_source() {
    let stage = EventStage::new().await;
    for function in Function::ALL {
        let emulator = stage.start(function, &[]).await;
        let sources: Vec<_> = every_way(&json!({})).iter().map(|(source, _)| *source).collect();
        for index in 0..sources.len() {
            stage.to_secrets.inject_at("CreateSecret", 1, Fault::secrets_manager(400, "AccessDeniedException"));
            emulator.invoke_raw(every_way(&stage.request(function)).swap_remove(index).1.to_string()).await;
        }
        emulator.written(LINE, sources.len()).await;
        let written = requests(&emulator);
        for (line, source) in written.iter().zip(&sources) {
            let message = Some("m").filter(|_| *source == "sqs");
            assert_eq!(fields(line), (*source, "createApikeyFailed", "ERROR", message), "{line}");
            assert_eq!(line["reason"], "AccessDeniedException", "{line}");
        }
        assert_eq!(written.len(), sources.len());
    }
}

#[tokio::test]
async fn an_unusable_provisioner_is_an_error_with_its_reason() {
    let stage = EventStage::new().await;
    let emulator = stage.start(Function::Key, &[]).await;
    let put = async |value: &str| {
        stage.secrets.put(&stage.provisioner_arn, &new_token(), &["AWSCURRENT"], value).await;
        emulator.invoke(&event_bridge(&stage.request(Function::Key))).await
    };
    put("canary").await;
    let unknown = StoredKey::new();
    put(&json!({ "key": unknown.key, "secret": unknown.secret }).to_string()).await;
    stage.secrets.delete(&stage.provisioner_arn).await;
    emulator.invoke(&event_bridge(&stage.request(Function::Key))).await;
    emulator.written(LINE, 3).await;
    let written = requests(&emulator);
    for (line, reason) in written.iter().zip(["provisionerMalformed", "provisionerRefused", "provisionerMissing"]) {
        assert_eq!(fields(line), ("eventBridge", "createApikeyFailed", "ERROR", None), "{line}");
        assert_eq!(line["reason"], reason, "{line}");
    }
    assert_eq!((written.len(), &written[1]["presentedKey"]), (3, &json!(unknown.key)));
}

#[tokio::test]
async fn every_step_of_a_rotation_is_one_line_that_names_both_keys() {
    let stage = EventStage::new().await;
    let emulator = stage.start(Function::Key, &[]).await;
    let rotation = Rotation::begin(stage.secrets, &stage.provisioner_arn).await.unwrap();
    emulator.invoke(&rotation.payload(Step::Set)).await;
    stage.to_secrets.inject_at("DescribeSecret", 1, Fault::secrets_manager(400, "AccessDeniedException"));
    emulator.invoke(&rotation.payload(Step::Create)).await;
    rotation.run(async |payload| Ok::<_, ()>(emulator.invoke(&payload).await)).await.unwrap();
    emulator.invoke(&rotation.payload(Step::Test)).await;
    let expected = [
        ("rotationPendingMissing", "WARN"),
        ("createApikeyFailed", "ERROR"),
        ("successorStaged", "INFO"),
        ("successorStored", "INFO"),
        ("successorTested", "INFO"),
        ("rotated", "INFO"),
        ("alreadyRotated", "INFO"),
    ];
    emulator.written(LINE, expected.len()).await;
    let written = requests(&emulator);
    let new = stage.secrets.value(&stage.provisioner_arn, Version::CURRENT).await.unwrap();
    let new = serde_json::from_str::<Value>(&new).unwrap()["key"].clone();
    for (line, (outcome, level)) in written.iter().zip(expected) {
        assert_eq!(fields(line), ("rotation", outcome, level, None), "{line}");
        let names_new = matches!(outcome, "successorStaged" | "successorStored" | "successorTested" | "rotated");
        assert_eq!(line.get("keyId"), Some(&new).filter(|_| names_new), "{line}");
        let caller = json!(format!("key:{}", stage.provisioner.key));
        let names_old = matches!(outcome, "successorStaged" | "successorStored");
        assert_eq!(line.get("caller"), Some(&caller).filter(|_| names_old), "{line}");
    }
    assert_eq!(written.len(), expected.len());
}
