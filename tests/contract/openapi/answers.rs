//! Every refusal of an endpoint.

use tests::event::Request;
use tests::token::Claims;

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

/// The refusals of an endpoint.
pub(super) async fn refusals(endpoint: Endpoint) -> Vec<Answer> {
    let world = World::with(&[("ROLE_LEVELS", r#"{"admin":9,"user":4,"tester":3}"#)]).await;
    let mut requests = vec![
        Request::new("GET", endpoint.path()),
        World::anonymous(endpoint),
        World::anonymous(endpoint).header("Authorization", "Bearer x, Basic x"),
        world.request(endpoint).header(TRIED.0, "order-1"),
        calling(&world, endpoint, "tester").await,
        calling(&world, endpoint, "user").await.body(r#"{"name":"a","level":5,"expiresIn":60}"#),
    ];
    requests.extend(BODIES.map(|body| world.request(endpoint).body(body)));
    if endpoint == Endpoint::Jwt {
        let lacking = world.bearer(&Claims::new().with("status", 0));
        requests.push(World::anonymous(endpoint).header("Authorization", &lacking));
    }
    let mut answers = Vec::new();
    for request in &requests {
        answers.push(world.send(endpoint, request).await);
    }
    answers.push(reused(&world, endpoint).await);
    answers.push(failed(endpoint).await);
    assert!(answers.iter().all(|answer| answer.status != 201));
    answers
}

/// The documented request, from a user with this role or from a key with the role's level.
async fn calling(world: &World, endpoint: Endpoint, role: &str) -> Request {
    let authorization = match endpoint {
        Endpoint::Jwt => world.bearer(&Claims::new().role(role)),
        Endpoint::Key => {
            let caller = StoredKey::new().level(if role == "user" { 4 } else { 3 });
            world.dynamo.put_item(caller.item.clone()).await;
            caller.authorization()
        }
    };
    World::anonymous(endpoint).header("Authorization", &authorization)
}

/// The answer to another body with the same idempotency key.
async fn reused(world: &World, endpoint: Endpoint) -> Answer {
    let request = world.request(endpoint).header(TRIED.0, TRIED.1);
    assert_eq!(world.send(endpoint, &request).await.status, 201);
    world.send(endpoint, &request.body(r#"{"name":"a","level":3,"expiresIn":60}"#)).await
}

/// The answer if no process listens at the endpoint of DynamoDB.
async fn failed(endpoint: Endpoint) -> Answer {
    let world = World::with(&[("AWS_ENDPOINT_URL_DYNAMODB", "http://127.0.0.1:1")]).await;
    world.send(endpoint, &world.request(endpoint)).await
}
