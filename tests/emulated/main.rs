//! Tests of the built programs under the Lambda runtime interface emulator.
//!
//! Run these tests through `make test`, which sets the paths.

mod authorizer;
mod event_canaries;
mod event_logs;
mod event_stage;
mod events;
mod faults;
mod headers;
mod load;
mod logs;
mod startup;
mod support;

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::Value;
use shared::domain::Secret;
use tests::event::{Request, Source};
use tests::function::Function;
use tests::stored_key::basic;
use tests::token::Claims;

use support::{BODY, Stage};

#[tokio::test]
async fn the_documented_example_is_a_201_with_a_record_on_both_endpoints() {
    let stage = Stage::new().await;
    let mut authorization = stage.bearer(&Claims::new());
    for (function, created_by) in [(Function::Jwt, "jwt"), (Function::Key, "key:")] {
        let emulator = stage.start(function, &[]).await;
        // A key needs level 4 to create keys, so the first key gets level 4.
        let body = if function == Function::Jwt { BODY.replace("\"level\":3", "\"level\":4") } else { BODY.to_owned() };
        let request = Request::post(function.path(), body).header("Authorization", &authorization);
        let response = emulator.invoke(&request.event(Source::HttpApi)).await;
        assert_eq!(response["statusCode"], 201, "{response}");
        let body: Value = serde_json::from_str(response["body"].as_str().unwrap()).unwrap();
        let text = |member: &str| body["apikey"][member].as_str().unwrap();
        let item = stage.dynamo.item(text("key")).await.expect("the record stands in the table");
        let hash = Secret::from_hex(text("secret")).unwrap().hash();
        assert_eq!(item["secretHash"].as_b().unwrap().as_ref(), hash.as_bytes());
        assert!(item["createdBy"].as_s().unwrap().starts_with(created_by));
        assert_eq!(item["userId"], AttributeValue::N("61".to_owned()));
        authorization = basic(text("key"), text("secret"));
    }
}

#[tokio::test]
async fn every_source_gets_its_response_format() {
    let stage = Stage::new().await;
    let emulator = stage.start(Function::Jwt, &[]).await;
    let request = Request::post("/apikeys/jwt", BODY).header("Authorization", &stage.bearer(&Claims::new()));
    for source in Source::ALL {
        let response = emulator.invoke(&request.event(source)).await;
        assert_eq!(response["statusCode"], 201, "{source:?}: {response}");
        assert_eq!(response["isBase64Encoded"], false, "{source:?}");
        let single = response["headers"]["cache-control"] == "no-store";
        let multi = response["multiValueHeaders"]["cache-control"][0] == "no-store";
        let expected = match source {
            Source::HttpApi | Source::FunctionUrl => (true, false),
            Source::RestApi | Source::HttpApiV1 => (false, true),
            Source::Alb | Source::AlbMultiValue => (true, true),
        };
        assert_eq!((single, multi), expected, "{source:?}: {response}");
    }
}

#[tokio::test]
async fn a_non_http_event_is_an_invocation_error_with_its_code() {
    let stage = Stage::new().await;
    for function in Function::ALL {
        let emulator = stage.start(function, &[]).await;
        for event in ["{}", "null", r#"{"Records":[{"eventSource":"aws:s3"}]}"#] {
            let answer: Value = serde_json::from_str(&emulator.invoke_raw(event).await).unwrap();
            assert_eq!(answer["errorType"], "unknownEvent", "{event}: {answer}");
        }
    }
}
