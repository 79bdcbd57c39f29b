//! The response of a Lambda authorizer: Amazon API Gateway Developer Guide, "Output from an API Gateway Lambda
//! authorizer" and "Authorizer response format" of HTTP APIs.

use serde::Serialize;

use super::event::{AuthorizerEvent, Kind};
use crate::domain::Principal;
use crate::platform::config::ResponseForm;

/// The response in one of its two forms. A refusal has no context, and shows no id, since no id was verified.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Response {
    #[serde(rename_all = "camelCase")]
    Simple {
        is_authorized: bool,
        #[serde(skip_serializing_if = "Option::is_none")]
        context: Option<Context>,
    },
    #[serde(rename_all = "camelCase")]
    Policy {
        principal_id: String,
        policy_document: PolicyDocument,
        #[serde(skip_serializing_if = "Option::is_none")]
        context: Option<Context>,
    },
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct PolicyDocument {
    version: &'static str,
    statement: [Statement; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Statement {
    action: &'static str,
    effect: &'static str,
    resource: String,
}

/// The caller, for the API. API Gateway accepts only scalar values and passes on each as a string.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Context {
    user_id: String,
    level: String,
    credential: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_id: Option<String>,
    /// Seconds since the Unix epoch.
    expires_at: String,
}

impl Response {
    /// The response to an event. Without an admitted caller, it is a refusal.
    pub(super) fn new(event: &AuthorizerEvent<'_>, form: ResponseForm, admitted: Option<&Principal>) -> Self {
        let context = admitted.map(Context::from);
        if event.kind == Kind::HttpApi && form == ResponseForm::Simple {
            return Self::Simple { is_authorized: context.is_some(), context };
        }
        let effect = if admitted.is_some() { "Allow" } else { "Deny" };
        let statement = Statement { action: "execute-api:Invoke", effect, resource: event.resource() };
        Self::Policy {
            principal_id: admitted.map_or("refused".to_owned(), Principal::scope),
            policy_document: PolicyDocument { version: "2012-10-17", statement: [statement] },
            context,
        }
    }
}

impl From<&Principal> for Context {
    fn from(principal: &Principal) -> Self {
        Self {
            user_id: principal.user_id.get().to_string(),
            level: principal.level.get().to_string(),
            credential: principal.credential.kind(),
            key_id: principal.key().map(|key| key.key_id.to_string()),
            expires_at: principal.credential.expires_at().epoch_seconds().to_string(),
        }
    }
}
