//! A 404 is one answer, and its time shows nothing.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use super::scene::{Scene, world};

/// What a caller can't tell apart: malformed, absent, expired, revoked, of a revoked chain, another's, out of reach.
const READS: [(&str, &str); 12] = [
    ("token4", "{A|upper}"),
    ("token4", "x"),
    ("token4", "{N}"),
    ("token4", "{X}"),
    ("token4", "{R}"),
    ("token4", "{F}"),
    ("token4", "{O}"),
    ("token4", "{XO}"),
    ("token4", "{RO}"),
    ("token4", "{DO}"),
    ("token9", "{X}"),
    ("token9", "{N}"),
];

const REVOCATIONS: [(&str, &str); 12] = [
    ("token4", "{A|upper}"),
    ("token4", "x"),
    ("token4", "{N}"),
    ("token4", "{X}"),
    ("token4", "{O}"),
    ("token4", "{XO}"),
    ("token4", "{RO}"),
    ("token4", "{DO}"),
    ("token9", "{N}"),
    ("token4", "{O}?chain=true"),
    ("token4", "{N}?chain=true"),
    ("token4", "{X}?chain=true"),
];

fn requests() -> Vec<(&'static str, String)> {
    let request = |method: &str, target: &str| match target.split_once('?') {
        Some((id, query)) => format!("{method} /apikeys/{id}/{{f}}?{query}"),
        None => format!("{method} /apikeys/{target}/{{f}}"),
    };
    let reads = READS.into_iter().map(|(who, id)| (who, request("GET", id)));
    let revocations = REVOCATIONS.into_iter().map(|(who, id)| (who, request("DELETE", id)));
    let of_keys = ["P", "S", "G", "A8", "Q", "O", "OC", "N", "X"];
    let of_keys = of_keys.map(|name| ("key4", request("DELETE", &format!("{{{name}}}"))));
    reads.chain(revocations).chain(of_keys).collect()
}

#[tokio::test]
async fn a_404_is_the_same_for_every_reason() {
    let world = world().await;
    let scene = Scene::new(&world, 101, 4).await;
    let mut answers = BTreeSet::new();
    for (who, request) in requests() {
        answers.insert(format!("{:?}", scene.expect(who, &request, 404).await));
    }
    // A path without a resource has that answer, too.
    answers.insert(format!("{:?}", scene.expect("token4", "GET /x", 404).await));
    assert_eq!(answers.len(), 1, "{answers:?}");
}

/// This test asserts the minimum time, which does not depend on the machine.
#[tokio::test]
async fn a_404_is_returned_at_a_constant_interval() {
    let world = world().await;
    let scene = Scene::new(&world, 101, 4).await;
    for (who, request) in requests() {
        let began = Instant::now();
        scene.expect(who, &request, 404).await;
        assert!(began.elapsed() >= Duration::from_millis(20), "{request} by {who}: {:?}", began.elapsed());
    }
}

#[tokio::test]
async fn a_403_of_a_weak_key_is_the_same_whether_the_key_exists() {
    let world = world().await;
    let scene = Scene::new(&world, 101, 3).await;
    let mut answers = BTreeSet::new();
    for id in ["{A}", "{D}", "{O}", "{N}", "{X}", "{R}", "{DL}", "x"] {
        for method in ["GET", "DELETE"] {
            answers.insert(format!("{:?}", scene.expect("key3", &format!("{method} /apikeys/{id}/key"), 403).await));
        }
    }
    assert_eq!(answers.len(), 1, "{answers:?}");
}
