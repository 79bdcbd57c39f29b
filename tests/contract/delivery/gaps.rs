//! The process ends before or after one of its calls, and the event is sent again.

use tests::fault::{Fault, Proxy};

use super::Wish;
use crate::failures::{check_each, pairs};
use crate::site::{Site, strong};
use crate::support::Endpoint;

/// The call before or after which the process ends.
#[derive(Clone, Copy, Debug)]
enum At {
    Table(&'static str, usize),
    Vault(&'static str, usize),
}

/// The calls of a first attempt, in order.
const FIRST: [(Endpoint, &[At]); 2] = [
    (Endpoint::Jwt, &[At::Vault("CreateSecret", 1), At::Table("PutItem", 1)]),
    (
        Endpoint::Key,
        &[
            At::Vault("GetSecretValue", 1),
            At::Table("GetItem", 1),
            At::Vault("CreateSecret", 1),
            At::Table("PutItem", 1),
        ],
    ),
];

/// The calls of a retry, which finds the secret.
const FURTHER: [(Endpoint, &[At]); 2] = [
    (Endpoint::Jwt, &[At::Vault("CreateSecret", 1), At::Vault("GetSecretValue", 1), At::Table("PutItem", 1)]),
    (
        Endpoint::Key,
        &[
            At::Vault("GetSecretValue", 1),
            At::Table("GetItem", 1),
            At::Vault("CreateSecret", 1),
            At::Vault("GetSecretValue", 2),
            At::Table("PutItem", 1),
        ],
    ),
];

/// The end of the process before and after each call.
fn deaths(calls: &'static [At]) -> impl Iterator<Item = (At, Fault)> + Clone {
    calls.iter().flat_map(|at| [Fault::Reset, Fault::ApplyThenLose].map(|fault| (*at, fault)))
}

/// Sends the event to a new process, which ends at the given call.
async fn die(site: &Site, wish: &Wish, (at, fault): (At, Fault), context: &str) {
    let (proxy, operation, nth): (&Proxy, _, _) = match at {
        At::Table(operation, nth) => (&site.table, operation, nth),
        At::Vault(operation, nth) => (&site.vault, operation, nth),
    };
    let before = proxy.count(operation);
    proxy.die_on(operation, nth, fault, &[&site.table, &site.vault]);
    assert_eq!(wish.send(&site.process().await).await, Err("createApikeyFailed"), "{context}");
    assert!(proxy.count(operation) >= before + nth, "{context}: the process did not make the call");
    site.heal();
}

#[tokio::test]
async fn a_retry_completes_a_delivery_that_ended_between_two_calls() {
    let cases = FIRST.into_iter().flat_map(|(endpoint, calls)| pairs([endpoint], deaths(calls)));
    check_each(cases, async |(endpoint, death)| {
        let context = format!("{endpoint:?}: {death:?}");
        let caller = strong();
        let site = Site::of(&caller).await;
        let before = site.snapshot().await;
        let wish = Wish::new(&site, endpoint);
        die(&site, &wish, death, &context).await;
        let process = site.process().await;
        let answer = wish.send(&process).await.unwrap_or_else(|code| panic!("{context}: {code}"));
        let delivered = wish.expect_one(&site, &before, &caller, &context).await;
        delivered.assert_answer(&site, &answer, &context).await;
        delivered.assert_authenticates(&process, &context).await;
    })
    .await;
}

#[tokio::test]
async fn an_interrupted_retry_is_completed_by_the_next_one() {
    let cases = FIRST.into_iter().zip(FURTHER).flat_map(|((endpoint, first), (_, further))| {
        // The secret exists, and the record may exist.
        let first = deaths(first).filter(|(at, _)| matches!(at, At::Table("PutItem", _)));
        pairs([endpoint], pairs(first, deaths(further)).collect::<Vec<_>>())
    });
    check_each(cases, async |(endpoint, (first, second))| {
        let context = format!("{endpoint:?}: {first:?}, then {second:?}");
        let caller = strong();
        let site = Site::of(&caller).await;
        let before = site.snapshot().await;
        let wish = Wish::new(&site, endpoint);
        die(&site, &wish, first, &context).await;
        let secrets = site.snapshot().await.secrets;
        assert_eq!(secrets.len(), 1, "{context}");
        die(&site, &wish, second, &context).await;
        assert_eq!(site.snapshot().await.secrets, secrets, "{context}");
        let process = site.process().await;
        wish.send(&process).await.unwrap_or_else(|code| panic!("{context}: {code}"));
        let delivered = wish.expect_one(&site, &before, &caller, &context).await;
        delivered.assert_authenticates(&process, &context).await;
    })
    .await;
}

/// A key whose secret has no record does not authenticate. A record without a secret would be a key that nobody has.
#[tokio::test]
async fn the_secret_is_created_before_the_record() {
    let site = Site::new().await;
    let wish = Wish::new(&site, Endpoint::Jwt);
    die(&site, &wish, (At::Table("PutItem", 1), Fault::Reset), "no record").await;
    let snapshot = site.snapshot().await;
    assert_eq!((snapshot.secrets.len(), snapshot.items.len()), (1, 0));
    let site = Site::new().await;
    let wish = Wish::new(&site, Endpoint::Jwt);
    die(&site, &wish, (At::Vault("CreateSecret", 1), Fault::Reset), "no secret").await;
    let snapshot = site.snapshot().await;
    assert_eq!((snapshot.secrets.len(), snapshot.items.len()), (0, 0));
}
