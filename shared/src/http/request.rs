//! The gateway's event, reduced to what the checks look at: the method, two headers and the body.
//!
//! `lambda_http` reads these events too, but panics on `Host: a b` and on bad base64, keeps only the last of several
//! `Authorization` values of a REST API, and decodes a body before anyone has asked who sends it. Its types write the
//! response ([`super::response`]); the request is read here, and whatever a header or body holds can't fail the event.

use std::borrow::Cow;

use lambda_http::request::RequestOrigin;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::headers::Headers;
use crate::json::Text;

/// Who wrapped the request, which decides how the response is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// HTTP API with payload 2.0, or a Function URL.
    HttpApi,
    /// REST API, or HTTP API with payload 1.0.
    RestApi,
    /// Application Load Balancer.
    Alb,
}

impl Origin {
    /// The name in the log.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::HttpApi => "httpApi",
            Self::RestApi => "restApi",
            Self::Alb => "alb",
        }
    }
}

impl From<Origin> for RequestOrigin {
    fn from(origin: Origin) -> Self {
        match origin {
            Origin::HttpApi => Self::ApiGatewayV2,
            Origin::RestApi => Self::ApiGatewayV1,
            Origin::Alb => Self::Alb,
        }
    }
}

/// One HTTP request.
#[derive(Debug)]
pub struct GatewayEvent<'a> {
    origin: Origin,
    method: Cow<'a, str>,
    headers: Headers<'a>,
    multi_value_headers: Headers<'a>,
    pub(super) body: Option<&'a RawValue>,
    pub(super) is_base64: bool,
}

impl<'a> GatewayEvent<'a> {
    /// Reads an event if it is an HTTP request: it has a `requestContext`, a method where that origin puts it, and
    /// is not a question to an authorizer.
    #[must_use]
    pub fn read(payload: &'a str) -> Option<Self> {
        let envelope: Envelope<'a> = serde_json::from_str(payload).ok()?;
        if envelope.method_arn.is_some() || envelope.route_arn.is_some() {
            return None;
        }
        let context = envelope.request_context?;
        let (origin, method) = match (context.http, envelope.http_method) {
            (Some(http), _) => (Origin::HttpApi, http.method),
            (None, Some(Text(method))) if context.elb.is_some() => (Origin::Alb, method),
            (None, Some(Text(method))) => (Origin::RestApi, method),
            (None, None) => return None,
        };
        Some(Self {
            origin,
            method,
            headers: envelope.headers.unwrap_or_default(),
            multi_value_headers: envelope.multi_value_headers.unwrap_or_default(),
            body: envelope.body,
            is_base64: envelope.is_base64_encoded.unwrap_or(false),
        })
    }

    /// Who wrapped the request.
    #[must_use]
    pub const fn origin(&self) -> Origin {
        self.origin
    }

    /// The method, as it was sent.
    #[must_use]
    pub fn method(&self) -> &str {
        &self.method
    }

    /// Every value of a header, in whatever spelling and number it came; `name` is lower-case.
    ///
    /// REST APIs list each header twice, all of its values in `multiValueHeaders` and the last one in `headers`.
    pub(super) fn header(&self, name: &str) -> Vec<Cow<'a, str>> {
        let mut values = self.multi_value_headers.all(name);
        let listed = values.len();
        for value in self.headers.all(name) {
            if !values[..listed].contains(&value) {
                values.push(value);
            }
        }
        values
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope<'a> {
    #[serde(borrow)]
    request_context: Option<RequestContext<'a>>,
    #[serde(borrow)]
    http_method: Option<Text<'a>>,
    #[serde(borrow)]
    headers: Option<Headers<'a>>,
    #[serde(borrow)]
    multi_value_headers: Option<Headers<'a>>,
    #[serde(borrow)]
    body: Option<&'a RawValue>,
    is_base64_encoded: Option<bool>,
    method_arn: Option<IgnoredAny>,
    route_arn: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct RequestContext<'a> {
    #[serde(borrow)]
    http: Option<Http<'a>>,
    elb: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct Http<'a> {
    #[serde(borrow)]
    method: Cow<'a, str>,
}

#[cfg(test)]
mod tests {
    use super::{GatewayEvent, Origin};

    fn authorization(event: &str) -> Vec<String> {
        GatewayEvent::read(event).unwrap().header("authorization").iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_origin_is_told_by_where_the_method_stands() {
        for (event, expected) in [
            (r#"{"requestContext":{"http":{"method":"POST"}}}"#, Some(Origin::HttpApi)),
            (r#"{"requestContext":{"stage":"x"},"httpMethod":"POST"}"#, Some(Origin::RestApi)),
            (r#"{"requestContext":{"elb":{}},"httpMethod":"POST"}"#, Some(Origin::Alb)),
            (r#"{"requestContext":{},"httpMethod":"POST","methodArn":"arn:aws:execute-api:x"}"#, None),
            (r#"{"requestContext":{"http":{"method":"POST"}},"routeArn":"arn:aws:execute-api:x"}"#, None),
            (r#"{"requestContext":{"connectionId":"x"}}"#, None),
            (r#"{"httpMethod":"POST"}"#, None),
            ("{}", None),
            ("[]", None),
            ("null", None),
            ("\"x\"", None),
        ] {
            assert_eq!(GatewayEvent::read(event).map(|event| event.origin()), expected, "{event}");
        }
    }

    #[test]
    fn every_value_of_a_header_is_seen_once() {
        let context = r#""requestContext":{},"httpMethod":"POST""#;
        for (headers, expected) in [
            (r#""headers":{"AUTHORIZATION":"a"}"#, vec!["a"]),
            (r#""headers":{"Authorization":"b"},"multiValueHeaders":{"Authorization":["b"]}"#, vec!["b"]),
            (r#""headers":{"Authorization":"b"},"multiValueHeaders":{"Authorization":["a","b"]}"#, vec!["a", "b"]),
            (r#""headers":{"Authorization":"b"},"multiValueHeaders":{"Authorization":["b","b"]}"#, vec!["b", "b"]),
            (r#""headers":{"Authorization":"c"},"multiValueHeaders":{"Authorization":["a"]}"#, vec!["a", "c"]),
            (r#""headers":{"Authorization":"a","authorization":"a"}"#, vec!["a", "a"]),
            (r#""headers":{"Authorization":"a","Authorization":"b"}"#, vec!["a", "b"]),
            (r#""headers":{"Authorization":null,"X":{"Authorization":"a"}}"#, vec![]),
            (r#""headers":{"Authorization":"\ud800"}"#, vec!["\u{fffd}"]),
            (r#""headers":null,"multiValueHeaders":null"#, vec![]),
        ] {
            assert_eq!(authorization(&format!("{{{context},{headers}}}")), expected, "{headers}");
        }
    }
}
