//! The notifications of a topic. All are processed, and the first failure is returned.

use serde_json::Value;
use shared::domain::Timestamp;
use shared::platform::{Call, Randomness};
use tests::fault::Fault;

use super::Wish;
use crate::failures::check_each;
use crate::site::{Site, in_topic, strong, topic};
use crate::support::Endpoint;

/// A notification with a request that has this member. Its id is also its destination.
fn notified(site: &Site, endpoint: Endpoint, id: &str, member: &str, value: impl Into<Value>) -> String {
    in_topic(Some(&Value::from(id).to_string()), &Wish::new(site, endpoint).to(id).with(member, value).text())
}

#[tokio::test]
async fn every_notification_is_processed_and_the_first_failure_is_returned() {
    check_each(Endpoint::ALL, async |endpoint| {
        let site = Site::of(&strong()).await;
        let (process, before) = (site.process().await, site.snapshot().await);
        let records = [
            notified(&site, endpoint, "a", "name", "good"),
            notified(&site, endpoint, "b", "name", 7),
            notified(&site, endpoint, "c", "name", "good"),
            notified(&site, endpoint, "d", "level", 9),
            in_topic(None, "nothing"),
            notified(&site, endpoint, "e", "name", "good"),
        ];
        assert_eq!(process.invoke(endpoint, &topic(&records)).await, Err("nameNotString"));
        let created = site.snapshot().await.since(&before, "the topic");
        assert_eq!((created.records().len(), created.secrets.len()), (3, 3));
        // SNS sends all notifications again. The retry finds the keys that were created.
        let snapshot = site.snapshot().await;
        assert_eq!(process.invoke(endpoint, &topic(&records)).await, Err("nameNotString"));
        assert_eq!(site.snapshot().await, snapshot);
        assert_eq!(process.invoke(endpoint, &topic(&records[..1])).await.as_deref(), Ok("null"));
    })
    .await;
}

#[tokio::test]
async fn the_first_failed_record_determines_the_error() {
    let site = Site::new().await;
    let process = site.process().await;
    let [good, refused] = [("a", 4), ("b", 9)].map(|(id, level)| notified(&site, Endpoint::Jwt, id, "level", level));
    let cases = [([good.clone(), refused.clone()], "createApikeyFailed"), ([refused, good], "invalidLevel")];
    check_each(cases, async |(records, expected)| {
        site.vault.inject_at("CreateSecret", 1, Fault::secrets_manager(400, "AccessDeniedException"));
        assert_eq!(process.invoke(Endpoint::Jwt, &topic(&records)).await, Err(expected));
        assert_eq!(site.snapshot().await.secrets.len(), 0);
    })
    .await;
}

#[tokio::test]
async fn every_notification_has_its_own_randomness() {
    let site = Site::new().await;
    let process = site.process().await;
    let records: Vec<_> =
        (0..4).map(|nth| notified(&site, Endpoint::Jwt, &format!("n{nth}"), "name", "good")).collect();
    let fixed = Randomness::from_random_bytes([[1; 16], [2; 16], [3; 16], [4; 16], [5; 16], [6; 16]]);
    let call = Call::at(Timestamp::now(), 30_000, Ok(fixed));
    let answer = process.invoke_as(Endpoint::Jwt, &topic(&records), "test", call).await;
    assert_eq!(answer.as_deref(), Ok("null"));
    let snapshot = site.snapshot().await;
    assert_eq!((snapshot.items.len(), snapshot.secrets.len()), (4, 4));
}
