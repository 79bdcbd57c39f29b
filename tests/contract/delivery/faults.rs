//! Network faults between a function and DynamoDB or Secrets Manager.

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use shared::domain::Timestamp;
use shared::platform::{Call, Randomness};
use tests::fault::{Fault, Proxy};
use tests::rng::SeededRng;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::{Wish, key_of};
use crate::failures::{check_each, pairs};
use crate::site::{Process, Site, Source, strong};
use crate::support::Endpoint;

/// The calls of a first delivery. `true`: a call of DynamoDB; `false`: a call of Secrets Manager.
const CALLS: [(Endpoint, bool, &str); 6] = [
    (Endpoint::Jwt, false, "CreateSecret"),
    (Endpoint::Jwt, true, "PutItem"),
    (Endpoint::Key, false, "GetSecretValue"),
    (Endpoint::Key, true, "GetItem"),
    (Endpoint::Key, false, "CreateSecret"),
    (Endpoint::Key, true, "PutItem"),
];

fn proxy(site: &Site, at_table: bool) -> &Proxy {
    if at_table { &site.table } else { &site.vault }
}

fn refused(at_table: bool, status: u16, kind: &str) -> Fault {
    if at_table { Fault::dynamodb(status, kind) } else { Fault::secrets_manager(status, kind) }
}

fn transient_faults(at_table: bool) -> [Fault; 8] {
    [
        Fault::Reset,
        Fault::Truncate,
        Fault::ApplyThenLose,
        Fault::ResetPooled,
        Fault::Hang,
        Fault::html(503),
        refused(at_table, 500, if at_table { "InternalServerError" } else { "InternalServiceError" }),
        refused(at_table, 400, "ThrottlingException"),
    ]
}

#[tokio::test]
async fn one_transient_fault_at_any_call_still_delivers() {
    let cases = CALLS.into_iter().flat_map(|call| transient_faults(call.1).map(|fault| (call, fault)));
    check_each(cases, async |((endpoint, at_table, operation), fault)| {
        let context = format!("{endpoint:?}, {operation}: {fault:?}");
        let caller = strong();
        let site = Site::of(&caller).await;
        let (process, before) = (site.process().await, site.snapshot().await);
        proxy(&site, at_table).inject_at(operation, 1, fault);
        let wish = Wish::new(&site, endpoint);
        let answer = wish.send(&process).await.unwrap_or_else(|code| panic!("{context}: {code}"));
        wish.expect_one(&site, &before, &caller, &context).await.assert_answer(&site, &answer, &context).await;
    })
    .await;
}

#[tokio::test]
async fn an_error_of_a_service_fails_the_event_and_a_retry_succeeds() {
    let kinds = ["AccessDeniedException", "ExpiredTokenException", "ValidationException", "KMSAccessDeniedException"];
    check_each(pairs(CALLS, kinds), async |((endpoint, at_table, operation), kind)| {
        let context = format!("{endpoint:?}, {operation}: {kind}");
        let caller = strong();
        let site = Site::of(&caller).await;
        let (process, before) = (site.process().await, site.snapshot().await);
        let wish = Wish::new(&site, endpoint);
        for source in Source::ALL {
            proxy(&site, at_table).inject_at(operation, 1, refused(at_table, 400, kind));
            assert!(!wish.send_from(source, &process).await, "{context}, {source:?}");
        }
        assert!(wish.send_from(Source::Sqs, &process).await, "{context}");
        wish.expect_one(&site, &before, &caller, &context).await;
    })
    .await;
}

#[tokio::test]
async fn an_incomplete_reply_of_secrets_manager_fails_the_event() {
    check_each(["{}", "{\"ARN\":null}", "{\"ARN\":"], async |body| {
        let site = Site::new().await;
        let process = site.process().await;
        let content_type = "application/x-amz-json-1.1".to_owned();
        site.vault.always(Fault::Respond { status: 200, content_type, body: body.to_owned() });
        assert_eq!(Wish::new(&site, Endpoint::Jwt).send(&process).await, Err("createApikeyFailed"), "{body}");
        assert_eq!(site.dynamo.items().await.len(), 0, "{body}");
    })
    .await;
}

#[tokio::test]
async fn a_record_with_the_new_keys_id_is_never_overwritten() {
    let site = Site::new().await;
    let process = site.process().await;
    let fixed = || Ok(Randomness::from_random_bytes([[1; 16], [2; 16], [3; 16], [4; 16], [5; 16], [6; 16]]));
    let id = "01010101-0101-4101-8101-010101010101".to_owned();
    let foreign = strong().with("key", AttributeValue::S(id)).item;
    site.dynamo.put_item(foreign.clone()).await;
    let wish = Wish::new(&site, Endpoint::Jwt);
    for randomness in [fixed(), Randomness::draw()] {
        let call = Call::at(Timestamp::now(), 30_000, randomness);
        let answer = process.invoke_as(Endpoint::Jwt, &wish.text(), "test", call).await;
        assert_eq!(answer, Err("createApikeyFailed"));
        assert_eq!(site.dynamo.items().await, std::slice::from_ref(&foreign));
    }
}

/// Uses tokio's clock. A paused clock advances only while every task waits.
#[tokio::test]
async fn calls_of_a_hanging_service_end_before_the_invocation() {
    let site = Site::new().await;
    let process = site.process().await;
    site.vault.always(Fault::Hang);
    let wish = Wish::new(&site, Endpoint::Jwt);
    tokio::time::pause();
    let cases = [(0, 0), (500, 0), (540, 0), (1_000, 500), (2_000, 1_500)];
    check_each(cases, async |(millis_left, given_up_after)| {
        let started = Instant::now();
        let call = Call::at(Timestamp::now(), millis_left, Randomness::draw());
        let answer = process.invoke_as(Endpoint::Jwt, &wish.text(), "test", call).await;
        assert_eq!(answer, Err("createApikeyFailed"));
        let late = started.elapsed().saturating_sub(Duration::from_millis(given_up_after));
        assert!(late <= Duration::from_millis(2), "{millis_left} ms left, given up after {:?}", started.elapsed());
        assert!(given_up_after > 0 || site.vault.requests().is_empty(), "a call began without enough time left");
    })
    .await;
    // A delivery can call several services, so its calls may take longer than those of an HTTP request.
    let started = Instant::now();
    let call = Call::at(Timestamp::now(), 30_000, Randomness::draw());
    let answer = process.invoke_as(Endpoint::Jwt, &wish.text(), "test", call).await;
    assert_eq!(answer, Err("createApikeyFailed"));
    assert!(started.elapsed() > Duration::from_millis(2_600), "three attempts of 0.9 s: {:?}", started.elapsed());
    tokio::time::resume();
}

/// A random fault of one of the two services.
fn random_fault(rng: &mut SeededRng, at_table: bool) -> Fault {
    match rng.below(8) {
        0 | 1 => Fault::ApplyThenLose,
        2 => Fault::Reset,
        3 => Fault::Truncate,
        4 => refused(at_table, 500, if at_table { "InternalServerError" } else { "InternalServiceError" }),
        5 => refused(at_table, 400, "ThrottlingException"),
        6 => refused(at_table, 400, "AccessDeniedException"),
        _ => Fault::Pass,
    }
}

/// Delivers once from any source. Returns the key in the answer, if the answer contains one.
async fn deliver(wish: &Wish, process: &Process, source: Source) -> Option<Option<String>> {
    match source {
        Source::Direct => wish.send(process).await.ok().map(|answer| Some(key_of(&answer))),
        _ => wish.send_from(source, process).await.then_some(None),
    }
}

/// For any order of deliveries and faults, the first successful delivery leaves one secret and one record, and every
/// answer contains that key. If no delivery succeeds, the next one without a fault does.
#[tokio::test]
async fn interleaved_and_failed_deliveries_leave_one_secret_and_one_record() {
    check_each(0..40, async |seed| {
        let context = format!("seed {seed}");
        let mut rng = SeededRng(seed);
        let endpoint = Endpoint::ALL[rng.below(2) as usize];
        let caller = strong();
        let site = Site::of(&caller).await;
        let before = site.snapshot().await;
        for at_table in [true, false] {
            for _ in 0..rng.below(10) {
                proxy(&site, at_table).next(random_fault(&mut rng, at_table));
            }
        }
        let wish = Wish::new(&site, endpoint);
        let processes = [Arc::new(site.process().await), Arc::new(site.process().await)];
        let mut tries = JoinSet::new();
        for _ in 0..1 + rng.below(5) {
            let (wish, process) = (wish.clone(), Arc::clone(&processes[rng.below(2) as usize]));
            let sources = [Source::ALL[rng.below(4) as usize], Source::ALL[rng.below(4) as usize]];
            tries.spawn(async move {
                let first = deliver(&wish, &process, sources[0]).await;
                [first, deliver(&wish, &process, sources[1]).await]
            });
        }
        let answered: Vec<_> = tries.join_all().await.into_iter().flatten().flatten().collect();
        site.heal();
        if answered.is_empty() {
            wish.send(&site.process().await).await.unwrap_or_else(|code| panic!("{context}: {code}"));
        }
        let delivered = wish.expect_one(&site, &before, &caller, &context).await;
        assert!(answered.iter().flatten().all(|key| *key == delivered.key), "{context}: {answered:?}");
        let snapshot = site.snapshot().await;
        let again = wish.send(&site.process().await).await.unwrap_or_else(|code| panic!("{context}: {code}"));
        delivered.assert_answer(&site, &again, &context).await;
        assert_eq!(site.snapshot().await, snapshot, "{context}");
        delivered.assert_authenticates(&processes[0], &context).await;
    })
    .await;
}
