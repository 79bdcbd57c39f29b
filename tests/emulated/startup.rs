//! A configuration that is refused: one line names the variable, and the process ends.

use std::process::Command;

use serde_json::json;
use tests::fault::Proxy;
use tests::function::Function;
use tests::host;

use crate::support::{JWT_SECRET, Stage};

#[tokio::test]
async fn a_process_that_can_not_start_names_the_variable_and_ends() {
    let stage = Stage::new().await;
    for (function, variable, value) in [
        (Function::Jwt, "JWT_SECRET", "canary-too-short"),
        (Function::Jwt, "JWT_ISSUER", ""),
        (Function::Jwt, "JWT_PUBLIC_KEY", "canary-and-a-secret-as-well"),
        (Function::Jwt, "ROLE_LEVELS", r#"{"canary":"10"}"#),
        (Function::Key, "TABLE_NAME", ""),
        (Function::Key, "TABLE_NAME", "canary is no name"),
        (Function::Key, "LOG_LEVEL", "TRACE"),
        (Function::Key, "MAX_EXPIRES_IN", "canary"),
        (Function::Key, "AWS_CA_BUNDLE", "/canary.pem"),
        (Function::Jwt, "DELIVERY_PREFIX", "canary"),
        (Function::Key, "DELIVERY_PREFIX", "canary /"),
        (Function::Key, "PROVISIONER_SECRET_ARN", "arn:aws:secretsmanager:canary"),
        (Function::Jwt, "ALLOW_PLAINTEXT_RESULT", "canary"),
        (Function::Key, "AWS_ENDPOINT_URL_SECRETS_MANAGER", "canary"),
    ] {
        let emulator = stage.start(function, &[(variable, value)]).await;
        let answer = emulator.invoke_raw(json!({}).to_string()).await;
        emulator.written("exit status 1", 1).await;
        emulator.written("the function does not start", 1).await;
        let output = emulator.output();
        assert!(output.contains("exit status 1"), "{variable}: {output}");
        assert!(output.contains(r#""message":"the function does not start","detail":""#), "{output}");
        // Two keys: the first of them is named first.
        let named = if variable == "JWT_PUBLIC_KEY" { "JWT_SECRET is set, and so is another key" } else { variable };
        assert!(output.contains(&format!(r#""detail":"{named}"#)), "{output}");
        assert!(!output.contains("canary") && !answer.contains("canary"), "{output}{answer}");
    }
}

#[tokio::test]
async fn the_key_function_needs_no_token_settings() {
    let stage = Stage::new().await;
    let emulator = stage.start(Function::Key, &[]).await;
    assert!(emulator.invoke_raw("{}").await.contains("unknownEvent"));
}

#[tokio::test]
async fn a_start_greets_dynamodb_unless_it_is_told_not_to() {
    for (told, greetings) in [(None, 1), (Some("true"), 1), (Some("false"), 0)] {
        let stage = Stage::new().await;
        let proxy = Proxy::to(stage.dynamo.port()).await;
        let endpoint = proxy.endpoint();
        let mut variables = vec![("AWS_ENDPOINT_URL_DYNAMODB", endpoint.as_str())];
        variables.extend(told.map(|value| ("WARM_CONNECTION", value)));
        let emulator = stage.start(Function::Jwt, &variables).await;
        assert!(emulator.invoke_raw("{}").await.contains("unknownEvent"));
        assert_eq!(proxy.requests().len(), greetings, "{told:?}");
    }
}

#[test]
fn a_process_that_can_not_ask_lambda_for_events_says_so_and_ends() {
    let [nobody] = host::free_ports();
    for function in Function::ALL {
        let mut command = Command::new(function.program());
        command.env_clear().envs(function.environment(&format!("http://127.0.0.1:{nobody}"), JWT_SECRET));
        for (name, value) in [
            ("AWS_LAMBDA_RUNTIME_API", &*format!("127.0.0.1:{nobody}")),
            ("AWS_LAMBDA_FUNCTION_NAME", "function"),
            ("AWS_LAMBDA_FUNCTION_VERSION", "1"),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"),
        ] {
            command.env(name, value);
        }
        let output = command.output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(1), "{text}");
        assert!(text.contains(r#""message":"the function ends""#), "{text}");
    }
}
