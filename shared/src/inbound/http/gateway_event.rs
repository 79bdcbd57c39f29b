//! The event of a gateway, reduced to the method, the path, the query, the headers and the body.
//!
//! `lambda_http` does not read these events here: it panics on `Host: a b` and on invalid base64, keeps only the last
//! of several `Authorization` values of a REST API, and decodes a body before the caller is authenticated. Its types
//! write the response ([`super::response`]). In this module, no value of a header or body makes an event unreadable.

use std::borrow::Cow;

use lambda_http::request::RequestOrigin;
use serde_json::value::RawValue;

use super::super::headers::{Headers, object, values};
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

/// The query as the origin writes it.
enum Parameters<'a> {
    /// The text after the question mark.
    Raw(Cow<'a, str>),
    /// An object of decoded parameters.
    Decoded(Members<'a>),
    /// An object of parameters that are still percent-encoded.
    Encoded(Members<'a>),
}

/// One HTTP request. It has no `Debug`, since it contains a credential.
pub struct GatewayEvent<'a> {
    origin: Origin,
    method: Cow<'a, str>,
    path: Cow<'a, str>,
    query: Parameters<'a>,
    headers: Headers<'a>,
    pub(super) body: Option<&'a RawValue>,
    pub(super) is_base64: bool,
}

impl<'a> GatewayEvent<'a> {
    /// Reads an event if it is an HTTP request: it has a `requestContext` and a method in the place of its origin, and
    /// no ARN of a method or a route, which only a Lambda authorizer gets. No other member changes this decision.
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
        let text = |name| event.get(name).and_then(string).unwrap_or_default();
        // A REST API lists each parameter in both objects; a load balancer in one, as it is configured.
        let parameters = || {
            let several = object(&event, "multiValueQueryStringParameters");
            let several = several.filter(|several| several.iter().next().is_some());
            several.or_else(|| object(&event, "queryStringParameters")).unwrap_or_default()
        };
        let (path, query) = match origin {
            Origin::HttpApi => (text("rawPath"), Parameters::Raw(text("rawQueryString"))),
            Origin::RestApi => (text("path"), Parameters::Decoded(parameters())),
            Origin::Alb => (text("path"), Parameters::Encoded(parameters())),
        };
        Some(Self {
            origin,
            method: string(method)?,
            path,
            query,
            headers: Headers::read(&event),
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

    /// The path, as it was sent.
    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// Every parameter of the query, decoded.
    pub(super) fn query(&self) -> Vec<(String, String)> {
        let all = |parameters: &Members<'a>| -> Vec<(String, String)> {
            let parameters = parameters.iter();
            parameters
                .flat_map(|(name, raw)| values(raw).into_iter().map(|value| (name.to_string(), value.into_owned())))
                .collect()
        };
        let decoded = |text: &str| form_urlencoded::parse(text.as_bytes()).into_owned().collect();
        match &self.query {
            Parameters::Raw(text) => decoded(text),
            Parameters::Decoded(parameters) => all(parameters),
            Parameters::Encoded(parameters) => {
                let pairs: Vec<_> = all(parameters).iter().map(|(name, value)| format!("{name}={value}")).collect();
                decoded(&pairs.join("&"))
            }
        }
    }

    /// Every value of a header. Names are compared without regard to letter case.
    pub(super) fn header(&self, name: &str) -> Vec<Cow<'a, str>> {
        self.headers.all(name)
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
    fn the_path_and_every_parameter_are_read_from_the_place_of_the_origin() {
        for (event, path, query) in [
            (
                r#"{"requestContext":{"http":{"method":"GET"}},"rawPath":"/a","rawQueryString":"b=%31+2&b=3&c",
                    "path":"/x","queryStringParameters":{"x":"1"}}"#,
                "/a",
                vec![("b", "1 2"), ("b", "3"), ("c", "")],
            ),
            (
                r#"{"requestContext":{},"httpMethod":"GET","path":"/a","rawPath":"/x","rawQueryString":"x=1",
                    "queryStringParameters":{"b":"3"},"multiValueQueryStringParameters":{"b":["%31","3"]}}"#,
                "/a",
                vec![("b", "%31"), ("b", "3")],
            ),
            (
                r#"{"requestContext":{},"httpMethod":"GET","path":"/a","queryStringParameters":{"b":"3"},
                    "multiValueQueryStringParameters":null}"#,
                "/a",
                vec![("b", "3")],
            ),
            (
                r#"{"requestContext":{"elb":{}},"httpMethod":"GET","path":"/a%20","queryStringParameters":{"b%31":"%33"}}"#,
                "/a%20",
                vec![("b1", "3")],
            ),
            (
                r#"{"requestContext":{"elb":{}},"httpMethod":"GET","path":7,
                    "multiValueQueryStringParameters":{"b":["1","2"],"c":[7]}}"#,
                "",
                vec![("b", "1"), ("b", "2"), ("c", "\u{fffd}")],
            ),
            (r#"{"requestContext":{},"httpMethod":"GET","queryStringParameters":[]}"#, "", vec![]),
        ] {
            let event = read(event).unwrap();
            let found = event.query();
            let found: Vec<_> = found.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            assert_eq!((event.path(), found), (path, query));
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
