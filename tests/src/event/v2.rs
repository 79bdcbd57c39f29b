//! Payload format 2.0: API Gateway HTTP API and Lambda function URLs.
//!
//! Header names are in lower case, repeated headers are joined with commas, and cookies are in a separate member.

use serde_json::{Value, json};

use super::values::{joined_values, lower_case};
use super::{REQUEST_ID, Request, TIME, TIME_EPOCH};

pub(super) fn http_api(request: &Request) -> Value {
    let route = format!("ANY {}", request.path);
    let mut event = envelope(request, &route, "$default", "api.example.com", "api");
    event["requestContext"]["apiId"] = "a1b2c3d4e5".into();
    event
}

pub(super) fn function_url(request: &Request) -> Value {
    let id = "abcdefghijklmnopqrstuvwxyz012345";
    let domain = format!("{id}.lambda-url.us-east-1.on.aws");
    let mut event = envelope(request, "$default", "$default", &domain, id);
    event["requestContext"]["accountId"] = "anonymous".into();
    event
}

fn envelope(request: &Request, route: &str, stage: &str, domain: &str, prefix: &str) -> Value {
    let mut event = json!({
        "version": "2.0",
        "routeKey": route,
        "rawPath": request.path,
        "rawQueryString": request.query_string(),
        "headers": joined_values(&lower_case(&request.headers)),
        "requestContext": {
            "accountId": "123456789012",
            "apiId": prefix,
            "domainName": domain,
            "domainPrefix": prefix,
            "http": {
                "method": request.method,
                "path": request.path,
                "protocol": "HTTP/1.1",
                "sourceIp": "192.0.2.61",
                "userAgent": "curl/8.5.0",
            },
            "requestId": REQUEST_ID,
            "routeKey": route,
            "stage": stage,
            "time": TIME,
            "timeEpoch": TIME_EPOCH,
        },
    });
    if !request.query.is_empty() {
        event["queryStringParameters"] = joined_values(&request.query);
    }
    if !request.cookies.is_empty() {
        event["cookies"] = request.cookies.clone().into();
    }
    event
}
