//! The answers in the form of each origin.

use serde_json::{Value, json};
use shared::domain::Timestamp;
use shared::platform::{Call, Randomness};
use tests::event::Source;

use super::scene::{Scene, world};

#[tokio::test]
async fn an_answer_shows_eight_members_and_neither_secret_nor_hash() {
    let world = world().await;
    let scene = Scene::new(&world, 101, 4).await;
    let (key, secret) = (scene.key("C").key.clone(), scene.key("C").secret.clone());
    let hash = hex::encode(scene.key("C").item["secretHash"].as_b().unwrap());
    for (who, request) in
        [("token4", "GET /apikeys/jwt"), ("token4", "GET /apikeys/{C}/jwt"), ("key4", "GET /whoami/key")]
    {
        let body = scene.expect(who, request, 200).await.body;
        assert!(body.contains(&key), "{request}");
        for hidden in [&secret, &hash, "secret", "chainExpiresAt", "revoked"] {
            assert!(!body.contains(hidden), "{request}: {hidden}");
        }
        let body: Value = serde_json::from_str(&body).unwrap();
        let apikey = if body["apikey"].is_null() { &body["apikeys"][2] } else { &body["apikey"] };
        let mut members: Vec<_> = apikey.as_object().unwrap().keys().map(String::as_str).collect();
        members.sort_unstable();
        let expected = ["chain", "createdAt", "createdBy", "expiresAt", "key", "level", "name", "userId"];
        assert_eq!(members, expected, "{request}");
    }
}

#[tokio::test]
async fn a_name_is_returned_as_it_was_stored() {
    let world = world().await;
    for (user, name) in
        [(101, "\"\\/<&>'"), (103, " ä\u{301}\u{feff}🧵 "), (105, "a\u{2028}b"), (107, &"🧵".repeat(256))]
    {
        let scene = Scene::new(&world, user, 4).await;
        let key = scene.key("A").clone().with("name", super::text(name));
        world.dynamo.put_item(key.item).await;
        let answer = scene.expect("token4", "GET /apikeys/{A}/jwt", 200).await;
        assert_eq!(answer.apikey("name"), name);
        let list: Value = serde_json::from_str(&scene.expect("token4", "GET /apikeys/jwt", 200).await.body).unwrap();
        assert_eq!(list["apikeys"][5]["name"], name);
    }
}

/// The form of a 204, as each origin gets it: an empty body that is not base64.
#[tokio::test]
async fn a_204_has_no_body_and_no_content_type() {
    let world = world().await;
    for (source, user) in Source::ALL.into_iter().zip((101..).step_by(2)) {
        let scene = Scene::new(&world, user, 4).await;
        let caller = scene.caller("token4");
        let event = scene.request("DELETE /apikeys/{A}/jwt", &caller).event(source);
        let call = Call::at(Timestamp::now(), 10_000, Randomness::draw());
        let response = world.invoke_raw(caller.endpoint, &event, call).await.unwrap();
        assert_eq!(response["statusCode"], 204, "{source:?}");
        assert!(response.get("body").is_none_or(|body| body.is_null() || body == ""), "{source:?}: {response}");
        assert_eq!(response["isBase64Encoded"], false, "{source:?}");
        assert!(!response.to_string().to_lowercase().contains("\"content-type\""), "{source:?}: {response}");
    }
}

#[tokio::test]
async fn what_an_answer_creates_is_read_and_listed_with_the_same_values() {
    let world = world().await;
    let scene = Scene::new(&world, 101, 4).await;
    for (who, chain) in [("token4", None), ("key4", Some("P"))] {
        let created = scene.expect(who, "POST /apikeys/{f}", 201).await;
        let id = created.apikey("key").as_str().unwrap().to_owned();
        let read = scene.expect(who, &format!("GET /apikeys/{id}/{{f}}"), 200).await;
        let list: Value = serde_json::from_str(&scene.expect(who, "GET /apikeys/{f}", 200).await.body).unwrap();
        // Other keys can be created in the same second, so the place in the list is open.
        let listed = list["apikeys"].as_array().unwrap().iter().find(|key| key["key"] == id.as_str());
        assert_eq!(listed, Some(&serde_json::from_str::<Value>(&read.body).unwrap()["apikey"]), "{who}");
        for member in ["key", "level", "expiresAt", "name", "userId"] {
            assert_eq!(read.apikey(member), created.apikey(member), "{who}: {member}");
        }
        let creator = if who == "key4" { scene.caller(who).scope } else { "jwt".to_owned() };
        assert_eq!(read.apikey("createdBy"), json!(creator), "{who}");
        let first = chain.map_or(id, |name| scene.key(name).key.clone());
        assert_eq!(read.apikey("chain"), json!(first), "{who}");
    }
}
