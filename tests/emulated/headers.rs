//! The headers of the runtime API. Callers choose the client context, so no header may end the process.

use std::path::PathBuf;

use hyper::body::Bytes;
use hyper::header::HeaderValue;
use serde_json::{Value, json};
use tests::event::{Request, Source};
use tests::function::Function;
use tests::host;
use tests::sandbox::{Header, Sandbox};
use tests::token::Claims;

use crate::support::{BODY, Stage};

const REQUEST_ID: &str = "lambda-runtime-aws-request-id";
const CLIENT_CONTEXT: &str = "lambda-runtime-client-context";
const COGNITO_IDENTITY: &str = "lambda-runtime-cognito-identity";

/// Every documented and undocumented header of the runtime API except the request id.
const HEADERS: [&str; 8] = [
    "lambda-runtime-deadline-ms",
    "lambda-runtime-invoked-function-arn",
    "lambda-runtime-trace-id",
    CLIENT_CONTEXT,
    COGNITO_IDENTITY,
    "lambda-runtime-aws-tenant-id",
    "lambda-runtime-invocation-id",
    "content-type",
];

fn value(bytes: &[u8]) -> HeaderValue {
    HeaderValue::from_bytes(bytes).unwrap()
}

/// A function's program in a sandbox, its output file, and an event whose answer is 201.
async fn sandbox(stage: &Stage) -> (Sandbox, PathBuf, Bytes) {
    let program = vec![Function::Jwt.program().display().to_string()];
    let output = std::env::temp_dir().join(format!("apikeys-{}.log", hex::encode(host::random::<8>())));
    let mut sandbox = Sandbox::spawn(&program, &stage.environment(Function::Jwt, &[]), Some(&output)).await.unwrap();
    sandbox.ready().await.unwrap();
    let request = Request::post("/apikeys/jwt", BODY).header("Authorization", &stage.bearer(&Claims::new()));
    (sandbox, output, request.event(Source::HttpApi).to_string().into())
}

async fn assert_created(sandbox: &Sandbox, event: &Bytes, headers: Vec<Header>, context: &str) {
    let answered =
        sandbox.invoke_with(event.clone(), headers).await.unwrap_or_else(|error| panic!("{context}: {error}"));
    let body: Value = serde_json::from_slice(&answered.body).unwrap();
    assert_eq!((answered.succeeded, &body["statusCode"]), (true, &json!(201)), "{context}: {body}");
}

#[tokio::test]
async fn an_invocation_with_any_header_values_is_answered() {
    let stage = Stage::new().await;
    let (sandbox, output, event) = sandbox(&stage).await;
    let huge = "x".repeat(64 * 1024);
    let values: [Option<&[u8]>; 16] = [
        None,
        Some(b""),
        Some(b" "),
        Some(b"0"),
        Some(b"-1"),
        Some(b"1.5"),
        Some(b"99999999999999999999999999"),
        Some(b"no number"),
        Some(b"null"),
        Some(b"[]"),
        Some(br#"{"custom":{"n":1}}"#),
        Some("Jürgen".as_bytes()),
        Some(b"J\xfcrgen"),
        Some(b"tab\there"),
        Some(&huge.as_bytes()[..3_500]),
        Some(huge.as_bytes()),
    ];
    for name in HEADERS {
        for bytes in values {
            let context = format!("{name}: {:?}", bytes.map(|bytes| &bytes[..bytes.len().min(40)]));
            assert_created(&sandbox, &event, vec![(name, bytes.map(value))], &context).await;
        }
    }
    std::fs::remove_file(output).unwrap();
}

#[tokio::test]
async fn no_client_context_or_identity_ends_the_process() {
    let stage = Stage::new().await;
    let (sandbox, output, event) = sandbox(&stage).await;
    // Warm-up tools and Cognito send these.
    for (name, text) in [
        (CLIENT_CONTEXT, r#"{"custom":{"tenant":"blue"}}"#),
        (CLIENT_CONTEXT, r#"{"custom":{"trace":{}}}"#),
        (CLIENT_CONTEXT, r#"{"custom":{"requestContext":{"stage":"x"},"warm":true}}"#),
        (CLIENT_CONTEXT, r#"{"custom":{"n":1}}"#),
        (CLIENT_CONTEXT, r#"{"custom":{"user":"Jürgen"}}"#),
        (CLIENT_CONTEXT, r#"{"custom":{"user":null},"client":[],"environment":1}"#),
        (COGNITO_IDENTITY, r#"{"cognitoIdentityId":"eu-west-1:0d9d","cognitoIdentityPoolId":"eu-west-1:77aa"}"#),
        (COGNITO_IDENTITY, r#"{"cognitoIdentityId":"eu-west-1:0d9d","cognitoIdentityPoolId":null}"#),
    ] {
        let headers = vec![(name, Some(value(text.as_bytes())))];
        assert_created(&sandbox, &event, headers.clone(), text).await;
        let refused = sandbox.invoke_with(Bytes::from_static(b"{}"), headers).await.unwrap();
        let body = r#"{"errorType":"unknownEvent","errorMessage":"unknownEvent"}"#;
        assert_eq!((refused.succeeded, &*refused.body), (false, body.as_bytes()), "{text}");
    }
    let log = std::fs::read_to_string(&output).unwrap();
    assert!(!log.contains("the function ends") && !log.contains("rgen") && !log.contains("0d9d"), "{log}");
    std::fs::remove_file(output).unwrap();
}

#[tokio::test]
async fn an_invocation_without_a_usable_id_is_logged_and_the_next_one_works() {
    let stage = Stage::new().await;
    let (sandbox, output, event) = sandbox(&stage).await;
    let huge = "x".repeat(64 * 1024);
    for id in [None, Some(&b""[..]), Some("Jürgen".as_bytes()), Some(b"a b"), Some(huge.as_bytes())] {
        // There is no address to send the answer to.
        let lost = sandbox.invoke_with(event.clone(), vec![(REQUEST_ID, id.map(value))]).await;
        assert_eq!(lost.unwrap_err(), "the program went away", "{id:?}");
        assert_created(&sandbox, &event, vec![], "the next").await;
    }
    let log = std::fs::read_to_string(&output).unwrap();
    let reason = "the invocation has no request id, or one that is no part of a URL";
    let line = format!(r#""level":"ERROR","message":"the answer is not sent","detail":"{reason}""#);
    assert_eq!(log.matches(&line).count(), 5, "{log}");
    std::fs::remove_file(output).unwrap();
}

#[tokio::test]
async fn an_invocation_with_any_id_that_fits_a_url_is_answered() {
    let stage = Stage::new().await;
    let (sandbox, output, event) = sandbox(&stage).await;
    for id in ["1", "a/b", "%00", "-_.~!$&'()*+,;=:@", &"x".repeat(3_500)] {
        assert_created(&sandbox, &event, vec![(REQUEST_ID, Some(value(id.as_bytes())))], id).await;
    }
    std::fs::remove_file(output).unwrap();
}

/// AWS's runtime API forwards bytes that are invalid in headers; the sandbox can't send such bytes.
#[tokio::test]
async fn no_bytes_of_a_client_context_end_the_process() {
    let stage = Stage::new().await;
    let emulator = stage.start(Function::Key, &[]).await;
    for context in [
        &b"{\"custom\":{\"name\":\"\x7f\"}}"[..],
        b"{\n  \"custom\": {\r\n\t\"n\": 1 } }",
        b"\x01\x02\x1b[0m",
        b"J\xfcrgen",
        "Jürgen".as_bytes(),
        b"\xff\xfe",
        b": x\r\nlambda-runtime-deadline-ms: 1",
        b"",
        &[b'x'; 3_583],
    ] {
        let answer = emulator.invoke_with_client_context(context, &json!({})).await;
        assert!(answer.contains("unknownEvent"), "{context:?}: {answer}\n{}", emulator.output());
    }
    let output = emulator.output();
    assert!(!output.contains("the function ends") && !output.contains("rgen"), "{output}");
}

#[tokio::test]
async fn the_invocation_id_is_returned_unchanged() {
    let stage = Stage::new().await;
    let (sandbox, output, event) = sandbox(&stage).await;
    for event in [event, Bytes::from_static(b"{}")] {
        let headers = vec![("lambda-runtime-invocation-id", Some(value(b"id-\xfc")))];
        let answered = sandbox.invoke_with(event, headers).await.unwrap();
        assert_eq!(answered.invocation_id, Some(value(b"id-\xfc")));
    }
    std::fs::remove_file(output).unwrap();
}

#[tokio::test]
async fn a_process_whose_runtime_api_closes_ends_without_an_error() {
    let stage = Stage::new().await;
    for invocations in 0..2 {
        let (mut sandbox, output, event) = sandbox(&stage).await;
        for _ in 0..invocations {
            assert_created(&sandbox, &event, vec![], "the last").await;
        }
        sandbox.close();
        assert!(sandbox.ended().await.unwrap().success());
        let log = std::fs::read_to_string(&output).unwrap();
        let last = r#""level":"INFO","message":"the function ends","detail":"the Lambda runtime API "#;
        assert!(log.contains(last) && !log.contains("ERROR"), "{log}");
        std::fs::remove_file(output).unwrap();
    }
}
