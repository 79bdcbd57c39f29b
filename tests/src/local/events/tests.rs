use super::*;
use crate::dynamo::Dynamo;
use crate::rotation::Step;
use crate::secrets_manager::{SecretsManager, Version, unique_prefix};

const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";

fn named(name: &str) -> EventFile {
    EventFile::named(Path::new(name)).unwrap()
}

fn refused(code: &str) -> Outcome {
    Outcome::Refused(code.to_owned())
}

/// Fills a text with a new table and new secrets, and passes them to `look`.
async fn filled(text: &str, look: impl AsyncFn(&str, Backend<'_>)) {
    let dynamo = Dynamo::in_memory().await;
    let (delivery_prefix, signer) = (&unique_prefix(), &Signer::hs256(SECRET));
    let backend = Backend { table: *dynamo.table(), secrets: SecretsManager::shared(), delivery_prefix, signer };
    look(&fill(text, &backend).await.unwrap(), backend).await;
}

#[test]
fn a_name_says_function_source_and_outcome() {
    for (name, function, source, outcome) in [
        ("key-403-insufficient-access-level", "key", Source::Http { status: 403 }, refused("insufficientAccessLevel")),
        ("jwt-201-payload-1.0", "jwt", Source::Http { status: 201 }, Outcome::Created),
        ("jwt-200-list-rest-api", "jwt", Source::Http { status: 200 }, Outcome::Listed),
        ("jwt-200-read-alb", "jwt", Source::Http { status: 200 }, Outcome::Read),
        ("key-200-whoami-payload-1.0", "key", Source::Http { status: 200 }, Outcome::Read),
        ("jwt-204-revoke-chain", "jwt", Source::Http { status: 204 }, Outcome::Revoked),
        ("jwt-direct-created", "jwt", Source::Direct, Outcome::Created),
        ("key-sqs-created-from-sns", "key", Source::Sqs, Outcome::Created),
        ("key-sqs-created-in-part", "key", Source::Sqs, Outcome::CreatedInPart),
        ("key-sns-unknown-event", "key", Source::Sns, refused("unknownEvent")),
        ("key-eventbridge-create-secret", "key", Source::EventBridge, refused("createSecret")),
        ("key-rotation-create-secret", "key", Source::Rotation, Outcome::Stepped(Step::Create)),
        ("jwt-authorizer-admitted-rest-api", "jwt", Source::Authorizer, Outcome::Admitted),
        ("key-authorizer-refused-token", "key", Source::Authorizer, Outcome::NotAdmitted),
        ("key-authorizer-authorize-failed", "key", Source::Authorizer, refused("authorizeFailed")),
        ("key-rotation-rotation-step-invalid", "key", Source::Rotation, refused("rotationStepInvalid")),
    ] {
        let file = named(&format!("events/{name}.json"));
        assert_eq!((file.function.name(), file.source, file.outcome), (function, source, outcome), "{name}");
    }
}

#[test]
fn a_file_name_gives_the_setup_that_its_answer_requires() {
    for name in ["jwt-500-create-apikey-failed.json", "jwt-500-list-apikeys-failed.json"] {
        assert_eq!(named(name).setup(), Some(Setup::UnreachableStore), "{name}");
    }
    assert_eq!(named("key-sns-events-disabled.json").setup(), Some(Setup::EventsDisabled));
    for name in ["key-500-create-apikey-failed.json", "key-direct-create-apikey-failed.json", "jwt-201-alb.json"] {
        assert_eq!(named(name).setup(), None, "{name}");
    }
}

#[test]
fn a_name_outside_the_scheme_is_an_error() {
    for name in [
        "jwt.json",
        "jwt-ok-http-api.json",
        "jwt-200-alb.json",
        "jwt-204-read-alb.json",
        "other-201-http-api.json",
        "jwt-201-http-api.txt",
        "key-sqs-.json",
    ] {
        assert!(EventFile::named(Path::new(name)).unwrap_err().contains("isn't named"), "{name}");
    }
}

#[tokio::test]
async fn a_placeholder_becomes_a_credential_and_its_key_is_stored() {
    let text = r#"["{{bearer}}", "{{basic level=3}}", "{{basic level=3}}"]"#;
    filled(text, async |filled, backend| {
        let values: Vec<String> = serde_json::from_str(filled).unwrap();
        assert!(values[0].starts_with("Bearer ey") && values[1].starts_with("Basic "), "{filled}");
        assert_eq!(values[1], values[2]);
        assert_eq!(backend.table.items().await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn the_id_of_the_calling_key_differs_from_that_of_another_key() {
    let text = r#"["{{basic level=3}}", "{{own}}", "{{key}}", "{{key}}"]"#;
    filled(text, async |filled, backend| {
        let values: Vec<String> = serde_json::from_str(filled).unwrap();
        assert_eq!(values[2], values[3]);
        assert_ne!(values[1], values[2]);
        let items = backend.table.items().await;
        let level = |key: &str| {
            let item = items.iter().find(|item| item["key"].as_s().is_ok_and(|id| id == key));
            item.unwrap()["level"].as_n().unwrap().clone()
        };
        assert_eq!((&*level(&values[1]), &*level(&values[2])), ("3", "4"));
    })
    .await;
}

#[tokio::test]
async fn a_placeholder_is_filled_in_nested_json_text() {
    let inner = r#"{"id":"{{id}}","authorization":"{{bearer}}","other":"{{id 2}}"}"#;
    let text = Value::from(vec![Value::from(inner).to_string(), "{{id}}".to_owned()]).to_string();
    filled(&text, async |filled, _| {
        let outer: Vec<String> = serde_json::from_str(filled).unwrap();
        let middle: String = serde_json::from_str(&outer[0]).unwrap();
        let inner: Value = serde_json::from_str(&middle).unwrap();
        assert_eq!(inner["id"], outer[1]);
        assert_ne!(inner["id"], inner["other"]);
        assert!(inner["authorization"].as_str().unwrap().starts_with("Bearer ey"), "{filled}");
    })
    .await;
}

#[tokio::test]
async fn a_secret_placeholder_is_a_secret_at_a_step_of_a_rotation() {
    for (step, has_value, keys) in
        [("createSecret", false, 1), ("setSecret", true, 1), ("testSecret", true, 2), ("finishSecret", true, 2)]
    {
        let text = format!(r#"["{{{{secret at={step}}}}}", "{{{{token}}}}"]"#);
        filled(&text, async |filled, backend| {
            let [arn, token]: [String; 2] = serde_json::from_str(filled).unwrap();
            assert_eq!(backend.secrets.versions(&arn).await[&token], ["AWSPENDING"], "{step}");
            assert_eq!(backend.secrets.value(&arn, Version::Id(&token)).await.is_some(), has_value, "{step}");
            assert_eq!(backend.table.items().await.len(), keys, "{step}");
        })
        .await;
    }
}

#[tokio::test]
async fn an_unclosed_or_unknown_placeholder_is_an_error() {
    let (signer, secrets) = (&Signer::hs256(SECRET), Secrets::at(1));
    let backend = Backend { table: Table::at(1), secrets, delivery_prefix: "x/", signer };
    for text in ["{{bearer", "{{digest}}", "{{token}}"] {
        assert!(fill(text, &backend).await.is_err(), "{text}");
    }
}

#[tokio::test]
async fn every_event_file_can_be_filled_and_holds_no_secret() {
    let dynamo = Dynamo::in_memory().await;
    let (delivery_prefix, signer) = (&unique_prefix(), &Signer::hs256(SECRET));
    let backend = Backend { table: *dynamo.table(), secrets: SecretsManager::shared(), delivery_prefix, signer };
    let files = EventFile::all().unwrap();
    assert!(!files.is_empty());
    for file in files {
        let text = fs::read_to_string(&file.path).unwrap();
        assert!(!text.contains("Bearer ") && !text.contains("Basic "), "{}", file.path.display());
        let event = file.fill(&backend).await.unwrap();
        assert!(event.is_object() && !event.to_string().contains("{{"), "{}", file.path.display());
    }
}
