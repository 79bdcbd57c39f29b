//! The name of the requested secret belongs to another secret.

use tests::fault::Fault;
use tests::secrets_manager::Version;
use tests::token::Claims;

use super::{Wish, key_of};
use crate::failures::check_each;
use crate::site::{Site, kept, strong};
use crate::support::{Endpoint, StoredKey};

#[tokio::test]
async fn another_request_with_the_same_id_is_refused() {
    check_each(Endpoint::ALL, async |endpoint| {
        let site = Site::of(&strong()).await;
        let process = site.process().await;
        let wish = Wish::new(&site, endpoint);
        wish.send(&process).await.unwrap();
        let snapshot = site.snapshot().await;
        let cases = [("name", "other".into()), ("level", 3.into()), ("expiresIn", 3601.into())];
        check_each(cases, async |(member, value)| {
            let other: Wish = wish.clone().with(member, serde_json::Value::clone(&value));
            assert_eq!(other.send(&process).await, Err("idempotencyKeyReused"), "{member}");
        })
        .await;
        assert_eq!(site.snapshot().await, snapshot);
    })
    .await;
}

#[tokio::test]
async fn the_secret_of_another_event_or_principal_is_never_changed_or_named() {
    check_each(Endpoint::ALL, async |endpoint| {
        let site = Site::of(&strong()).await;
        let other_key = strong();
        site.dynamo.put_item(other_key.item.clone()).await;
        let process = site.process().await;
        let [by_token, by_key] = [Endpoint::Jwt, Endpoint::Key].map(|endpoint| Wish::new(&site, endpoint));
        let by_other_key = by_key.clone().with("authorization", other_key.authorization());
        let (owner, intruders) = match endpoint {
            Endpoint::Jwt => (by_token, vec![by_key]),
            Endpoint::Key => (by_key, vec![by_token, by_other_key]),
        };
        let first = owner.send(&process).await.unwrap();
        let snapshot = site.snapshot().await;
        let value = site.secrets.value(&site.name(61, "ci"), Version::CURRENT).await;
        let other_event = owner.clone().with("idempotencyKey", "another");
        for intruder in intruders.into_iter().chain([other_event]) {
            assert_eq!(intruder.send(&process).await, Err("deliverToTaken"), "{}", intruder.text());
        }
        assert_eq!(site.snapshot().await, snapshot);
        assert_eq!(site.secrets.value(&site.name(61, "ci"), Version::CURRENT).await, value);
        assert_eq!(owner.send(&process).await.as_ref(), Ok(&first), "the owner still finds the secret");
    })
    .await;
}

#[tokio::test]
async fn a_secret_that_no_delivery_created_is_never_changed() {
    let site = Site::new().await;
    let process = site.process().await;
    let ours = delivered_text(&site).await;
    let cases = [
        // Secrets Manager does not accept an empty value.
        ("space", " "),
        ("text", "a password"),
        ("null", "null"),
        ("array", "[]"),
        ("object", "{}"),
        ("key", &kept(&StoredKey::new())),
        ("delivered", &ours),
    ];
    check_each(cases, async |(to, foreign)| {
        let name = site.name(61, to);
        site.secrets.create(&name, foreign).await;
        let snapshot = site.snapshot().await;
        assert_eq!(Wish::new(&site, Endpoint::Jwt).to(to).send(&process).await, Err("deliverToTaken"), "{foreign}");
        assert_eq!(site.snapshot().await, snapshot, "{foreign}");
        assert_eq!(site.secrets.value(&name, Version::CURRENT).await.as_deref(), Some(foreign));
    })
    .await;
}

/// Whoever writes a secret can choose its version id. Only a version with a key of this request and user is used.
#[tokio::test]
async fn a_version_with_the_same_id_but_another_value_is_refused() {
    let site = Site::new().await;
    let process = site.process().await;
    let wish = Wish::new(&site, Endpoint::Jwt);
    let name = site.name(61, "ci");
    wish.send(&process).await.unwrap();
    let ours = site.secrets.value(&name, Version::CURRENT).await.unwrap();
    let version = site.secrets.versions(&name).await.into_keys().next().unwrap();
    let cases = [
        ("a password".to_owned(), "deliverToTaken"),
        (kept(&StoredKey::new()), "deliverToTaken"),
        (ours.replace(r#""level":4"#, r#""level":9"#), "deliverToTaken"),
        (ours.replace(r#","expiresIn":3600"#, ""), "deliverToTaken"),
        (ours.replace(r#""userId":61"#, r#""userId":7"#), "idempotencyKeyReused"),
        (ours.replace(r#""level":4"#, r#""level":3"#), "idempotencyKeyReused"),
        // The limit on `expiresIn` also applies to a key from a secret.
        (ours.replace(r#""expiresAt":"20"#, r#""expiresAt":"90"#), "expiresInHigherThanMaximum"),
    ];
    check_each(cases, async |(value, expected)| {
        site.secrets.delete(&name).await;
        for key in site.snapshot().await.items.into_keys() {
            site.dynamo.delete_item(&key).await;
        }
        let request = site.secrets.client().create_secret().name(&name).secret_string(&value);
        request.client_request_token(&version).send().await.unwrap();
        let snapshot = site.snapshot().await;
        assert_eq!(wish.send(&process).await, Err(expected), "{value}");
        assert_eq!(site.snapshot().await, snapshot, "{value}");
    })
    .await;
}

#[tokio::test]
async fn the_name_of_a_secret_scheduled_for_deletion_is_taken() {
    check_each(Endpoint::ALL, async |endpoint| {
        let site = Site::of(&strong()).await;
        let process = site.process().await;
        let wish = Wish::new(&site, endpoint);
        wish.clone().to("before").send(&process).await.unwrap();
        let snapshot = site.snapshot().await;
        // AWS's answer for such a name. moto would answer as for any other existing name.
        for operation in ["CreateSecret", "GetSecretValue"] {
            site.vault.inject_at(operation, 1, Fault::secrets_manager(400, "InvalidRequestException"));
        }
        assert_eq!(wish.send(&process).await, Err("deliverToTaken"));
        assert_eq!(site.snapshot().await, snapshot);
    })
    .await;
}

#[tokio::test]
async fn a_deleted_secret_and_record_are_created_again() {
    let site = Site::new().await;
    let process = site.process().await;
    let wish = Wish::new(&site, Endpoint::Jwt);
    let first = wish.send(&process).await.unwrap();
    site.secrets.delete(&site.name(61, "ci")).await;
    site.dynamo.delete_item(&key_of(&first)).await;
    let second = wish.send(&process).await.unwrap();
    assert_ne!(key_of(&first), key_of(&second));
}

#[tokio::test]
async fn a_retry_needs_the_current_permissions_of_its_caller() {
    let site = Site::new().await;
    let process = site.process().await;
    let wish =
        |claims: Claims| Wish::new(&site, Endpoint::Jwt).with("level", 5).with("authorization", site.bearer(&claims));
    wish(Claims::new().role("curator")).send(&process).await.unwrap();
    let snapshot = site.snapshot().await;
    assert_eq!(wish(Claims::new()).send(&process).await, Err("keyLevelExceedsRoleLevel"));
    assert_eq!(wish(Claims::new().with("status", 0)).send(&process).await, Err("accountStatusLacking"));
    assert_eq!(site.snapshot().await, snapshot);
}

/// The secret's value after a delivery to another name.
async fn delivered_text(site: &Site) -> String {
    Wish::new(site, Endpoint::Jwt).to("other").send(&site.process().await).await.unwrap();
    site.secrets.value(&site.name(61, "other"), Version::CURRENT).await.unwrap()
}
