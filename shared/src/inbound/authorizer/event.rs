//! The events with which API Gateway asks a Lambda authorizer: Amazon API Gateway Developer Guide, "Input to an API
//! Gateway Lambda authorizer" and "Payload format version" of authorizers of HTTP APIs.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::super::headers::{Headers, value};
use crate::text::{Members, string};

/// The kind of API and authorizer that asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A TOKEN authorizer of a REST API.
    Token,
    /// A REQUEST authorizer of a REST API, a WebSocket API, or an HTTP API with payload 1.0.
    Request,
    /// An authorizer of an HTTP API with payload 2.0.
    HttpApi,
}

/// A request for authorization. It has no `Debug`, since it contains a credential.
pub struct AuthorizerEvent<'a> {
    pub(super) kind: Kind,
    /// Every value of `Authorization`.
    pub(super) authorization: Vec<Cow<'a, str>>,
    /// The values by which the API caches the answer; `None` if it caches no answer, or does not show the values.
    identity_source: Option<IdentitySource<'a>>,
    stage: StageArn<'a>,
}

impl<'a> AuthorizerEvent<'a> {
    /// Whether a payload is the event of an authorizer, by the members that only such an event has.
    pub(crate) fn matches(event: &Members<'a>) -> bool {
        let is_type = |raw: &RawValue| matches!(raw.get(), r#""TOKEN""# | r#""REQUEST""#);
        event.get("type").is_some_and(is_type) && event.get("methodArn").or(event.get("routeArn")).is_some()
    }

    /// Reads an event; `None` if its members contradict each other, or its ARN is not one of a stage.
    pub(crate) fn read(event: &Members<'a>) -> Option<Self> {
        let text = |name| event.get(name).map(|raw| string(raw).unwrap_or_default());
        let kind = match (&*text("type")?, text("version").as_deref()) {
            ("TOKEN", _) => Kind::Token,
            ("REQUEST", None | Some("1.0")) => Kind::Request,
            ("REQUEST", Some("2.0")) => Kind::HttpApi,
            _ => return None,
        };
        let name = "authorization";
        let (arn, authorization) = match kind {
            Kind::Token => ("methodArn", event.get("authorizationToken").map(value).into_iter().collect()),
            Kind::Request => ("methodArn", Headers::read(event).all(name)),
            Kind::HttpApi => ("routeArn", Headers::read_single(event).all(name)),
        };
        // The value of a TOKEN authorizer is itself its only identity source.
        let shown = event.get("identitySource").filter(|_| kind != Kind::Token);
        let identity_source = shown.and_then(IdentitySource::read);
        Some(Self { kind, authorization, identity_source, stage: StageArn::parse(text(arn)?)? })
    }

    /// Whether the API caches the answer under the whole value of `Authorization`, or shows no value under which it
    /// caches.
    pub(super) fn identity_source_is_authorization(&self) -> bool {
        let includes = |source: &IdentitySource<'_>| self.authorization.iter().any(|value| source.includes(value));
        self.identity_source.as_ref().is_none_or(includes)
    }

    /// The methods and routes of the whole stage. The gateway uses one cached policy for all of them, so that a policy
    /// for the one requested method would refuse the caller's next method.
    pub(super) fn resource(&self) -> String {
        format!("{}/*", self.stage.get())
    }
}

/// The values of an API's identity sources.
enum IdentitySource<'a> {
    /// Each value, in payload 2.0.
    Values(Vec<Cow<'a, str>>),
    /// All values, joined by commas, which a value can contain too.
    Joined(Cow<'a, str>),
}

impl<'a> IdentitySource<'a> {
    /// Reads `identitySource`; `None` if it is empty.
    fn read(raw: &'a RawValue) -> Option<Self> {
        match serde_json::from_str::<Vec<&RawValue>>(raw.get()) {
            Ok(values) if values.is_empty() => None,
            Ok(values) => Some(Self::Values(values.into_iter().map(value).collect())),
            Err(_) => Some(value(raw)).filter(|text| !text.is_empty()).map(Self::Joined),
        }
    }

    /// Whether one of the values is exactly this value.
    fn includes(&self, value: &str) -> bool {
        match self {
            Self::Values(values) => values.iter().any(|source| source == value),
            Self::Joined(text) => format!(",{text},").contains(&format!(",{value},")),
        }
    }
}

/// The ARN of a method or a route, which begins with the ARN of its stage:
/// `arn:<partition>:execute-api:<region>:<account>:<api>/<stage>/...`.
struct StageArn<'a> {
    arn: Cow<'a, str>,
    end: usize,
}

impl<'a> StageArn<'a> {
    fn parse(arn: Cow<'a, str>) -> Option<Self> {
        let parts: Vec<&str> = arn.splitn(6, ':').collect();
        let ["arn", partition, "execute-api", region, account, resource] = parts[..] else { return None };
        let mut path = resource.split('/');
        let (api, stage) = (path.next()?, path.next()?);
        let is_account = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
        let is_stage = is_name(stage) || stage == "$default";
        if !is_name(partition) || !is_name(region) || !is_account || !is_name(api) || !is_stage {
            return None;
        }
        let end = arn.len() - resource.len() + api.len() + 1 + stage.len();
        Some(Self { arn, end })
    }

    fn get(&self) -> &str {
        self.arn.get(..self.end).unwrap_or_default()
    }
}

/// Whether a part of an ARN has no character that has a meaning in a policy, such as an asterisk.
fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identity_source_includes_a_whole_value_even_with_a_comma() {
        for (source, value, expected) in [
            (r#""Bearer x""#, "Bearer x", true),
            (r#""Bearer x,""#, "Bearer x,", true),
            (r#""Bearer a,=b""#, "Bearer a,=b", true),
            (r#""GET /,Bearer x""#, "Bearer x", true),
            (r#""Bearer x,GET /""#, "Bearer x", true),
            (r#""Bearer xy""#, "Bearer x", false),
            (r#""xBearer x""#, "Bearer x", false),
            (r#"["GET /","Bearer x,"]"#, "Bearer x,", true),
            (r#"["Bearer x","y"]"#, "Bearer x,y", false),
            (r#"[""]"#, "Bearer x", false),
            ("7", "Bearer x", false),
        ] {
            let raw: &RawValue = serde_json::from_str(source).unwrap();
            assert_eq!(IdentitySource::read(raw).unwrap().includes(value), expected, "{source} {value}");
        }
        for empty in ["[]", r#""""#] {
            assert!(IdentitySource::read(serde_json::from_str(empty).unwrap()).is_none(), "{empty}");
        }
    }
}
