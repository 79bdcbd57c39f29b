//! The process dies before or after one of its calls, and the event comes again.

use tests::fault::{Fault, Proxy};

use super::Wish;
use crate::site::{Site, strong};
use crate::support::Endpoint;

/// A call after which, or before which, the process is gone.
#[derive(Clone, Copy, Debug)]
enum At {
    Table(&'static str, usize),
    Vault(&'static str, usize),
}

/// The calls of a first try, in their order.
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

/// The calls of a further try, which finds the secret.
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

/// Before the call, and after it.
fn deaths(calls: &'static [At]) -> impl Iterator<Item = (At, Fault)> + Clone {
    calls.iter().flat_map(|at| [Fault::Reset, Fault::ApplyThenLose].map(|fault| (*at, fault)))
}

/// A try by a process of its own that dies at that call.
async fn die(site: &Site, wish: &Wish, (at, fault): (At, Fault), context: &str) {
    let (proxy, operation, nth): (&Proxy, _, _) = match at {
        At::Table(operation, nth) => (&site.table, operation, nth),
        At::Vault(operation, nth) => (&site.vault, operation, nth),
    };
    let seen = |proxy: &Proxy| proxy.count(operation);
    let before = seen(proxy);
    proxy.die_on(operation, nth, fault, &[&site.table, &site.vault]);
    assert_eq!(wish.send(&site.process().await).await, Err("createApikeyFailed"), "{context}");
    assert!(seen(proxy) >= before + nth, "{context}: the call was never made");
    site.heal();
}

#[tokio::test]
async fn a_death_between_any_two_calls_is_mended_by_the_next_delivery() {
    for (endpoint, calls) in FIRST {
        for death in deaths(calls) {
            let context = format!("{endpoint:?}: {death:?}");
            let caller = strong();
            let site = Site::of(&caller).await;
            let before = site.standing().await;
            let wish = Wish::new(&site, endpoint);
            die(&site, &wish, death, &context).await;
            let process = site.process().await;
            let answer = wish.send(&process).await.unwrap_or_else(|code| panic!("{context}: {code}"));
            let delivered = wish.only(&site, &before, &caller, &context).await;
            delivered.assert_answer(&site, &answer, &context).await;
            delivered.assert_authenticates(&process, &context).await;
        }
    }
}

#[tokio::test]
async fn a_death_while_mending_is_mended_too() {
    for ((endpoint, first), (_, further)) in FIRST.into_iter().zip(FURTHER) {
        // The secret stands, and the record may.
        let standing = deaths(first).filter(|(at, _)| matches!(at, At::Table("PutItem", _)));
        for first in standing {
            for second in deaths(further) {
                let context = format!("{endpoint:?}: {first:?}, then {second:?}");
                let caller = strong();
                let site = Site::of(&caller).await;
                let before = site.standing().await;
                let wish = Wish::new(&site, endpoint);
                die(&site, &wish, first.clone(), &context).await;
                let secrets = site.standing().await.secrets;
                assert_eq!(secrets.len(), 1, "{context}");
                die(&site, &wish, second, &context).await;
                assert_eq!(site.standing().await.secrets, secrets, "{context}");
                let process = site.process().await;
                wish.send(&process).await.unwrap_or_else(|code| panic!("{context}: {code}"));
                let delivered = wish.only(&site, &before, &caller, &context).await;
                delivered.assert_authenticates(&process, &context).await;
            }
        }
    }
}

/// A secret without a record is a key that does nothing; the reverse, a key that nobody has, never comes to be.
#[tokio::test]
async fn the_secret_stands_before_the_record_does() {
    let site = Site::new().await;
    let wish = Wish::new(&site, Endpoint::Jwt);
    die(&site, &wish, (At::Table("PutItem", 1), Fault::Reset), "before the record").await;
    let standing = site.standing().await;
    assert_eq!((standing.secrets.len(), standing.items.len()), (1, 0));
    let site = Site::new().await;
    let wish = Wish::new(&site, Endpoint::Jwt);
    die(&site, &wish, (At::Vault("CreateSecret", 1), Fault::Reset), "before the secret").await;
    let standing = site.standing().await;
    assert_eq!((standing.secrets.len(), standing.items.len()), (0, 0));
}
