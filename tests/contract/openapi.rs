//! The codes, statuses, headers, limits and examples of `openapi.yaml` are exactly those of the handlers.

mod answers;
mod document;
mod limits;

use std::collections::BTreeSet;

use serde_json::{Value, json};
use shared::domain::{AuthorizationError, Fault, GrantError, InvalidRequest};
use shared::inbound::http::HttpError;
use shared::keys::{AuthenticateError, CreateError, Rejection};

use crate::support::{Answer, Endpoint, World};
use document::{Document, assert_fits};

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
            HttpError::MethodNotAllowed { allow: _ }
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
    let requests = every![InvalidRequest:
        BodyMissing, BodyInvalid, NameMissing, NameNotString, NameInvalid, LevelMissing, LevelNotNumeric,
        LevelInvalid, ExpiresInMissing, ExpiresInNotNumeric, ExpiresInInvalid, ExpiresInTooHigh,
    ];
    let mut errors = vec![
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
        HttpError::Fault(fault()),
    ];
    errors.extend(requests.map(HttpError::Request));
    errors
}

#[test]
fn exactly_the_existing_codes_are_documented() {
    let document = Document::read();
    let documented: BTreeSet<_> =
        Endpoint::ALL.iter().flat_map(|endpoint| document.errors(*endpoint)).map(|(_, code)| code).collect();
    let known: BTreeSet<_> = errors().iter().map(|error| error.status_and_code().1.to_owned()).collect();
    assert_eq!(documented, known);
}

#[tokio::test]
async fn every_refusal_is_documented_with_its_status_body_and_headers() {
    let document = Document::read();
    for endpoint in Endpoint::ALL {
        let mut answered = BTreeSet::new();
        for answer in answers::refusals(endpoint).await {
            let body: Value = serde_json::from_str(&answer.body).unwrap();
            let code = body["error"].as_str().unwrap();
            let response = document.response(endpoint, answer.status);
            assert_eq!(Document::content(response)["examples"][code]["value"], body, "{endpoint:?}");
            assert_headers(response, &answer);
            answered.insert((answer.status, code.to_owned()));
        }
        assert_eq!(document.errors(endpoint), answered, "{endpoint:?}");
    }
}

#[tokio::test]
async fn the_documented_request_gets_the_documented_answer() {
    let document = Document::read();
    for endpoint in Endpoint::ALL {
        let world = World::new().await;
        let operation = document.operation(endpoint);
        let body = &operation["requestBody"]["content"]["application/json"]["example"];
        let tried = &operation["parameters"][0];
        let request = world.request(endpoint).body(body.to_string());
        let request = request.header(tried["name"].as_str().unwrap(), tried["example"].as_str().unwrap());
        let first = world.send(endpoint, &request).await;
        let again = world.send(endpoint, &request).await;
        let response = document.response(endpoint, 201);
        for answer in [&first, &again] {
            assert_headers(response, answer);
            assert_fits(&Document::content(response)["schema"], &serde_json::from_str(&answer.body).unwrap());
        }
        assert!(!first.replayed() && again.replayed());
        let documented = &response["headers"]["Idempotency-Replayed"];
        assert_eq!((&documented["required"], &documented["schema"]["const"]), (&json!(false), &json!("true")));
        let mut example = Document::content(response)["example"].clone();
        assert_fits(&Document::content(response)["schema"], &example);
        for drawn in ["key", "secret", "expiresAt"] {
            example["apikey"][drawn] = first.apikey(drawn);
        }
        assert_eq!(serde_json::from_str::<Value>(&first.body).unwrap(), example, "{endpoint:?}");
    }
}

#[test]
fn each_function_has_one_post_operation_with_its_own_scheme() {
    let document = Document::read();
    assert_eq!(document.0["info"]["version"], env!("CARGO_PKG_VERSION"));
    let paths = document.0["paths"].as_object().unwrap();
    assert_eq!(paths.len(), Endpoint::ALL.len());
    for endpoint in Endpoint::ALL {
        let methods: Vec<_> = paths[endpoint.path()].as_object().unwrap().keys().collect();
        assert_eq!(methods, ["post"], "{endpoint:?}");
        let security = document.operation(endpoint)["security"].as_array().unwrap();
        assert_eq!(security, &[json!({ endpoint.name(): [] })], "{endpoint:?}");
        let scheme = match endpoint {
            Endpoint::Jwt => "bearer",
            Endpoint::Key => "basic",
        };
        let documented = &document.0["components"]["securitySchemes"][endpoint.name()];
        assert_eq!((&documented["type"], &documented["scheme"]), (&json!("http"), &json!(scheme)));
    }
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
