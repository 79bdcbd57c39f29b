//! The example events of the crate `aws_lambda_events`, sent to both functions.
//!
//! None of them requests a key with a valid credential. Both functions refuse each event and write nothing.

use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};
use shared::domain::Timestamp;
use shared::platform::{Call, Randomness};

use crate::failures::Failures;
use crate::support::{Answer, Endpoint, World, assert_form};

/// The folder of the examples. cargo keeps the files of a published crate in its registry.
fn folder() -> PathBuf {
    let version = cargo(&["-vV"]);
    // Without `--filter-platform`, cargo would need the crates of other platforms, and would download them.
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
    let text = cargo(&["metadata", "--format-version=1", "--locked", "--offline", "--filter-platform", host]);
    let metadata: Value = serde_json::from_str(&text).unwrap();
    let mut packages = metadata["packages"].as_array().unwrap().iter();
    let package = packages.find(|package| package["name"] == "aws_lambda_events").unwrap();
    PathBuf::from(package["manifest_path"].as_str().unwrap()).with_file_name("src").join("fixtures")
}

fn cargo(arguments: &[&str]) -> String {
    let mut command = Command::new(tests::host::variable("CARGO").expect("cargo runs this"));
    let output = command.args(arguments).current_dir(tests::host::repository()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[tokio::test]
async fn no_example_event_of_aws_creates_a_key_or_breaks_a_function() {
    let world = World::with(&[("ALLOW_PLAINTEXT_RESULT", "true"), ("DELIVERY_PREFIX", "apikeys/")]).await;
    let before = world.dynamo.items().await;
    let (mut files, mut failures) = (0, Failures::default());
    for entry in std::fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let event: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap_or_else(|_| panic!("{name}"));
        for endpoint in Endpoint::ALL {
            let call = Call::at(Timestamp::now(), 10_000, Randomness::draw());
            let refused = async { assert_refusal(endpoint, world.invoke_raw(endpoint, &event, call).await, &name) };
            failures.check(&format!("{name} at {endpoint:?}"), refused).await;
        }
        files += 1;
    }
    failures.assert_none();
    assert!(files >= 145, "{files} files");
    assert_eq!(world.dynamo.items().await, before);
}

/// Asserts that the answer refuses the event. A panic or a failed call of a service would be `createApikeyFailed`.
fn assert_refusal(endpoint: Endpoint, answer: Result<Value, &'static str>, name: &str) {
    match answer {
        Ok(answer) if answer["statusCode"].is_number() => {
            let answer = Answer::read(&answer);
            assert_form(endpoint, &answer);
            assert!(matches!(answer.status, 401 | 403 | 404 | 405), "{name}: {answer:?}");
        }
        Ok(answer) if answer["isAuthorized"].is_boolean() => {
            assert_eq!(answer, json!({ "isAuthorized": false }), "{name}")
        }
        Ok(answer) if answer["policyDocument"].is_object() => {
            assert_eq!(answer["policyDocument"]["Statement"][0]["Effect"], "Deny", "{name}");
        }
        Ok(answer) => assert!(!answer["batchItemFailures"].as_array().unwrap().is_empty(), "{name}: {answer}"),
        // A rotation step for another secret is refused.
        Err(code) => assert!(code == "unknownEvent" || code == "rotationSecretRefused", "{name}: {code}"),
    }
}
