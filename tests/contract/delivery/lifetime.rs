//! The end of a key, of a chain, and of the time for a retry.

use tests::fault::Fault;
use tests::host;

use super::{Wish, key_of};
use crate::failures::check_each;
use crate::site::{Site, later, strong};
use crate::support::Endpoint;

#[tokio::test]
async fn a_redelivery_does_not_restore_the_record_of_an_expired_key() {
    check_each(Endpoint::ALL, async |endpoint| {
        let site = Site::of(&strong()).await;
        let process = site.process().await;
        let wish = Wish::new(&site, endpoint).with("expiresIn", 60);
        let first = wish.send(&process).await.unwrap();
        // DynamoDB deletes an expired item within a few days.
        site.dynamo.delete_item(&key_of(&first)).await;
        let snapshot = site.snapshot().await;
        check_each([61, 62, 600], async |seconds| {
            assert_eq!(wish.send_at(&process, later(seconds)).await.as_ref(), Ok(&first), "{seconds} s");
        })
        .await;
        assert_eq!(site.snapshot().await, snapshot);
        assert_eq!(wish.send_at(&process, later(30)).await.as_ref(), Ok(&first));
        assert_eq!(site.snapshot().await.items.len(), snapshot.items.len() + 1, "not yet expired");
    })
    .await;
}

#[tokio::test]
async fn a_retry_does_not_store_the_record_of_an_expired_key() {
    let site = Site::new().await;
    let wish = Wish::new(&site, Endpoint::Jwt).with("expiresIn", 60);
    site.table.die_on("PutItem", 1, Fault::Reset, &[&site.vault]);
    wish.send(&site.process().await).await.unwrap_err();
    site.heal();
    wish.send_at(&site.process().await, later(61)).await.unwrap();
    assert_eq!(site.snapshot().await.items.len(), 0);
}

#[tokio::test]
async fn a_record_stored_by_a_retry_expires_when_its_secret_says() {
    check_each(Endpoint::ALL, async |endpoint| {
        let caller = strong();
        let site = Site::of(&caller).await;
        let before = site.snapshot().await;
        let begun = host::now();
        let wish = Wish::new(&site, endpoint);
        site.table.die_on("PutItem", 1, Fault::Reset, &[&site.vault]);
        wish.send(&site.process().await).await.unwrap_err();
        site.heal();
        wish.send_at(&site.process().await, later(100)).await.unwrap();
        let snapshot = site.snapshot().await.since(&before, "later");
        let end = snapshot.records()[0]["expiresAt"].as_n().unwrap().parse::<i64>().unwrap();
        assert!((begun + 3_600..=host::now() + 3_601).contains(&end), "{end}");
        // The secret contains the same second.
        wish.expect_one(&site, &before, &caller, "later").await;
    })
    .await;
}

#[tokio::test]
async fn a_retry_is_not_refused_at_the_end_of_the_chain() {
    let caller = strong().chain_expires_in(1_000);
    let site = Site::of(&caller).await;
    let process = site.process().await;
    let wish = Wish::new(&site, Endpoint::Key).with("expiresIn", 990);
    let first = wish.send(&process).await.unwrap();
    let snapshot = site.snapshot().await;
    assert_eq!(wish.send_at(&process, later(100)).await.as_ref(), Ok(&first), "the same request");
    let calls = site.vault.count("CreateSecret");
    assert_eq!(wish.clone().to("new").send_at(&process, later(100)).await, Err("expiresInHigherThanMaximum"));
    assert_eq!(wish.clone().with("expiresIn", 991).send_at(&process, later(100)).await, Err("idempotencyKeyReused"));
    let other = wish.clone().with("idempotencyKey", "other");
    assert_eq!(other.send_at(&process, later(100)).await, Err("expiresInHigherThanMaximum"), "another event");
    assert_eq!(site.vault.count("CreateSecret"), calls, "a refused request is not delivered");
    assert_eq!(site.snapshot().await, snapshot);
}

#[tokio::test]
async fn a_delivery_can_be_completed_at_the_end_of_the_chain() {
    let caller = strong().chain_expires_in(1_000);
    let site = Site::of(&caller).await;
    let before = site.snapshot().await;
    let wish = Wish::new(&site, Endpoint::Key).with("expiresIn", 990);
    site.table.die_on("PutItem", 1, Fault::Reset, &[&site.vault]);
    wish.send(&site.process().await).await.unwrap_err();
    site.heal();
    let process = site.process().await;
    wish.send_at(&process, later(100)).await.unwrap();
    let delivered = wish.expect_one(&site, &before, &caller, "mended").await;
    delivered.assert_authenticates(&process, "mended").await;
}

#[tokio::test]
async fn a_lowered_limit_applies_to_a_retry() {
    let mut site = Site::new().await;
    let wish = Wish::new(&site, Endpoint::Jwt);
    wish.send(&site.process().await).await.unwrap();
    let snapshot = site.snapshot().await;
    site = site.set("MAX_EXPIRES_IN", "60");
    assert_eq!(wish.send(&site.process().await).await, Err("expiresInHigherThanMaximum"));
    assert_eq!(site.snapshot().await, snapshot);
}
