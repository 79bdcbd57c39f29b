//! Keys that create keys.

use aws_sdk_dynamodb::types::AttributeValue;
use tests::token::{Claims, Token};
use tokio::net::TcpListener;

use crate::support::{Answer, Endpoint, StoredKey, World, assert_refused};

fn asks(level: u8) -> String {
    format!(r#"{{"name":"child","level":{level},"expiresIn":60}}"#)
}

async fn child_of(world: &World, parent: &Answer, level: u8) -> Answer {
    world
        .send(
            Endpoint::Key,
            &World::anonymous(Endpoint::Key).header("Authorization", &parent.basic()).body(asks(level)),
        )
        .await
}

#[tokio::test]
async fn a_key_authenticates_immediately_after_its_creation() {
    let world = World::new().await;
    let parent = world.send(Endpoint::Jwt, &world.request(Endpoint::Jwt).body(asks(5))).await;
    let child = child_of(&world, &parent, 5).await;
    world.assert_created(&child, "child").await;
    world.assert_created(&child_of(&world, &child, 4).await, "grandchild").await;
}

#[tokio::test]
async fn a_child_has_its_parents_user_and_chain_and_names_its_parent() {
    let world = World::new().await;
    let claims = Claims::new().id(7).role("admin");
    let request = World::anonymous(Endpoint::Jwt).header("Authorization", &world.bearer(&claims)).body(asks(8));
    let parent = world.send(Endpoint::Jwt, &request).await;
    let child = child_of(&world, &parent, 4).await;
    assert_eq!(child.apikey("userId"), 7);
    let item = async |answer: &Answer| world.dynamo.item(answer.apikey("key").as_str().unwrap()).await.unwrap();
    let (parent_item, child_item) = (item(&parent).await, item(&child).await);
    assert_eq!(child_item["chainExpiresAt"], parent_item["chainExpiresAt"]);
    assert_eq!((&parent_item["chain"], &child_item["chain"]), (&parent_item["key"], &parent_item["key"]));
    let grandchild_item = item(&child_of(&world, &child, 4).await).await;
    assert_eq!(grandchild_item["chain"], parent_item["key"]);
    let lineage = format!("key:{}", parent.apikey("key").as_str().unwrap());
    assert_eq!(child_item["createdBy"], AttributeValue::S(lineage));
}

#[tokio::test]
async fn no_generation_gains_a_level() {
    let world = World::new().await;
    let mut key = world.send(Endpoint::Jwt, &world.request(Endpoint::Jwt).body(asks(8))).await;
    for level in (4..8).rev() {
        key = child_of(&world, &key, level).await;
        assert_eq!(key.apikey("level"), level);
        assert_refused(&child_of(&world, &key, level + 1).await, 403, "keyLevelExceedsRoleLevel", "one level higher");
    }
    let last = child_of(&world, &key, 3).await;
    assert_refused(&child_of(&world, &last, 0).await, 403, "insufficientAccessLevel", "below 4");
}

#[tokio::test]
async fn a_child_stays_valid_after_its_parent_is_revoked() {
    let world = World::new().await;
    let parent = world.send(Endpoint::Jwt, &world.request(Endpoint::Jwt).body(asks(5))).await;
    let child = child_of(&world, &parent, 4).await;
    world.dynamo.delete_item(parent.apikey("key").as_str().unwrap()).await;
    assert_refused(&child_of(&world, &parent, 4).await, 403, "authenticationFailed", "revoked");
    world.assert_created(&child_of(&world, &child, 4).await, "the child of a revoked key").await;
}

#[tokio::test]
async fn no_url_in_a_token_is_ever_called() {
    let world = World::new().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/keys", listener.local_addr().unwrap());
    for header in [
        format!(r#"{{"alg":"HS256","jku":"{url}","kid":"{url}"}}"#),
        format!(r#"{{"alg":"HS256","x5u":"{url}","x5c":["{url}"]}}"#),
        format!(r#"{{"alg":"RS256","jku":"{url}","jwk":{{"kty":"oct","k":"x"}}}}"#),
    ] {
        let claims = Claims::new().with("jku", url.clone()).with("iss", url.clone());
        let token = Token::new(&claims).header(header).sign(world.signer());
        let request = World::anonymous(Endpoint::Jwt).header("Authorization", &format!("Bearer {token}"));
        assert_refused(&world.send(Endpoint::Jwt, &request).await, 403, "authenticationFailed", &url);
    }
    let caught = tokio::time::timeout(std::time::Duration::from_millis(200), listener.accept()).await;
    assert!(caught.is_err(), "the URL was called");
}

#[tokio::test]
async fn a_malformed_credential_makes_no_call_and_a_creation_makes_two() {
    let world = World::new().await;
    let proxy = tests::fault::Proxy::to(world.dynamo.port()).await;
    let behind = World::with(&[("AWS_ENDPOINT_URL_DYNAMODB", &proxy.endpoint())]).await;
    for credential in ["Basic YTpi", "Basic !", "Basic a, Basic b", "Bearer x"] {
        behind.send(Endpoint::Key, &World::anonymous(Endpoint::Key).header("Authorization", credential)).await;
    }
    assert_eq!(proxy.requests().len(), 0);
    let caller = StoredKey::new();
    world.dynamo.put_item(caller.item.clone()).await;
    behind.send(Endpoint::Key, &World::anonymous(Endpoint::Key).header("Authorization", &caller.authorization())).await;
    assert_eq!((proxy.count("GetItem"), proxy.count("PutItem"), proxy.requests().len()), (1, 1, 2));
    let read: serde_json::Value = serde_json::from_str(&proxy.requests()[0].body).unwrap();
    assert_eq!(read["ConsistentRead"], true);
    let write: serde_json::Value = serde_json::from_str(&proxy.requests()[1].body).unwrap();
    assert_eq!(write["ConditionExpression"], "attribute_not_exists(#key)");
    assert_eq!(write["ReturnValuesOnConditionCheckFailure"], "ALL_OLD");
}

#[tokio::test]
async fn a_create_by_a_later_key_of_a_chain_reads_its_fence_as_well() {
    let world = World::new().await;
    let proxy = tests::fault::Proxy::to(world.dynamo.port()).await;
    let behind = World::with(&[("AWS_ENDPOINT_URL_DYNAMODB", &proxy.endpoint())]).await;
    let parent = world.send(Endpoint::Jwt, &world.request(Endpoint::Jwt).body(asks(5))).await;
    let child = child_of(&world, &parent, 4).await;
    assert_eq!(child_of(&behind, &child, 4).await.status, 201);
    let requests = proxy.requests();
    let operations: Vec<_> = requests.iter().map(|request| request.operation.as_str()).collect();
    assert_eq!(operations, ["GetItem", "GetItem", "PutItem"]);
    let read: serde_json::Value = serde_json::from_str(&requests[1].body).unwrap();
    assert_eq!(read["ConsistentRead"], true);
    assert_eq!(read["Key"]["key"]["S"], format!("fence#{}", parent.apikey("key").as_str().unwrap()));
}
