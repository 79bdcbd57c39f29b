//! The provisioner's key: when the function reads its secret, and how it limits the keys of its events.

use aws_sdk_dynamodb::types::AttributeValue;
use tests::event;
use tests::fault::Fault;
use tests::secrets_manager::new_token;
use tests::stored_key::basic;
use tests::token::Claims;

use super::{Wish, key_of};
use crate::failures::check_each;
use crate::site::{Process, Site, Source, kept, later, message, queue, strong};
use crate::support::{Endpoint, StoredKey, World};

/// Stores another key in the provisioner's secret.
async fn replace(site: &Site, key: &StoredKey) {
    site.dynamo.put_item(key.item.clone()).await;
    site.secrets.put(site.provisioner(), &new_token(), &["AWSCURRENT"], &kept(key)).await;
}

async fn send(site: &Site, process: &Process, to: &str) -> Result<String, &'static str> {
    Wish::new(site, Endpoint::Key).to(to).send(process).await
}

/// The `createdBy` of the key in an answer.
async fn creator(site: &Site, answer: &str) -> String {
    site.dynamo.item(&key_of(answer)).await.unwrap()["createdBy"].as_s().unwrap().clone()
}

#[tokio::test]
async fn the_provisioners_secret_is_read_once_for_many_events() {
    let site = Site::of(&strong()).await;
    let process = site.process().await;
    assert_eq!(site.vault.requests(), [], "nothing is read before the first event");
    for source in Source::ALL {
        let wish = Wish::new(&site, Endpoint::Key).to(source.name());
        assert!(wish.send_from(source, &process).await);
    }
    let messages: Vec<_> = (0..5)
        .map(|nth| message(&nth.to_string(), &Wish::new(&site, Endpoint::Key).to(&format!("m{nth}")).text()))
        .collect();
    assert_eq!(process.invoke(Endpoint::Key, &queue(&messages)).await.as_deref(), Ok(Source::Sqs.success()));
    assert_eq!(site.provisioner_reads(), 1);
    // The provisioner authenticates for each event.
    assert_eq!((site.table.count("GetItem"), site.table.count("PutItem")), (9, 9));
}

#[tokio::test]
async fn an_event_with_a_credential_or_of_unknown_shape_reads_no_secret() {
    let caller = strong();
    let site = Site::of(&caller).await;
    let process = site.process().await;
    let wish = Wish::new(&site, Endpoint::Key).with("authorization", caller.authorization());
    wish.send(&process).await.unwrap();
    assert_eq!(
        process.invoke(Endpoint::Key, &Source::Sns.payload("a", &wish.text())).await,
        Err("eventCredentialRefused")
    );
    assert_eq!(process.invoke(Endpoint::Key, "{}").await, Err("unknownEvent"));
    Wish::new(&site, Endpoint::Jwt).to("token").send(&process).await.unwrap();
    assert_eq!(site.provisioner_reads(), 0);
}

#[tokio::test]
async fn the_secret_is_read_again_after_its_key_expired() {
    let site = Site::of(&strong().expires_in(100)).await;
    let process = site.process().await;
    send(&site, &process, "a").await.unwrap();
    let successor = strong();
    replace(&site, &successor).await;
    let wish = |to| Wish::new(&site, Endpoint::Key).to(to);
    wish("b").send(&process).await.unwrap();
    assert_eq!(site.provisioner_reads(), 1, "the old key still authenticates");
    for to in ["c", "d"] {
        let answer = wish(to).send_at(&process, later(101)).await.unwrap();
        assert_eq!(creator(&site, &answer).await, format!("key:{}", successor.key));
    }
    assert_eq!(site.provisioner_reads(), 2);
}

#[tokio::test]
async fn the_secret_is_read_again_after_its_key_was_revoked() {
    let caller = strong();
    let site = Site::of(&caller).await;
    let process = site.process().await;
    send(&site, &process, "a").await.unwrap();
    site.dynamo.delete_item(&caller.key).await;
    let snapshot = site.snapshot().await;
    for nth in 2..=3 {
        assert_eq!(send(&site, &process, "b").await, Err("createApikeyFailed"), "still revoked");
        assert_eq!(site.provisioner_reads(), nth, "each event reads the secret again");
    }
    assert_eq!(site.snapshot().await, snapshot);
    replace(&site, &strong()).await;
    send(&site, &process, "b").await.unwrap();
    send(&site, &process, "c").await.unwrap();
    assert_eq!(site.provisioner_reads(), 4);
}

#[tokio::test]
async fn the_secret_is_read_again_after_the_keys_secret_changed() {
    let caller = strong();
    let site = Site::of(&caller).await;
    let process = site.process().await;
    send(&site, &process, "a").await.unwrap();
    let successor = StoredKey::new().level(8);
    let renewed = StoredKey { key: caller.key.clone(), ..successor.with("key", AttributeValue::S(caller.key.clone())) };
    replace(&site, &renewed).await;
    send(&site, &process, "b").await.unwrap();
    assert_eq!(site.provisioner_reads(), 2);
}

#[tokio::test]
async fn a_repaired_secret_is_read_without_a_new_process() {
    let caller = strong();
    let site = Site::new().await;
    site.dynamo.put_item(caller.item.clone()).await;
    let arn = site.keep("a password").await;
    let site = site.set("PROVISIONER_SECRET_ARN", &arn);
    let process = site.process().await;
    let snapshot = site.snapshot().await;
    check_each(Source::ALL, async |source| {
        assert!(!Wish::new(&site, Endpoint::Key).send_from(source, &process).await, "{source:?}");
    })
    .await;
    assert_eq!(site.snapshot().await, snapshot);
    replace(&site, &caller).await;
    check_each(Source::ALL, async |source| {
        assert!(Wish::new(&site, Endpoint::Key).send_from(source, &process).await, "{source:?}");
    })
    .await;
}

#[tokio::test]
async fn a_store_fault_does_not_reload_the_provisioners_secret() {
    let site = Site::of(&strong()).await;
    let process = site.process().await;
    send(&site, &process, "a").await.unwrap();
    let snapshot = site.snapshot().await;
    site.table.inject_at("GetItem", 1, Fault::dynamodb(400, "AccessDeniedException"));
    assert_eq!(send(&site, &process, "b").await, Err("createApikeyFailed"));
    assert_eq!((site.snapshot().await, site.provisioner_reads()), (snapshot, 1));
    send(&site, &process, "b").await.unwrap();
    assert_eq!(site.provisioner_reads(), 1);
}

#[tokio::test]
async fn a_damaged_record_of_the_provisioner_fails_every_event() {
    let cases = [
        ("no level", strong().without("level")),
        ("level 9", strong().level(9)),
        ("chainExpiresAt", strong().with("chainExpiresAt", AttributeValue::Bool(true))),
    ];
    check_each(cases, async |(_, item)| {
        let site = Site::of(&item).await;
        let snapshot = site.snapshot().await;
        assert_eq!(send(&site, &site.process().await, "a").await, Err("createApikeyFailed"));
        assert_eq!(site.snapshot().await, snapshot);
    })
    .await;
}

#[tokio::test]
async fn the_provisioners_level_user_and_chain_bound_its_events() {
    let caller = StoredKey::new().level(5).number("userId", 7).chain_expires_in(5_000);
    let site = Site::of(&caller).await;
    let process = site.process().await;
    let wish = |level: u8, expires_in: u32| {
        Wish::new(&site, Endpoint::Key).with("level", level).with("expiresIn", expires_in).with("userId", 61)
    };
    let snapshot = site.snapshot().await;
    assert_eq!(wish(6, 60).send(&process).await, Err("keyLevelExceedsRoleLevel"));
    assert_eq!(wish(5, 5_100).send(&process).await, Err("expiresInHigherThanMaximum"));
    assert_eq!(site.snapshot().await, snapshot);
    let answer = wish(5, 4_900).send(&process).await.unwrap();
    let item = site.dynamo.item(&key_of(&answer)).await.unwrap();
    assert_eq!(item["userId"], AttributeValue::N("7".to_owned()));
    assert_eq!(item["chainExpiresAt"], caller.item["chainExpiresAt"]);
    assert_eq!(item["createdBy"], AttributeValue::S(format!("key:{}", caller.key)));
    assert_eq!(site.secrets.names(&site.prefix).await, [site.name(7, "ci")]);
}

#[tokio::test]
async fn http_requests_never_call_secrets_manager() {
    let caller = strong();
    let site = Site::of(&caller).await.set("ALLOW_PLAINTEXT_RESULT", "true");
    let process = site.process().await;
    let credentials = [
        (Endpoint::Jwt, site.bearer(&Claims::new())),
        (Endpoint::Key, caller.authorization()),
        (Endpoint::Key, basic(&caller.key, &"0".repeat(64))),
        (Endpoint::Key, String::new()),
    ];
    for (endpoint, authorization) in credentials {
        for source in event::Source::ALL {
            let request = World::anonymous(endpoint).header("Authorization", &authorization);
            let body =
                r#"{"name":"a","level":3,"expiresIn":60,"deliverTo":"ci","idempotencyKey":"x","authorization":"x"}"#;
            for request in [request.clone(), request.body(body)] {
                process.invoke(endpoint, &request.event(source).to_string()).await.unwrap();
            }
        }
    }
    assert_eq!(site.vault.requests(), []);
    assert_eq!(site.snapshot().await.secrets.len(), 0);
}
