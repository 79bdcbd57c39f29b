//! HTTP requests as the event JSON that a function gets from AWS.
//!
//! Each source keeps, joins or drops repeated headers as AWS documents.

mod alb;
mod authorizer;
mod v1;
mod v2;
mod values;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

pub use authorizer::{AuthorizerKind, STAGE_ARN};

/// The time of the request, also in milliseconds. No test depends on it.
const TIME: &str = "06/Nov/2022:14:57:30 +0000";
const TIME_EPOCH: u64 = 1_667_746_650_000;
const REQUEST_ID: &str = "3c8f4b1e-7d52-4e0a-9b6f-5a1d2c3e4f60";

/// The service between a caller and a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// API Gateway HTTP API, payload format 2.0.
    HttpApi,
    /// API Gateway REST API.
    RestApi,
    /// API Gateway HTTP API, payload format 1.0.
    HttpApiV1,
    /// A Lambda function URL.
    FunctionUrl,
    /// An Application Load Balancer.
    Alb,
    /// An Application Load Balancer whose target group has multi-value headers enabled.
    AlbMultiValue,
}

impl Source {
    /// Every source.
    pub const ALL: [Self; 6] =
        [Self::HttpApi, Self::RestApi, Self::HttpApiV1, Self::FunctionUrl, Self::Alb, Self::AlbMultiValue];

    /// Whether the event has a separate value for each repeated header.
    #[must_use]
    pub const fn keeps_repeated_headers(self) -> bool {
        matches!(self, Self::RestApi | Self::HttpApiV1 | Self::AlbMultiValue)
    }
}

/// A request, before it becomes an event.
#[derive(Clone, Debug)]
pub struct Request {
    method: String,
    path: String,
    query: Vec<(String, String)>,
    headers: Vec<(String, String)>,
    raw_headers: Vec<(String, String)>,
    cookies: Vec<String>,
    body: Option<String>,
    is_base64: bool,
}

impl Request {
    /// A request with the headers that any client and gateway add.
    #[must_use]
    pub fn new(method: &str, path: &str) -> Self {
        let headers = [
            ("Accept", "*/*"),
            ("Host", "api.example.com"),
            ("User-Agent", "curl/8.5.0"),
            ("X-Amzn-Trace-Id", "Root=1-6368f5a0-3a4b5c6d7e8f9a0b1c2d3e4f"),
            ("X-Forwarded-For", "192.0.2.61"),
            ("X-Forwarded-Port", "443"),
            ("X-Forwarded-Proto", "https"),
        ];
        Self {
            method: method.to_owned(),
            path: path.to_owned(),
            query: Vec::new(),
            headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec(),
            raw_headers: Vec::new(),
            cookies: Vec::new(),
            body: None,
            is_base64: false,
        }
    }

    /// A POST of JSON.
    #[must_use]
    pub fn post(path: &str, body: impl Into<String>) -> Self {
        Self::new("POST", path).header("Content-Type", "application/json").body(body)
    }

    /// Adds a header, even if there is one of the same name.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Removes every header of that name, ignoring case.
    #[must_use]
    pub fn without_header(mut self, name: &str) -> Self {
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self
    }

    /// Sets a header and removes others of the same name.
    #[must_use]
    pub fn only_header(self, name: &str, value: &str) -> Self {
        self.without_header(name).header(name, value)
    }

    /// Adds a member to the event's `headers` object, unchanged by the source.
    #[must_use]
    pub fn raw_header(mut self, name: &str, value: &str) -> Self {
        self.raw_headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Adds a query string parameter. Neither the name nor the value may need percent-encoding.
    #[must_use]
    pub fn query(mut self, name: &str, value: &str) -> Self {
        self.query.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Adds a cookie, as `name=value`.
    #[must_use]
    pub fn cookie(mut self, cookie: &str) -> Self {
        self.cookies.push(cookie.to_owned());
        self
    }

    /// Sets the text of the event's `body`.
    #[must_use]
    pub fn body(mut self, body: impl Into<String>) -> Self {
        self.body = Some(body.into());
        self
    }

    /// Sets the body's bytes, in base64 as API Gateway encodes binary bodies.
    #[must_use]
    pub fn binary_body(self, body: impl AsRef<[u8]>) -> Self {
        self.body(STANDARD.encode(body)).base64_flag(true)
    }

    /// Sets `isBase64Encoded`, independent of the body.
    #[must_use]
    pub const fn base64_flag(mut self, is_base64: bool) -> Self {
        self.is_base64 = is_base64;
        self
    }

    /// The event of this request.
    #[must_use]
    pub fn event(&self, source: Source) -> Value {
        let mut event = match source {
            Source::HttpApi => v2::http_api(self),
            Source::FunctionUrl => v2::function_url(self),
            Source::RestApi => v1::rest_api(self),
            Source::HttpApiV1 => v1::http_api(self),
            Source::Alb => alb::event(self, false),
            Source::AlbMultiValue => alb::event(self, true),
        };
        match (&self.body, source) {
            (Some(body), _) => event["body"] = body.as_str().into(),
            (None, Source::HttpApi | Source::FunctionUrl) => {}
            (None, Source::RestApi | Source::HttpApiV1) => event["body"] = Value::Null,
            (None, Source::Alb | Source::AlbMultiValue) => event["body"] = "".into(),
        }
        event["isBase64Encoded"] = self.is_base64.into();
        let headers = if source == Source::AlbMultiValue { "multiValueHeaders" } else { "headers" };
        for (name, value) in &self.raw_headers {
            let list = source == Source::AlbMultiValue;
            event[headers][name] = if list { vec![value.as_str()].into() } else { value.as_str().into() };
        }
        event
    }

    /// The headers including the cookies, for the sources without a member for cookies.
    fn headers_and_cookies(&self) -> Vec<(String, String)> {
        let mut headers = self.headers.clone();
        if !self.cookies.is_empty() {
            headers.push(("Cookie".to_owned(), self.cookies.join("; ")));
        }
        headers
    }

    fn query_string(&self) -> String {
        let pair = |(name, value): &(String, String)| format!("{name}={value}");
        self.query.iter().map(pair).collect::<Vec<_>>().join("&")
    }
}

#[cfg(test)]
mod tests;
