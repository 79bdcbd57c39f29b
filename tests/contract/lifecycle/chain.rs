//! The revocation of a chain: its fence, and what the fence ends.

use std::collections::BTreeSet;

use serde_json::Value;
use shared::domain::Timestamp;
use shared::platform::{Call, Randomness};
use tests::event::Source;

use super::scene::{Caller, Scene, text, world};
use crate::support::assert_refused;

const CHAIN: [&str; 6] = ["P", "S", "C", "D", "G", "Q"];

#[tokio::test]
async fn every_key_of_the_chain_is_dead_and_no_other_is() {
    let world = world().await;
    for revoked in CHAIN {
        let scene = Scene::new(&world, 101, 4).await;
        scene.expect("token4", &format!("DELETE /apikeys/{{{revoked}}}/jwt?chain=true"), 204).await;
        for name in CHAIN {
            let context = format!("{name} after {revoked}");
            let who = format!("key{name}");
            for request in ["GET /whoami/key", "POST /apikeys/key", "DELETE /apikeys/{D}/key"] {
                assert_refused(&scene.ask(&who, request).await, 403, "authenticationFailed", &context);
            }
            let read = scene.ask("token9", &format!("GET /apikeys/{{{name}}}/jwt")).await;
            assert_refused(&read, 404, "notFound", &context);
        }
        for who in ["keyA", "keyA8", "keyO", "keyOC"] {
            scene.expect(who, "GET /whoami/key", 200).await;
        }
        let list = scene.expect("token4", "GET /apikeys/jwt", 200).await.body;
        let list: Value = serde_json::from_str(&list).unwrap();
        let listed = list["apikeys"].as_array().unwrap().iter().map(|key| key["key"].as_str().unwrap());
        let of_scene: BTreeSet<_> = super::LISTED.iter().map(|name| scene.key(name).key.as_str()).collect();
        let listed: Vec<_> = listed.filter(|key| of_scene.contains(key)).collect();
        assert_eq!(listed, ["A", "A8"].map(|name| scene.key(name).key.as_str()), "after {revoked}");
        for name in super::LISTED {
            world.dynamo.delete_item(&scene.key(name).key).await;
        }
    }
}

#[tokio::test]
async fn a_grandchild_that_was_just_created_is_dead_too() {
    let world = world().await;
    let scene = Scene::new(&world, 101, 4).await;
    let created = scene.expect("keyG", "POST /apikeys/key", 201).await;
    let caller = Caller { authorization: Some(created.basic()), ..scene.caller("keyG") };
    let whoami = scene.request("GET /whoami/key", &caller);
    assert_eq!(scene.send(caller.endpoint, &whoami, Source::HttpApi).await.status, 200);
    scene.expect("token4", "DELETE /apikeys/{S}/jwt?chain=true", 204).await;
    let answer = scene.send(caller.endpoint, &whoami, Source::HttpApi).await;
    assert_refused(&answer, 403, "authenticationFailed", "a new grandchild");
}

#[tokio::test]
async fn the_fence_has_four_attributes_and_no_ttl() {
    let world = world().await;
    let scene = Scene::new(&world, 101, 4).await;
    let caller = scene.caller("other9");
    let now = Timestamp::from_millis(Timestamp::now().millis() / 1_000 * 1_000 + 999);
    let request = scene.request("DELETE /apikeys/{G}/jwt?chain=true", &caller);
    let call = Call::at(now, 10_000, Randomness::draw());
    assert_eq!(scene.send_with(caller.endpoint, &request, Source::HttpApi, call).await.status, 204);
    let mut expected = super::scene::fence(&scene.key("P").key, 101);
    expected.insert("revokedAt".to_owned(), super::AttributeValue::N(now.seconds().to_string()));
    expected.insert("revokedBy".to_owned(), text("jwt:102"));
    let fence = format!("fence#{}", scene.key("P").key);
    assert_eq!(world.dynamo.item(&fence).await, Some(expected.clone()));
    assert_eq!(expected.len(), 4);
    assert!(world.dynamo.sweep_ttl() >= 2, "the expired keys go");
    assert_eq!(world.dynamo.item(&fence).await, Some(expected), "the fence stays");
}

#[tokio::test]
async fn the_first_key_may_be_gone_expired_or_revoked() {
    let world = world().await;
    for state in ["gone", "expired", "revoked", "damaged"] {
        let scene = Scene::new(&world, 101, 4).await;
        let first = scene.key("P").clone();
        match state {
            "gone" => world.dynamo.delete_item(&first.key).await,
            "expired" => world.dynamo.put_item(first.clone().expires_in(-1).item).await,
            "revoked" => world.dynamo.put_item(first.clone().revoked().item).await,
            _ => world.dynamo.put_item(first.clone().without("secretHash").item).await,
        }
        let before = scene.item("P").await;
        scene.expect("token4", "DELETE /apikeys/{D}/jwt?chain=true", 204).await;
        if state == "expired" {
            // Marked too: the clock of another environment may be behind.
            assert!(scene.item("P").await.unwrap().contains_key("revokedAt"));
        } else {
            assert_eq!(scene.item("P").await, before, "{state}");
        }
        assert!(scene.item("D").await.unwrap().contains_key("revokedAt"), "{state}");
        assert!(world.dynamo.item(&format!("fence#{}", first.key)).await.is_some(), "{state}");
        for who in ["key4", "keyS", "keyG"] {
            assert_refused(&scene.ask(who, "GET /whoami/key").await, 403, "authenticationFailed", state);
        }
    }
}

/// The owner of the chain's first key is checked, although the item says that it began the chain.
#[tokio::test]
async fn a_first_key_of_another_user_is_not_marked() {
    let world = world().await;
    for who in ["token4", "token9"] {
        let scene = Scene::new(&world, 101, 4).await;
        let (foreign, forged) = (scene.key("O").clone(), scene.key("D").clone());
        world.dynamo.put_item(forged.with("chain", text(&foreign.key)).item).await;
        scene.expect(who, "DELETE /apikeys/{D}/jwt?chain=true", 204).await;
        assert_eq!(scene.item("O").await, Some(foreign.item), "{who}");
        scene.expect("keyO", "GET /whoami/key", 200).await;
    }
}

#[tokio::test]
async fn a_repetition_for_any_key_of_the_chain_keeps_the_evidence() {
    let world = world().await;
    let scene = Scene::new(&world, 101, 4).await;
    scene.expect("token4", "DELETE /apikeys/{D}/jwt?chain=true", 204).await;
    let before = scene.items().await;
    for who in ["token4", "token9", "other9"] {
        for request in ["{D}/jwt?chain=true", "{D}/jwt", "{P}/jwt?chain=true", "{P}/jwt"] {
            scene.expect(who, &format!("DELETE /apikeys/{request}"), 204).await;
        }
    }
    assert_eq!(scene.items().await, before);
    // Another key of the chain is marked, and the fence and the first key stay as they are.
    scene.expect("token9", "DELETE /apikeys/{S}/jwt?chain=true", 204).await;
    let mut after = scene.items().await;
    let marked = after.insert(scene.key("S").key.clone(), before[&scene.key("S").key].clone()).unwrap();
    assert_eq!((after, &marked["revokedBy"]), (before, &text("jwt:101")));
}

#[tokio::test]
async fn a_key_revoked_before_keeps_its_evidence_when_its_chain_ends() {
    let world = world().await;
    for name in ["D", "P"] {
        let scene = Scene::new(&world, 101, 4).await;
        scene.expect("other9", &format!("DELETE /apikeys/{{{name}}}/jwt"), 204).await;
        let marked = scene.item(name).await;
        scene.expect("token4", &format!("DELETE /apikeys/{{{name}}}/jwt?chain=true"), 204).await;
        assert_eq!(scene.item(name).await, marked, "{name}");
        assert_refused(&scene.ask("keyG", "GET /whoami/key").await, 403, "authenticationFailed", name);
        assert!(scene.item("P").await.unwrap().contains_key("revokedAt"), "{name}");
    }
}

#[tokio::test]
async fn concurrent_revocations_of_one_chain_all_succeed() {
    let world = world().await;
    let scene = Scene::new(&world, 101, 4).await;
    let keys = ["C", "D", "G", "S", "P", "D", "C"];
    let requests = keys.map(|name| format!("DELETE /apikeys/{{{name}}}/jwt?chain=true"));
    let answers = futures_util::future::join_all(requests.iter().map(|request| scene.ask("token4", request))).await;
    assert!(answers.iter().all(|answer| answer.status == 204), "{answers:?}");
    for name in ["C", "D", "G", "S", "P"] {
        assert!(scene.item(name).await.unwrap().contains_key("revokedAt"), "{name}");
    }
    assert!(!scene.item("Q").await.unwrap().contains_key("revokedAt"));
}

/// Only the fence of its own chain ends a key: neither one of another chain, nor one named after the key itself.
#[tokio::test]
async fn a_fence_of_another_name_ends_nothing() {
    let world = world().await;
    let scene = Scene::new(&world, 101, 4).await;
    for name in ["A", "D", "C", "O"] {
        world.dynamo.put_item(super::scene::fence(&scene.key(name).key, 101)).await;
    }
    for who in ["key4", "keyD", "keyG", "keyP"] {
        scene.expect(who, "GET /whoami/key", 200).await;
    }
    scene.expect("token4", "GET /apikeys/{D}/jwt", 200).await;
}
