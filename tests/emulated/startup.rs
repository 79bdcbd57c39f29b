//! An invalid configuration: one log line names the variable, and the process ends.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::process::Command;

use serde_json::{Value, json};
use tests::fault::Proxy;
use tests::function::Function;
use tests::host;

use crate::support::{JWT_SECRET, Stage};

#[tokio::test]
async fn a_process_that_cannot_start_names_the_variable_and_ends() {
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
        // With two keys, the message names the first one.
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
async fn a_start_calls_dynamodb_unless_switched_off() {
    for (setting, greetings) in [(None, 1), (Some("true"), 1), (Some("false"), 0)] {
        let stage = Stage::new().await;
        let proxy = Proxy::to(stage.dynamo.port()).await;
        let endpoint = proxy.endpoint();
        let mut variables = vec![("AWS_ENDPOINT_URL_DYNAMODB", endpoint.as_str())];
        variables.extend(setting.map(|value| ("WARM_CONNECTION", value)));
        let emulator = stage.start(Function::Jwt, &variables).await;
        assert!(emulator.invoke_raw("{}").await.contains("unknownEvent"));
        assert_eq!(proxy.requests().len(), greetings, "{setting:?}");
    }
}

#[test]
fn a_process_without_a_runtime_api_logs_the_cause_and_ends() {
    let [nobody] = host::free_ports();
    for function in Function::ALL {
        let (code, log) = run_beside(function, &format!("127.0.0.1:{nobody}"));
        assert_eq!((code, log), (Some(1), ended("ERROR", "the Lambda runtime API can't be reached")));
        for (reply, level, detail) in [
            ("HTTP/1.1 500 Internal Server Error\r\n\r\n", "ERROR", "the Lambda runtime API answers 500"),
            ("HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n", "ERROR", "the Lambda runtime API answers 403"),
            ("220 mail.example.com ESMTP\r\n", "ERROR", "the reply of the Lambda runtime API can't be read"),
            ("HTTP/1.1 200 OK\r\na: \0\r\n\r\n", "ERROR", "the reply of the Lambda runtime API can't be read"),
            ("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{", "INFO", "the Lambda runtime API closed the connection"),
            ("", "INFO", "the Lambda runtime API closed the connection"),
        ] {
            let (code, log) = run_beside(function, &answering(reply));
            let expected = Some(i32::from(level == "ERROR"));
            assert_eq!((code, log), (expected, ended(level, detail)), "{reply:?}");
        }
    }
}

/// The address of a server that reads a request, sends a reply and closes the connection, once.
fn answering(reply: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            request.extend(byte);
        }
        stream.write_all(reply.as_bytes()).unwrap();
    });
    address
}

/// Runs a function until it ends, and returns its exit code and its log without timestamps.
fn run_beside(function: Function, runtime_api: &str) -> (Option<i32>, Vec<Value>) {
    let [nobody] = host::free_ports();
    let environment = function.environment(&format!("http://127.0.0.1:{nobody}"), JWT_SECRET);
    let mut command = Command::new(function.program());
    let output = command.env_clear().envs(environment).env("AWS_LAMBDA_RUNTIME_API", runtime_api).output().unwrap();
    let lines = String::from_utf8(output.stdout).unwrap();
    let lines = lines.lines().map(|line| {
        let mut line: Value = serde_json::from_str(line).unwrap();
        line.as_object_mut().unwrap().remove("timestamp").unwrap();
        line
    });
    (output.status.code(), lines.collect())
}

fn ended(level: &str, detail: &str) -> Vec<Value> {
    vec![json!({ "level": level, "message": "the function ends", "detail": detail })]
}
