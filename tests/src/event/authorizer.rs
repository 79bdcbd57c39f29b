//! The events with which API Gateway asks a Lambda authorizer: Amazon API Gateway Developer Guide, "Input to an API
//! Gateway Lambda authorizer" and "Payload format version" of authorizers of HTTP APIs.

use serde_json::{Value, json};

use super::{Request, Source};

/// The ARN of the stage whose methods and routes a caller asks for.
pub const STAGE_ARN: &str = "arn:aws:execute-api:us-east-1:123456789012:a1b2c3d4e5/prod";

/// The kind of API and authorizer that asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthorizerKind {
    /// A TOKEN authorizer of a REST API.
    Token,
    /// A REQUEST authorizer of a REST API.
    RestApi,
    /// A REQUEST authorizer of a WebSocket API, at `$connect`.
    WebSocket,
    /// An authorizer of an HTTP API, payload format 1.0.
    HttpApiV1,
    /// An authorizer of an HTTP API, payload format 2.0.
    HttpApi,
}

impl AuthorizerKind {
    /// Every kind.
    pub const ALL: [Self; 5] = [Self::Token, Self::RestApi, Self::WebSocket, Self::HttpApiV1, Self::HttpApi];

    /// The kind of this name in tables and file names.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// The name in tables and file names.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::RestApi => "rest-api",
            Self::WebSocket => "web-socket",
            Self::HttpApiV1 => "payload-1.0",
            Self::HttpApi => "http-api",
        }
    }
}

impl Request {
    /// The event for an authorizer. Its identity source is `Authorization`.
    #[must_use]
    pub fn authorizer_event(&self, kind: AuthorizerKind) -> Value {
        let arn = format!("{STAGE_ARN}/{}{}", self.method, self.path);
        let values: Vec<&str> =
            self.headers.iter().filter(|(name, _)| name == "Authorization").map(|(_, v)| &**v).collect();
        let (mut event, members) = match kind {
            AuthorizerKind::Token => {
                return json!({ "type": "TOKEN", "authorizationToken": values.last(), "methodArn": arn });
            }
            AuthorizerKind::RestApi => (self.event(Source::RestApi), json!({ "methodArn": arn })),
            AuthorizerKind::WebSocket => {
                let http = self.event(Source::RestApi);
                let event = json!({
                    "headers": http["headers"],
                    "multiValueHeaders": http["multiValueHeaders"],
                    "requestContext": {
                        "routeKey": "$connect",
                        "eventType": "CONNECT",
                        "messageDirection": "IN",
                        "connectionId": "bGdFgHnToAMCFqQ=",
                        "stage": "prod",
                        "apiId": "a1b2c3d4e5",
                    },
                });
                (event, json!({ "methodArn": format!("{STAGE_ARN}/$connect") }))
            }
            AuthorizerKind::HttpApiV1 => {
                let source = values.join(",");
                let members = json!({ "methodArn": arn, "identitySource": source, "authorizationToken": source });
                (self.event(Source::HttpApiV1), members)
            }
            AuthorizerKind::HttpApi => {
                let sources: Vec<String> = if values.is_empty() { Vec::new() } else { vec![values.join(",")] };
                (self.event(Source::HttpApi), json!({ "routeArn": arn, "identitySource": sources }))
            }
        };
        let event_members = event.as_object_mut().expect("an event is an object");
        event_members.retain(|name, _| name != "body" && name != "isBase64Encoded");
        event_members.insert("type".to_owned(), "REQUEST".into());
        event_members["requestContext"]["stage"] = "prod".into();
        event_members.extend(members.as_object().cloned().unwrap_or_default());
        event
    }
}
