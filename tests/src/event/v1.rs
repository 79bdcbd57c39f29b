//! Payload format 1.0: API Gateway REST API, and HTTP API if configured.
//!
//! Header names keep their case; `headers` has the last value of each header, `multiValueHeaders` has all values.

use serde_json::{Value, json};

use super::values::{all_values, last_values, or_null};
use super::{REQUEST_ID, Request, TIME, TIME_EPOCH};

pub(super) fn rest_api(request: &Request) -> Value {
    envelope(request, "prod")
}

pub(super) fn http_api(request: &Request) -> Value {
    let mut event = envelope(request, "$default");
    event["version"] = "1.0".into();
    event["requestContext"]["path"] = request.path.clone().into();
    event
}

fn envelope(request: &Request, stage: &str) -> Value {
    let headers = request.headers_and_cookies();
    json!({
        "resource": request.path,
        "path": request.path,
        "httpMethod": request.method,
        "headers": last_values(&headers),
        "multiValueHeaders": all_values(&headers),
        "queryStringParameters": or_null(last_values(&request.query)),
        "multiValueQueryStringParameters": or_null(all_values(&request.query)),
        "pathParameters": null,
        "stageVariables": null,
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "a1b2c3d4e5",
            "domainName": "api.example.com",
            "domainPrefix": "api",
            "extendedRequestId": "bGdFgHnToAMFqxQ=",
            "httpMethod": request.method,
            "identity": identity(),
            "path": format!("/{stage}{}", request.path),
            "protocol": "HTTP/1.1",
            "requestId": REQUEST_ID,
            "requestTime": TIME,
            "requestTimeEpoch": TIME_EPOCH,
            "resourceId": "b2c3d4",
            "resourcePath": request.path,
            "stage": stage,
        },
    })
}

fn identity() -> Value {
    json!({
        "accessKey": null,
        "accountId": null,
        "caller": null,
        "cognitoAuthenticationProvider": null,
        "cognitoAuthenticationType": null,
        "cognitoIdentityId": null,
        "cognitoIdentityPoolId": null,
        "principalOrgId": null,
        "sourceIp": "192.0.2.61",
        "user": null,
        "userAgent": "curl/8.5.0",
        "userArn": null,
    })
}
