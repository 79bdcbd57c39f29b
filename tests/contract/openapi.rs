//! The codes, statuses, headers, limits and examples of `openapi.yaml` are exactly those of the handlers.

mod answers;
mod document;
mod limits;
mod operation;

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Value, json};
use shared::domain::{AuthorizationError, Fault, GrantError, InvalidRequest};
use shared::inbound::http::{HttpError, InvalidQuery};
use shared::keys::{AuthenticateError, CreateError, KeyAccessError, ListError, Rejection};
use tests::host;

use crate::support::{Answer, Endpoint, StoredKey, World};
use document::{Document, assert_fits};
use operation::{Action, Operation};

/// Every variant of an enum without data. It does not compile if a variant is missing.
macro_rules! every {
    ($rules:ident: $($rule:ident),+ $(,)?) => {{
        const fn _names_all(rule: $rules) {
            match rule {
                $($rules::$rule => (),)+
            }
        }
        [$($rules::$rule),+]
    }};
}

/// Every error of an HTTP request. It does not compile if a variant is missing.
fn errors() -> Vec<HttpError> {
    const fn _names_all(error: &HttpError) {
        match error {
            HttpError::RouteUnknown
            | HttpError::MethodNotAllowed { allow: _ }
            | HttpError::Query(
                InvalidQuery::Limit | InvalidQuery::Cursor | InvalidQuery::UserId | InvalidQuery::Chain,
            )
            | HttpError::List(ListError::Authorize(_) | ListError::Fault(_))
            | HttpError::Access(
                KeyAccessError::Authorize(_) | KeyAccessError::NotFound(_) | KeyAccessError::Fault(_),
            )
            | HttpError::Authenticate(
                AuthenticateError::CredentialMissing | AuthenticateError::Rejected(_) | AuthenticateError::Fault(_),
            )
            | HttpError::Authorize(AuthorizationError::AccountInactive | AuthorizationError::LevelTooLow)
            | HttpError::Request(_)
            | HttpError::IdempotencyKeyInvalid
            | HttpError::Create(
                CreateError::Grant(GrantError::LevelAboveCaller | GrantError::OutlivesChain)
                | CreateError::IdempotencyKeyReused
                | CreateError::Fault(_),
            )
            | HttpError::Fault(_) => (),
        }
    }
    let fault = || Fault::new("test");
    let queries = every![InvalidQuery: Limit, Cursor, UserId, Chain];
    let requests = every![InvalidRequest:
        BodyMissing, BodyInvalid, NameMissing, NameNotString, NameInvalid, LevelMissing, LevelNotNumeric,
        LevelInvalid, ExpiresInMissing, ExpiresInNotNumeric, ExpiresInInvalid, ExpiresInTooHigh,
    ];
    let mut errors = vec![
        HttpError::RouteUnknown,
        HttpError::MethodNotAllowed { allow: "POST" },
        HttpError::Authenticate(AuthenticateError::CredentialMissing),
        HttpError::Authenticate(AuthenticateError::Rejected(Rejection::new("test"))),
        HttpError::Authenticate(AuthenticateError::Fault(fault())),
        HttpError::Authorize(AuthorizationError::AccountInactive),
        HttpError::Authorize(AuthorizationError::LevelTooLow),
        HttpError::IdempotencyKeyInvalid,
        HttpError::Create(CreateError::Grant(GrantError::LevelAboveCaller)),
        HttpError::Create(CreateError::Grant(GrantError::OutlivesChain)),
        HttpError::Create(CreateError::IdempotencyKeyReused),
        HttpError::Create(CreateError::Fault(fault())),
        HttpError::List(ListError::Authorize(AuthorizationError::LevelTooLow)),
        HttpError::List(ListError::Fault(fault())),
        HttpError::Access(KeyAccessError::Authorize(AuthorizationError::LevelTooLow)),
        HttpError::Access(KeyAccessError::NotFound(Rejection::new("test"))),
        HttpError::Access(KeyAccessError::Fault(fault())),
        HttpError::Fault(fault()),
    ];
    errors.extend(queries.map(HttpError::Query));
    errors.extend(requests.map(HttpError::Request));
    errors
}

#[test]
fn exactly_the_existing_codes_are_documented() {
    let document = Document::read();
    let documented: BTreeSet<_> =
        Operation::ALL.iter().flat_map(|operation| document.errors(*operation)).map(|(_, code)| code).collect();
    let failures = ["createApikeyFailed", "listApikeysFailed", "readApikeyFailed", "removeApikeyFailed"];
    let known: BTreeSet<_> =
        errors().iter().flat_map(|error| failures.map(|failure| error.status_and_code(failure).1.to_owned())).collect();
    assert_eq!(documented, known);
}

#[tokio::test]
async fn every_refusal_is_documented_with_its_status_body_and_headers() {
    let document = Document::read();
    for operation in Operation::ALL {
        let mut answered = BTreeSet::new();
        for answer in answers::refusals(operation).await {
            let body: Value = serde_json::from_str(&answer.body).unwrap();
            let code = body["error"].as_str().unwrap();
            let response = document.response(operation, answer.status);
            assert_eq!(Document::content(response)["examples"][code]["value"], body, "{operation:?}");
            assert_headers(response, &answer);
            answered.insert((answer.status, code.to_owned()));
        }
        assert_eq!(document.errors(operation), answered, "{operation:?}");
    }
}

#[tokio::test]
async fn the_documented_request_gets_the_documented_answer() {
    let document = Document::read();
    for endpoint in Endpoint::ALL {
        let create = Operation::new(Action::Create, endpoint);
        let world = World::new().await;
        let body = &document.operation(create)["requestBody"]["content"]["application/json"]["example"];
        let (_, tried) = document.parameter(create, "Idempotency-Key");
        let request = world.request(endpoint).body(body.to_string()).header("Idempotency-Key", tried.as_str().unwrap());
        let first = create.send(&world, &request).await;
        let again = create.send(&world, &request).await;
        assert!(!first.replayed() && again.replayed());
        let documented = &document.response(create, 201)["headers"]["Idempotency-Replayed"];
        assert_eq!((&documented["required"], &documented["schema"]["const"]), (&json!(false), &json!("true")));
        for answer in [&first, &again] {
            assert_example(&document, create, answer);
        }
    }
}

#[tokio::test]
async fn a_documented_list_is_a_real_page_with_a_cursor() {
    let document = Document::read();
    for endpoint in Endpoint::ALL {
        let list = Operation::new(Action::List, endpoint);
        let (world, _) = world_with_the_documented_key().await;
        let (_, limit) = document.parameter(list, "limit");
        let (_, user_id) = document.parameter(list, "userId");
        let all = list.request_by(&world.authorization(endpoint), "").query("userId", &user_id.to_string());
        let first = list.send(&world, &all.clone().query("limit", &limit.to_string())).await;
        assert_example(&document, list, &first);
        let complete = list.send(&world, &all).await;
        let body: Value = serde_json::from_str(&complete.body).unwrap();
        assert_fits(&Document::content(document.response(list, 200))["schema"], &body);
        assert_eq!((body["apikeys"].as_array().unwrap().len(), body.get("cursor")), (2, None), "{endpoint:?}");
    }
}

#[tokio::test]
async fn a_documented_key_is_really_read() {
    let document = Document::read();
    let (world, stored) = world_with_the_documented_key().await;
    for operation in Operation::ALL {
        let authorization = match operation.action {
            Action::Read => world.authorization(operation.endpoint),
            Action::ReadCaller => stored.authorization(),
            Action::Create | Action::List | Action::Revoke => continue,
        };
        let answer = operation.send(&world, &operation.request_by(&authorization, &stored.key)).await;
        assert_example(&document, operation, &answer);
    }
}

#[tokio::test]
async fn a_documented_revocation_has_no_body() {
    let document = Document::read();
    for (endpoint, chain) in [(Endpoint::Jwt, "true"), (Endpoint::Jwt, "false"), (Endpoint::Key, "false")] {
        let revoke = Operation::new(Action::Revoke, endpoint);
        let (world, stored) = world_with_the_documented_key().await;
        let authorization = match endpoint {
            Endpoint::Jwt => world.authorization(endpoint),
            Endpoint::Key => stored.authorization(),
        };
        let request = revoke.request_by(&authorization, &stored.key).query("chain", chain);
        let answer = revoke.send(&world, &request).await;
        let response = document.response(revoke, 204);
        assert_eq!((answer.status, answer.body.as_str()), (204, ""), "{endpoint:?}");
        assert_eq!(response.get("content"), None);
        assert_headers(response, &answer);
    }
}

#[test]
fn every_operation_has_the_scheme_of_its_function() {
    let document = Document::read();
    assert_eq!(document.0["info"]["version"], env!("CARGO_PKG_VERSION"));
    let mut documented = BTreeSet::new();
    for (path, methods) in document.0["paths"].as_object().unwrap() {
        documented.extend(methods.as_object().unwrap().keys().map(|method| (path.as_str(), method.to_uppercase())));
    }
    let known = Operation::ALL.map(|operation| (operation.path(), operation.method().to_owned()));
    assert_eq!(documented, BTreeSet::from(known));
    for operation in Operation::ALL {
        let name = operation.endpoint.name();
        assert_eq!(document.operation(operation)["security"], json!([{ name: [] }]), "{operation:?}");
        let scheme = match operation.endpoint {
            Endpoint::Jwt => "bearer",
            Endpoint::Key => "basic",
        };
        let documented = &document.0["components"]["securitySchemes"][name];
        assert_eq!((&documented["type"], &documented["scheme"]), (&json!("http"), &json!(scheme)));
    }
}

/// A world with a key like the documented one, which is the newest of user 61.
async fn world_with_the_documented_key() -> (World, StoredKey) {
    let world = World::new().await;
    let name = AttributeValue::S("My first API key".to_owned());
    let stored = StoredKey::new().level(3).with("name", name).number("createdAt", host::now() + 5);
    world.dynamo.put_item(stored.item.clone()).await;
    (world, stored)
}

/// Asserts that an answer is the documented example, except for what is drawn or depends on the time.
fn assert_example(document: &Document, operation: Operation, answer: &Answer) {
    assert_eq!(answer.status, operation.status(), "{operation:?}: {}", answer.body);
    let response = document.response(operation, answer.status);
    assert_headers(response, answer);
    let content = Document::content(response);
    let mut body: Value = serde_json::from_str(&answer.body).unwrap();
    for shown in [&content["example"], &body] {
        assert_fits(&content["schema"], shown);
    }
    let mut example = content["example"].clone();
    for shown in [&mut example, &mut body] {
        let keys = match operation.action {
            Action::List => shown["apikeys"].as_array_mut().unwrap().iter_mut().collect(),
            _ => vec![&mut shown["apikey"]],
        };
        for key in keys {
            assert!(key.get("chain").is_none_or(|chain| *chain == key["key"]), "{key}");
            for drawn in ["key", "secret", "expiresAt", "createdAt", "chain"] {
                key.get_mut(drawn).map(Value::take);
            }
        }
        shown.get_mut("cursor").map(Value::take);
    }
    assert_eq!(body, example, "{operation:?}");
}

/// Asserts that an answer has the documented headers with their values, and no other header except `Content-Type`.
fn assert_headers(response: &Value, answer: &Answer) {
    let documented = response["headers"].as_object().unwrap();
    for (name, header) in documented {
        let found = answer.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        match found {
            Some((_, value)) => assert_eq!(header["schema"]["const"], value.as_str(), "{name}"),
            None => assert_eq!(header["required"], false, "{name} is not in {answer:?}"),
        }
    }
    for (name, value) in &answer.headers {
        if name == "content-type" {
            let media_type = value.split(';').next().unwrap();
            assert!(response["content"][media_type].is_object(), "{value}");
            continue;
        }
        assert!(documented.keys().any(|known| known.eq_ignore_ascii_case(name)), "{name} of {}", answer.status);
    }
}
