use serde_json::json;

use super::*;

fn request() -> Request {
    Request::post("/apikeys/jwt", "{}").header("Authorization", "Bearer a").header("authorization", "Bearer b")
}

#[test]
fn payload_2_0_joins_repeated_headers_with_commas_in_lower_case() {
    for source in [Source::HttpApi, Source::FunctionUrl] {
        let event = request().event(source);
        assert_eq!(event["headers"]["authorization"], "Bearer a,Bearer b", "{source:?}");
        assert_eq!(event["headers"].get("Authorization"), None, "{source:?}");
        assert_eq!(event["requestContext"]["http"]["method"], "POST", "{source:?}");
    }
}

#[test]
fn payload_1_0_keeps_spellings_and_every_value() {
    for source in [Source::RestApi, Source::HttpApiV1] {
        let event = request().header("Authorization", "Bearer c").event(source);
        assert_eq!(event["headers"]["Authorization"], "Bearer c", "{source:?}");
        assert_eq!(event["headers"]["authorization"], "Bearer b", "{source:?}");
        assert_eq!(event["multiValueHeaders"]["Authorization"], json!(["Bearer a", "Bearer c"]), "{source:?}");
    }
    assert_eq!(request().event(Source::RestApi).get("version"), None);
    assert_eq!(request().event(Source::HttpApiV1)["version"], "1.0");
}

#[test]
fn a_load_balancer_sends_the_last_value_or_a_list() {
    assert_eq!(request().event(Source::Alb)["headers"]["authorization"], "Bearer b");
    let event = request().event(Source::AlbMultiValue);
    assert_eq!(event["multiValueHeaders"]["authorization"], json!(["Bearer a", "Bearer b"]));
    assert_eq!(event.get("headers"), None);
}

#[test]
fn a_raw_header_is_added_to_the_headers_of_the_source() {
    let event = request().raw_header("Authorization", "Bearer c").event(Source::HttpApi);
    assert_eq!(event["headers"]["Authorization"], "Bearer c");
    assert_eq!(event["headers"]["authorization"], "Bearer a,Bearer b");
    let event = request().raw_header("Authorization", "Bearer c").event(Source::AlbMultiValue);
    assert_eq!(event["multiValueHeaders"]["Authorization"], json!(["Bearer c"]));
}

#[test]
fn a_body_is_not_changed() {
    for source in Source::ALL {
        let event = request().binary_body([0xff]).event(source);
        assert_eq!((&event["body"], &event["isBase64Encoded"]), (&json!("/w=="), &json!(true)), "{source:?}");
    }
}

#[test]
fn a_missing_body_is_absent_null_or_empty_by_source() {
    let body = |source| Request::new("GET", "/apikeys/jwt").event(source).get("body").cloned();
    assert_eq!(body(Source::HttpApi), None);
    assert_eq!(body(Source::RestApi), Some(Value::Null));
    assert_eq!(body(Source::Alb), Some(json!("")));
}

#[test]
fn each_source_places_cookies_and_query_strings() {
    let request = request().cookie("a=1").cookie("b=2").query("access_token", "x");
    let event = request.event(Source::HttpApi);
    assert_eq!((&event["cookies"], &event["rawQueryString"]), (&json!(["a=1", "b=2"]), &json!("access_token=x")));
    assert_eq!(request.event(Source::RestApi)["headers"]["Cookie"], "a=1; b=2");
    assert_eq!(request.event(Source::Alb)["queryStringParameters"], json!({ "access_token": "x" }));
}
