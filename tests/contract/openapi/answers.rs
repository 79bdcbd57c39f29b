//! Every refusal of an operation.

use tests::event::Request;
use tests::token::Claims;

use super::operation::{Action, Operation};
use crate::support::{Answer, Endpoint, StoredKey, World};

/// Request bodies, each with a broken rule.
const BODIES: [&str; 12] = [
    "",
    "{",
    r#"{"level":3}"#,
    r#"{"name":7}"#,
    r#"{"name":"\u0000"}"#,
    r#"{"name":"a"}"#,
    r#"{"name":"a","level":"3"}"#,
    r#"{"name":"a","level":9}"#,
    r#"{"name":"a","level":3}"#,
    r#"{"name":"a","level":3,"expiresIn":"1"}"#,
    r#"{"name":"a","level":3,"expiresIn":0}"#,
    r#"{"name":"a","level":3,"expiresIn":31536001}"#,
];

const TRIED: (&str, &str) = ("Idempotency-Key", "2b0ff0b4-0b6d-4d0c-9b3e-0f3a7a6f1c55");

/// The id of no key.
const UNKNOWN: &str = "7eba7d5c-0b9c-4d0a-8d6f-2a4d1c6a3b52";

/// The refusals of an operation.
pub(super) async fn refusals(operation: Operation) -> Vec<Answer> {
    let world = World::with(&[("ROLE_LEVELS", r#"{"admin":9,"user":4,"tester":3}"#)]).await;
    let endpoint = operation.endpoint;
    let strongest = operation.request_by(&world.authorization(endpoint), UNKNOWN);
    let mut requests = vec![
        Request::new("PATCH", &operation.path().replace("{id}", UNKNOWN)),
        operation.request(UNKNOWN),
        operation.request_by("Bearer x, Basic x", UNKNOWN),
    ];
    if endpoint == Endpoint::Jwt {
        requests.push(operation.request_by(&world.bearer(&Claims::new().with("status", 0)), UNKNOWN));
    }
    let user = authorization(&world, endpoint, 4).await;
    let tester = authorization(&world, endpoint, 3).await;
    match operation.action {
        Action::Create => {
            requests.push(strongest.clone().header(TRIED.0, "order-1"));
            requests.push(operation.request_by(&tester, UNKNOWN));
            requests.push(operation.request_by(&user, UNKNOWN).body(r#"{"name":"a","level":5,"expiresIn":60}"#));
            requests.extend(BODIES.map(|body| strongest.clone().body(body)));
        }
        Action::List => {
            requests.extend(["limit", "cursor", "userId"].map(|name| strongest.clone().query(name, "0")));
            requests.push(operation.request_by(&user, UNKNOWN).query("userId", "62"));
        }
        Action::Read | Action::Revoke => {
            requests.push(strongest.clone());
            requests.push(operation.request_by(&world.authorization(endpoint), "no-uuid"));
            requests.push(operation.request_by(&tester, UNKNOWN));
        }
        Action::ReadCaller => {}
    }
    if operation.action == Action::Revoke {
        requests.push(strongest.clone().query("chain", "yes"));
        requests.push(strongest.clone().query("chains", "true"));
        requests.push(strongest.query("chain", "true"));
    }
    let mut answers = Vec::new();
    for request in &requests {
        answers.push(operation.send(&world, request).await);
    }
    if operation.action == Action::Create {
        answers.push(reused(&world, operation).await);
    }
    answers.push(failed(operation).await);
    assert!(answers.iter().all(|answer| answer.status >= 400), "{answers:?}");
    answers
}

/// The `Authorization` of user 61 with a level of 3 or 4.
async fn authorization(world: &World, endpoint: Endpoint, level: i64) -> String {
    match endpoint {
        Endpoint::Jwt => world.bearer(&Claims::new().role(if level == 4 { "user" } else { "tester" })),
        Endpoint::Key => {
            let caller = StoredKey::new().level(level);
            world.dynamo.put_item(caller.item.clone()).await;
            caller.authorization()
        }
    }
}

/// The answer to another body with the same idempotency key.
async fn reused(world: &World, operation: Operation) -> Answer {
    let request = operation.request_by(&world.authorization(operation.endpoint), UNKNOWN).header(TRIED.0, TRIED.1);
    assert_eq!(operation.send(world, &request).await.status, 201);
    operation.send(world, &request.body(r#"{"name":"a","level":3,"expiresIn":60}"#)).await
}

/// The answer if no process listens at the endpoint of DynamoDB.
async fn failed(operation: Operation) -> Answer {
    let world = World::with(&[("AWS_ENDPOINT_URL_DYNAMODB", "http://127.0.0.1:1")]).await;
    operation.send(&world, &operation.request_by(&world.authorization(operation.endpoint), UNKNOWN)).await
}
