//! What a revocation leaves behind, and that it lasts.

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::Value;
use shared::domain::Timestamp;
use shared::platform::{Call, Randomness};
use tests::event::Source;

use super::scene::{Caller, Scene, text, world};
use crate::support::{StoredKey, assert_refused};

#[tokio::test]
async fn the_item_keeps_every_attribute_but_its_hash_and_gains_evidence() {
    let world = world().await;
    let scene = Scene::new(&world, 101, 4).await;
    let caller = scene.caller("token9");
    let request = scene.request("DELETE /apikeys/{O}/jwt", &caller);
    let now = Timestamp::from_millis(Timestamp::now().millis() / 1_000 * 1_000 + 999);
    let call = Call::at(now, 10_000, Randomness::draw());
    assert_eq!(scene.send_with(caller.endpoint, &request, Source::HttpApi, call).await.status, 204);
    let mut expected = scene.key("O").item.clone();
    expected.insert("secretHash".to_owned(), AttributeValue::B(Blob::new([0; 32])));
    expected.insert("revokedAt".to_owned(), AttributeValue::N(now.seconds().to_string()));
    expected.insert("revokedBy".to_owned(), text("jwt:101"));
    assert_eq!(scene.item("O").await, Some(expected));
}

#[tokio::test]
async fn a_repetition_by_anyone_at_any_time_keeps_the_evidence() {
    let world = world().await;
    let scene = Scene::new(&world, 101, 4).await;
    scene.expect("token4", "DELETE /apikeys/{D}/jwt", 204).await;
    let evidence = scene.item("D").await;
    for who in ["token4", "token9", "other9", "key4"] {
        let caller = scene.caller(who);
        let request = scene.request("DELETE /apikeys/{D}/{f}", &caller);
        let later = Timestamp::from_millis(Timestamp::now().millis() + 10_000);
        let call = Call::at(later, 10_000, Randomness::draw());
        let answer = scene.send_with(caller.endpoint, &request, Source::HttpApi, call).await;
        assert_eq!(answer.status, 204, "{who}: {}", answer.body);
        assert_eq!(scene.item("D").await, evidence, "{who}");
    }
}

#[tokio::test]
async fn a_key_that_ended_itself_is_refused_everywhere() {
    let world = world().await;
    let scene = Scene::new(&world, 101, 4).await;
    scene.expect("key4", "DELETE /apikeys/{C}/key", 204).await;
    for request in [
        "DELETE /apikeys/{C}/key",
        "DELETE /apikeys/{D}/key",
        "GET /whoami/key",
        "GET /apikeys/key",
        "GET /apikeys/{A}/key",
        "POST /apikeys/key",
    ] {
        assert_refused(&scene.ask("key4", request).await, 403, "authenticationFailed", request);
    }
}

/// Nobody has the preimage of 32 zero bytes, and the secrets that come close do not match either.
#[tokio::test]
async fn no_secret_opens_a_revoked_key() {
    let world = world().await;
    let scene = Scene::new(&world, 101, 4).await;
    scene.expect("token4", "DELETE /apikeys/{C}/jwt", 204).await;
    for secret in ["0".repeat(64), "f".repeat(64), String::new(), scene.key("C").secret.clone()] {
        let key = StoredKey { secret, ..scene.key("C").clone() };
        let caller = Caller { authorization: Some(key.authorization()), ..scene.caller("key4") };
        let request = scene.request("GET /whoami/key", &caller);
        let answer = scene.send(caller.endpoint, &request, Source::HttpApi).await;
        assert_refused(&answer, 403, "authenticationFailed", &key.secret);
    }
}

#[tokio::test]
async fn a_revocation_of_one_key_leaves_its_family_alive() {
    let world = world().await;
    let scene = Scene::new(&world, 101, 4).await;
    scene.expect("token4", "DELETE /apikeys/{P}/jwt", 204).await;
    for who in ["key4", "keyS", "keyD", "keyG", "keyQ", "keyA"] {
        scene.expect(who, "GET /whoami/key", 200).await;
    }
    scene.expect("keyP", "GET /whoami/key", 403).await;
    scene.expect("token4", "GET /apikeys/{P}/jwt", 404).await;
    let list = scene.expect("token4", "GET /apikeys/jwt", 200).await.body;
    let list: Value = serde_json::from_str(&list).unwrap();
    let keys: Vec<_> = list["apikeys"].as_array().unwrap().iter().map(|key| key["key"].as_str().unwrap()).collect();
    let expected: Vec<_> = super::LISTED[1..].iter().map(|name| scene.key(name).key.as_str()).collect();
    assert_eq!(keys, expected);
}

#[tokio::test]
async fn a_replayed_create_answers_201_and_the_key_stays_dead() {
    let world = world().await;
    let rounds = [("token4", "token4", ""), ("token4", "token4", "?chain=true"), ("key4", "key4", "")];
    for ((who, revoker, query), user) in rounds.into_iter().zip((101..).step_by(2)) {
        let scene = Scene::new(&world, user, 4).await;
        let caller = scene.caller(who);
        let create = scene.request("POST /apikeys/{f}", &caller);
        let create = create.header("Idempotency-Key", "0f0e0d0c-0b0a-4908-8706-050403020100");
        let first = scene.send(caller.endpoint, &create, Source::HttpApi).await;
        assert_eq!((first.status, first.replayed()), (201, false), "{who}");
        let id = first.apikey("key").as_str().unwrap().to_owned();
        scene.expect(revoker, &format!("DELETE /apikeys/{id}/{{f}}{query}"), 204).await;
        let dead = world.dynamo.item(&id).await;
        let second = scene.send(caller.endpoint, &create, Source::HttpApi).await;
        assert_eq!((second.status, &second.body), (201, &first.body), "{who}");
        assert!(second.replayed(), "{who}");
        assert_eq!(world.dynamo.item(&id).await, dead, "{who}");
        let of_created = Caller { authorization: Some(first.basic()), ..scene.caller("key4") };
        let whoami = scene.request("GET /whoami/key", &of_created);
        let answer = scene.send(of_created.endpoint, &whoami, Source::HttpApi).await;
        assert_refused(&answer, 403, "authenticationFailed", who);
    }
}

#[tokio::test]
async fn a_replay_is_refused_to_a_caller_that_was_revoked() {
    let world = world().await;
    for request in ["DELETE /apikeys/{C}/jwt", "DELETE /apikeys/{S}/jwt?chain=true"] {
        let scene = Scene::new(&world, 101, 4).await;
        let caller = scene.caller("key4");
        let create = scene.request("POST /apikeys/key", &caller);
        let create = create.header("Idempotency-Key", "0f0e0d0c-0b0a-4908-8706-050403020100");
        assert_eq!(scene.send(caller.endpoint, &create, Source::HttpApi).await.status, 201);
        scene.expect("token4", request, 204).await;
        let answer = scene.send(caller.endpoint, &create, Source::HttpApi).await;
        assert_refused(&answer, 403, "authenticationFailed", request);
    }
}

#[tokio::test]
async fn concurrent_revocations_all_succeed_and_one_leaves_its_evidence() {
    let world = world().await;
    let scene = Scene::new(&world, 101, 4).await;
    let who = ["token4", "token9", "other9", "key4", "keyD"];
    let answers = futures_util::future::join_all(who.map(|who| scene.ask(who, "DELETE /apikeys/{D}/{f}"))).await;
    let statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
    // The key itself is refused if another caller was faster.
    assert!(statuses[..4].iter().all(|status| *status == 204) && [204, 403].contains(&statuses[4]), "{statuses:?}");
    let item = scene.item("D").await.unwrap();
    let scopes = who.map(|who| scene.caller(who).scope);
    assert!(scopes.iter().any(|scope| item["revokedBy"] == text(scope)), "{:?}", item["revokedBy"]);
}

#[tokio::test]
async fn a_revoked_key_is_404_to_revoke_after_its_ttl() {
    let world = world().await;
    let scene = Scene::new(&world, 101, 4).await;
    scene.expect("token4", "DELETE /apikeys/{D}/jwt", 204).await;
    let item = scene.item("D").await.unwrap();
    for seconds in [0, -1] {
        let expired = StoredKey { item: item.clone(), ..scene.key("D").clone() }.expires_in(seconds);
        world.dynamo.put_item(expired.item).await;
        scene.expect("token4", "DELETE /apikeys/{D}/jwt", 404).await;
        scene.expect("token4", "DELETE /apikeys/{D}/jwt?chain=true", 404).await;
    }
    assert!(world.dynamo.sweep_ttl() >= 1);
    scene.expect("token4", "DELETE /apikeys/{D}/jwt", 404).await;
    assert_eq!(scene.item("D").await, None);
}

#[tokio::test]
async fn a_key_is_revoked_until_the_second_at_which_it_expires() {
    let world = world().await;
    for (before, status) in [(1_u64, 204), (0, 404)] {
        let scene = Scene::new(&world, 101, 4).await;
        let caller = scene.caller("token9");
        let expires_at = super::number(&scene.key("O").item, "expiresAt");
        // A second later than the key's hour, so the token has ended: an administrator's token of another time.
        let call = Call::at(Timestamp::from_millis((expires_at - before) * 1_000), 10_000, Randomness::draw());
        let request = scene.request("DELETE /apikeys/{O}/jwt", &caller);
        let claims = tests::token::Claims::new().role("level9").expires_in(7_200);
        let request = request.only_header("Authorization", &world.bearer(&claims));
        let answer = scene.send_with(caller.endpoint, &request, Source::HttpApi, call).await;
        assert_eq!(answer.status, status, "{before} s before: {}", answer.body);
    }
}
