//! The APIs of docs/protected-api.yaml, served by `make sam-api` with both authorizers.

use std::process::Stdio;

use serde_json::{Value, json};
use tests::host;
use tests::http;
use tests::stored_key::basic;

use crate::commands::{interrupt, local, token};
use crate::support::Containers;

const APIS: [&str; 2] = ["http", "rest"];

#[tokio::test]
async fn sam_api_serves_the_protected_apis() {
    let before = Containers::now();
    let [port] = host::free_ports();
    let mut child = local(&["sam-api", &port.to_string()]).stdout(Stdio::piped()).spawn().unwrap();
    let bearer = format!("Bearer {}", token(&mut child));
    let (strong, weak, revoked) =
        (key(port, &bearer, 4).await, key(port, &bearer, 3).await, key(port, &bearer, 4).await);
    revoke(port, &revoked).await;
    let mut answers = Vec::new();
    for api in APIS {
        let (jwt, key) = (format!("/jwt/{api}"), format!("/key/{api}"));
        answers.push(json!({
            "good token": get(port, &format!("{jwt}/reports"), Some(&bearer)).await,
            "forged token": get(port, &format!("{jwt}/caller"), Some("Bearer a.b.c")).await,
            "key, not token": get(port, &format!("{jwt}/caller"), Some(&authorization(&strong))).await,
            "no token": get(port, &format!("{jwt}/caller"), None).await,
            "good key": get(port, &format!("{key}/reports"), Some(&authorization(&strong))).await,
            "weak key": get(port, &format!("{key}/caller"), Some(&authorization(&weak))).await,
            "too weak key": get(port, &format!("{key}/reports"), Some(&authorization(&weak))).await,
            "revoked key": get(port, &format!("{key}/caller"), Some(&authorization(&revoked))).await,
            "no key": get(port, &format!("{key}/caller"), None).await,
        }));
    }
    // Before any assertion, since a failed one would leave the child behind.
    interrupt(&child);
    assert!(child.wait().unwrap().success());
    before.assert_no_more();
    let refused = json!([403, { "message": "User is not authorized to access this resource" }]);
    let missing = json!([401, { "message": "Unauthorized" }]);
    let admitted = |level: &str, credential: &str, key: Option<&Value>| {
        let id = key.map(|key| &key["key"]);
        json!([200, { "userId": "61", "level": level, "credential": credential, "keyId": id }])
    };
    let expected = json!({
        "good token": admitted("5", "jwt", None),
        "forged token": refused,
        "key, not token": refused,
        "no token": missing,
        "good key": admitted("4", "key", Some(&strong)),
        "weak key": admitted("3", "key", Some(&weak)),
        "too weak key": [403, { "message": "This needs a key of level 4" }],
        "revoked key": refused,
        "no key": missing,
    });
    for (api, answers) in APIS.iter().zip(&answers) {
        assert_eq!(answers, &expected, "{api}: {answers:#}");
    }
}

/// The status, and the body or its members that are known in advance.
async fn get(port: u16, path: &str, authorization: Option<&str>) -> Value {
    let headers: Vec<_> = authorization.into_iter().map(|value| ("authorization", value)).collect();
    let answer = http::send(port, "GET", path, &headers, "").await.unwrap();
    let body: Value = serde_json::from_str(&answer.body).unwrap_or_else(|_| json!(answer.body));
    if answer.status != 200 {
        return json!([answer.status, body]);
    }
    let members = ["userId", "level", "credential", "keyId"];
    json!([200, members.map(|name| (name.to_owned(), body[name].clone())).into_iter().collect::<Value>()])
}

async fn key(port: u16, bearer: &str, level: u8) -> Value {
    let headers = [("authorization", bearer), ("content-type", "application/json")];
    let body = json!({ "name": "Caller", "level": level, "expiresIn": 3600 }).to_string();
    let answer = http::send(port, "POST", "/apikeys/jwt", &headers, body).await.unwrap();
    assert_eq!(answer.status, 201, "{answer:?}");
    serde_json::from_str::<Value>(&answer.body).unwrap()["apikey"].take()
}

fn authorization(key: &Value) -> String {
    basic(key["key"].as_str().unwrap(), key["secret"].as_str().unwrap())
}

async fn revoke(port: u16, key: &Value) {
    let path = format!("/apikeys/{}/key", key["key"].as_str().unwrap());
    let headers = [("authorization", &*authorization(key))];
    assert_eq!(http::send(port, "DELETE", &path, &headers, "").await.unwrap().status, 204);
}
