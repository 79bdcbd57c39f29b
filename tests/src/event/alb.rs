//! Application Load Balancer target groups.
//!
//! Header names are in lower case. Without multi-value headers, the event has only the last value of each header.

use serde_json::{Value, json};

use super::Request;
use super::values::{all_values, last_values, lower_case};

const TARGET_GROUP: &str = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/apikeys/6d0ecf831eec9f09";

pub(super) fn event(request: &Request, multi_value: bool) -> Value {
    let headers = lower_case(&request.headers_and_cookies());
    let mut event = json!({
        "requestContext": { "elb": { "targetGroupArn": TARGET_GROUP } },
        "httpMethod": request.method,
        "path": request.path,
    });
    if multi_value {
        event["multiValueQueryStringParameters"] = all_values(&request.query);
        event["multiValueHeaders"] = all_values(&headers);
    } else {
        event["queryStringParameters"] = last_values(&request.query);
        event["headers"] = last_values(&headers);
    }
    event
}
