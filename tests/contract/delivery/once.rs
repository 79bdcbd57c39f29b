//! The same event, sent more than once.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use shared::domain::Timestamp;
use shared::platform::{Call, Randomness};
use tests::fault::Fault;
use tests::rotation::Rotation;
use tests::secrets_manager::Version;
use tests::token::Claims;
use tokio::task::JoinSet;

use super::{Wish, key_of};
use crate::failures::check_each;
use crate::site::{CHAIN, Site, Source, later, strong};
use crate::support::Endpoint;

#[tokio::test]
async fn the_same_event_again_creates_nothing_and_gets_the_same_answer() {
    check_each(Endpoint::ALL, async |endpoint| {
        let caller = strong();
        let site = Site::of(&caller).await;
        let (process, before) = (site.process().await, site.snapshot().await);
        let wish = Wish::new(&site, endpoint);
        let first = wish.send(&process).await.unwrap();
        let delivered = wish.expect_one(&site, &before, &caller, "first").await;
        delivered.assert_answer(&site, &first, "first").await;
        let snapshot = site.snapshot().await;
        for process in [&process, &site.process().await, &site.process().await] {
            assert_eq!(wish.send(process).await.as_ref(), Ok(&first));
        }
        for source in Source::ALL {
            assert!(wish.send_from(source, &process).await, "{source:?}");
        }
        assert_eq!(site.snapshot().await, snapshot);
        delivered.assert_authenticates(&process, "the delivered key").await;
    })
    .await;
}

#[tokio::test]
async fn ten_concurrent_deliveries_create_one_key_and_get_one_answer() {
    check_each(Endpoint::ALL, async |endpoint| {
        let caller = strong();
        let site = Site::of(&caller).await;
        let before = site.snapshot().await;
        let wish = Wish::new(&site, endpoint);
        let processes = [Arc::new(site.process().await), Arc::new(site.process().await)];
        let mut tries = JoinSet::new();
        for nth in 0..10 {
            let (wish, process) = (wish.clone(), Arc::clone(&processes[nth % 2]));
            tries.spawn(async move { wish.send(&process).await.unwrap() });
        }
        let answers = tries.join_all().await;
        let delivered = wish.expect_one(&site, &before, &caller, "ten at once").await;
        for answer in &answers {
            delivered.assert_answer(&site, answer, "ten at once").await;
        }
        assert!(site.vault.count("CreateSecret") >= 10, "not all deliveries called CreateSecret");
        delivered.assert_authenticates(&processes[0], "ten at once").await;
    })
    .await;
}

#[tokio::test]
async fn one_event_from_all_sources_at_once_creates_one_key() {
    check_each(Endpoint::ALL, async |endpoint| {
        let caller = strong();
        let site = Site::of(&caller).await;
        let before = site.snapshot().await;
        let wish = Wish::new(&site, endpoint);
        let process = Arc::new(site.process().await);
        let mut tries = JoinSet::new();
        for nth in 0..8 {
            let (wish, process) = (wish.clone(), Arc::clone(&process));
            tries.spawn(async move { wish.send_from(Source::ALL[nth % 4], &process).await });
        }
        assert_eq!(tries.join_all().await, [true; 8]);
        wish.expect_one(&site, &before, &caller, "all sources").await;
    })
    .await;
}

#[tokio::test]
async fn a_version_id_is_a_digest_of_the_caller_and_the_event() {
    let caller = strong();
    let site = Site::of(&caller).await;
    let process = site.process().await;
    let cases = [
        (Endpoint::Jwt, "a", "jwt:61".to_owned()),
        (Endpoint::Key, "b", format!("provisioner:{}", site.provisioner())),
    ];
    check_each(cases, async |(endpoint, to, scope)| {
        let wish = Wish::new(&site, endpoint).with("deliverTo", to).with("idempotencyKey", "caf\u{e9}");
        wish.send(&process).await.unwrap();
        let prefixed: Vec<u8> = [scope.as_bytes(), "caf\u{e9}".as_bytes()]
            .iter()
            .flat_map(|part| [&(part.len() as u64).to_be_bytes(), *part].concat())
            .collect();
        let id = hex::encode(ring::digest::digest(&ring::digest::SHA256, &prefixed));
        let versions = site.secrets.versions(&site.name(61, to)).await;
        assert_eq!(versions.into_keys().collect::<Vec<_>>(), [id], "{scope}");
    })
    .await;
}

#[tokio::test]
async fn a_delivered_secret_is_named_after_its_user() {
    let site = Site::new().await;
    let process = site.process().await;
    for user in [7, 61] {
        let claims = Claims::new().id(user);
        let wish = Wish::new(&site, Endpoint::Jwt).with("authorization", site.bearer(&claims));
        wish.send(&process).await.unwrap();
    }
    // Two users can use the same id and the same destination.
    assert_eq!(site.secrets.names(&site.prefix).await, [site.name(61, "ci"), site.name(7, "ci")]);
    assert_eq!(site.dynamo.items().await.len(), 2);
}

/// The attempt that began first can reach Secrets Manager last. It then finds a key that expires later than any key
/// that it could create itself.
#[tokio::test]
async fn an_earlier_attempt_returns_the_key_of_a_later_one() {
    let site = Site::new().await;
    let process = Arc::new(site.process().await);
    let wish = Wish::new(&site, Endpoint::Jwt).with("expiresIn", CHAIN);
    site.vault.inject_at("CreateSecret", 1, Fault::Hold);
    // 100 ms before the next second begins.
    let begun = Timestamp::from_millis(Timestamp::now().seconds() * 1_000 + 900);
    let earlier = {
        let (wish, process) = (wish.clone(), Arc::clone(&process));
        tokio::spawn(async move { wish.send_at(&process, begun).await })
    };
    while site.vault.count("CreateSecret") == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let ahead = Duration::from_millis(200);
    let later = wish.send_at(&process, begun.after(ahead)).await;
    // The earlier attempt continues at a time that is, by its own clock, after the later attempt began.
    tokio::time::sleep(ahead).await;
    site.vault.release();
    assert_eq!(earlier.await.unwrap(), later);
}

#[tokio::test]
async fn a_retry_uses_no_randomness_and_changes_no_record() {
    let site = Site::new().await;
    let process = site.process().await;
    let wish = Wish::new(&site, Endpoint::Jwt);
    let fixed = || Ok(Randomness::from_random_bytes([[1; 16], [2; 16], [3; 16], [4; 16], [5; 16], [6; 16]]));
    let call = |now| Call::at(now, 30_000, fixed());
    let first = process.invoke_as(Endpoint::Jwt, &wish.text(), "test", call(later(0))).await.unwrap();
    assert_eq!(key_of(&first), "01010101-0101-4101-8101-010101010101");
    let value: Value =
        serde_json::from_str(&site.secrets.value(&site.name(61, "ci"), Version::CURRENT).await.unwrap()).unwrap();
    assert_eq!(value["secret"], ["03".repeat(16), "04".repeat(16)].concat());
    let snapshot = site.snapshot().await;
    assert_eq!(wish.send_at(&process, later(100)).await, Ok(first));
    assert_eq!(site.snapshot().await, snapshot);
}

#[tokio::test]
async fn an_event_finds_its_secret_after_rotations_of_the_provisioner() {
    let caller = strong();
    let site = Site::of(&caller).await;
    let wish = Wish::new(&site, Endpoint::Key);
    let process = site.process().await;
    let first = wish.send(&process).await.unwrap();
    rotate_provisioner(&site).await;
    let snapshot = site.snapshot().await;
    let successor = site.process().await;
    assert_eq!(wish.send(&successor).await.as_ref(), Ok(&first), "the new key");
    assert_eq!(wish.send(&process).await.as_ref(), Ok(&first), "the old key, which is still valid");
    let other = wish.clone().with("level", 3);
    assert_eq!(other.send(&successor).await, Err("idempotencyKeyReused"));
    assert_eq!(site.snapshot().await, snapshot);
    // The new key also stores a record that is missing.
    site.dynamo.delete_item(&key_of(&first)).await;
    assert_eq!(wish.send(&successor).await.as_ref(), Ok(&first), "completed");
    assert_eq!(site.snapshot().await.items.len(), snapshot.items.len());
    rotate_provisioner(&site).await;
    let snapshot = site.snapshot().await;
    assert_eq!(wish.send(&site.process().await).await.as_ref(), Ok(&first), "the next new key");
    assert_eq!(site.snapshot().await, snapshot);
}

#[tokio::test]
async fn a_replaced_and_deleted_key_is_not_stored_again_by_its_event() {
    let caller = strong();
    let site = Site::of(&caller).await;
    let process = site.process().await;
    check_each(Endpoint::ALL, async |endpoint| {
        let wish = Wish::new(&site, endpoint).with("deliverTo", format!("leaked-{endpoint:?}"));
        let first = wish.send(&process).await.unwrap();
        let rotation = Rotation::begin(site.secrets, &site.name(61, &format!("leaked-{endpoint:?}"))).await.unwrap();
        let step = async |payload: Value| process.invoke(Endpoint::Key, &payload.to_string()).await.map(Value::from);
        rotation.run(step).await.unwrap();
        site.dynamo.delete_item(&key_of(&first)).await;
        let snapshot = site.snapshot().await;
        assert_eq!(wish.send(&process).await, Ok(first), "{endpoint:?}");
        assert_eq!(site.snapshot().await, snapshot, "{endpoint:?}");
    })
    .await;
}

#[tokio::test]
async fn a_revoked_key_stays_revoked_when_its_event_comes_again() {
    let cases = [(Endpoint::Jwt, ""), (Endpoint::Jwt, "chain=true"), (Endpoint::Key, "")];
    check_each(cases, async |(endpoint, chain)| {
        let caller = strong();
        let site = Site::of(&caller).await;
        let (process, before) = (site.process().await, site.snapshot().await);
        let wish = Wish::new(&site, endpoint);
        let first = wish.send(&process).await.unwrap();
        let delivered = wish.expect_one(&site, &before, &caller, "first").await;
        site.revoke(&process, &delivered.key, chain).await;
        let snapshot = site.snapshot().await;
        for process in [&process, &site.process().await] {
            assert_eq!(wish.send(process).await.as_ref(), Ok(&first), "{endpoint:?} {chain}");
        }
        for source in Source::ALL {
            assert!(wish.send_from(source, &process).await, "{endpoint:?} {chain} {source:?}");
        }
        assert_eq!(site.snapshot().await, snapshot, "{endpoint:?} {chain}");
        delivered.assert_refused(&process, "the revoked key").await;
    })
    .await;
}

/// The reply to the first write is lost, and the key is revoked before the write is sent again.
#[tokio::test]
async fn a_key_that_is_revoked_before_its_write_is_retried_stays_revoked() {
    let site = Site::new().await;
    let (process, other) = (site.process().await, site.process().await);
    let before = site.snapshot().await;
    let wish = Wish::new(&site, Endpoint::Jwt);
    site.table.inject_at("PutItem", 1, Fault::ApplyThenLose);
    site.table.inject_at("PutItem", 2, Fault::Hold);
    let revocation = async {
        while site.table.count("PutItem") < 2 {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        let key = site.snapshot().await.since(&before, "one record").items.into_keys().next().unwrap();
        site.revoke(&other, &key, "").await;
        site.table.release();
        key
    };
    let (answer, key) = tokio::join!(wish.send(&process), revocation);
    assert_eq!(key_of(&answer.unwrap()), key);
    assert!(site.dynamo.item(&key).await.unwrap().contains_key("revokedAt"));
}

#[tokio::test]
async fn a_secret_that_another_attempt_just_created_is_read_again() {
    let site = Site::new().await;
    let process = site.process().await;
    let wish = Wish::new(&site, Endpoint::Jwt);
    let first = wish.send(&process).await.unwrap();
    check_each(1..=3, async |missing| {
        for nth in 1..=missing {
            site.vault.inject_at("GetSecretValue", nth, Fault::secrets_manager(400, "ResourceNotFoundException"));
        }
        assert_eq!(wish.send(&process).await.as_ref(), Ok(&first), "{missing}");
    })
    .await;
}

async fn rotate_provisioner(site: &Site) {
    let process = site.process().await;
    let rotation = Rotation::begin(site.secrets, site.provisioner()).await.unwrap();
    let step = async |payload: Value| process.invoke(Endpoint::Key, &payload.to_string()).await.map(Value::from);
    rotation.run(step).await.unwrap();
}
