//! The event of a gateway, reduced to the method, the headers and the body.
//!
//! `lambda_http` does not read these events here: it panics on `Host: a b` and on invalid base64, keeps only the last
//! of several `Authorization` values of a REST API, and decodes a body before the caller is authenticated. Its types
//! write the response ([`super::response`]). In this module, no value of a header or body makes an event unreadable.

use std::borrow::Cow;

use lambda_http::request::RequestOrigin;
use serde_json::value::RawValue;

use super::headers::Headers;
use crate::text::{Members, string};

/// The service that forwarded the request. It determines the form of the response.
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

/// One HTTP request. It has no `Debug`, since it contains a credential.
pub struct GatewayEvent<'a> {
    origin: Origin,
    method: Cow<'a, str>,
    headers: Headers<'a>,
    multi_value_headers: Headers<'a>,
    pub(super) body: Option<&'a RawValue>,
    pub(super) is_base64: bool,
}

impl<'a> GatewayEvent<'a> {
    /// Reads an event if it is an HTTP request: it has a `requestContext` and a method in the place of its origin, and
    /// it is not a request to a Lambda authorizer. No other member changes this decision.
    #[must_use]
    pub(crate) fn read(event: Members<'a>) -> Option<Self> {
        if event.get("methodArn").or(event.get("routeArn")).is_some() {
            return None;
        }
        let context = Members::parse(event.get("requestContext")?.get())?;
        let http = context.get("http").and_then(|http| Members::parse(http.get()));
        let (origin, method) = match (http, event.get("httpMethod")) {
            (Some(http), _) => (Origin::HttpApi, http.get("method")?),
            (None, Some(method)) if context.get("elb").is_some() => (Origin::Alb, method),
            (None, Some(method)) => (Origin::RestApi, method),
            (None, None) => return None,
        };
        let headers = |name| event.get(name).and_then(|headers| Members::parse(headers.get())).unwrap_or_default();
        Some(Self {
            origin,
            method: string(method)?,
            headers: Headers(headers("headers")),
            multi_value_headers: Headers(headers("multiValueHeaders")),
            body: event.get("body"),
            is_base64: event.get("isBase64Encoded").is_some_and(|flag| flag.get() == "true"),
        })
    }

    /// The service that forwarded the request.
    #[must_use]
    pub const fn origin(&self) -> Origin {
        self.origin
    }

    /// The method, as it was sent.
    #[must_use]
    pub fn method(&self) -> &str {
        &self.method
    }

    /// Every value of a header. Names are compared without regard to letter case.
    ///
    /// REST APIs list each header twice: all values in `multiValueHeaders`, and the last value in `headers`.
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

#[cfg(test)]
mod tests {
    use super::{GatewayEvent, Members, Origin};

    fn read(event: &str) -> Option<GatewayEvent<'_>> {
        GatewayEvent::read(Members::parse(event)?)
    }

    fn authorization(event: &str) -> Vec<String> {
        read(event).unwrap().header("authorization").iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_place_of_the_method_identifies_the_origin() {
        for (event, expected) in [
            (r#"{"requestContext":{"http":{"method":"POST"}}}"#, Some(Origin::HttpApi)),
            (r#"{"requestContext":{"stage":"x"},"httpMethod":"POST"}"#, Some(Origin::RestApi)),
            (r#"{"requestContext":{"elb":{}},"httpMethod":"POST"}"#, Some(Origin::Alb)),
            (r#"{"requestContext":{},"httpMethod":"POST","methodArn":"arn:aws:execute-api:x"}"#, None),
            (r#"{"requestContext":{"http":{"method":"POST"}},"routeArn":"arn:aws:execute-api:x"}"#, None),
            (r#"{"requestContext":{"connectionId":"x"}}"#, None),
            (r#"{"httpMethod":"POST"}"#, None),
            (
                r#"{"requestContext":{"http":{"method":"POST"},"elb":null},"routeArn":null,"headers":null}"#,
                Some(Origin::HttpApi),
            ),
            (
                r#"{"requestContext":{"http":null,"elb":null},"httpMethod":"POST","methodArn":null}"#,
                Some(Origin::RestApi),
            ),
            (r#"{"requestContext":null,"httpMethod":"POST"}"#, None),
            ("{}", None),
            ("[]", None),
            (r#"[{"http":{"method":"POST"}},null,null,null,null,null,null,null]"#, None),
            (r#"{"requestContext":[["POST"],null]}"#, None),
            (r#"{"requestContext":{"http":{"method":7}}}"#, None),
            (
                r#"{"requestContext":{"http":{"method":"POST"}},"headers":[],"isBase64Encoded":"false"}"#,
                Some(Origin::HttpApi),
            ),
            ("null", None),
            ("\"x\"", None),
        ] {
            assert_eq!(read(event).map(|event| event.origin()), expected, "{event}");
        }
    }

    #[test]
    fn every_value_of_a_header_is_read_once() {
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
