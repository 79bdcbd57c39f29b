//! Concurrent programs over a DynamoDB that fails: a short version of `make prove PROOF=load`.

use tests::load::{Load, run};

#[tokio::test]
async fn under_load_and_faults_every_201_has_exactly_one_record() {
    let outcome = run(Load { creations: 1_000, sandboxes: 4, one_in: 20, seed: 61 }).await.unwrap();
    assert_eq!(outcome.wrong, Vec::<String>::new());
    assert_eq!(outcome.created + outcome.failed, 1_000);
    assert!(outcome.untold <= outcome.failed);
    // The test is meaningless without faults.
    assert!(outcome.faults > 20 && outcome.created > 900, "{outcome:?}");
}

#[tokio::test]
async fn without_faults_every_request_is_a_201() {
    let outcome = run(Load { creations: 400, sandboxes: 2, one_in: 0, seed: 61 }).await.unwrap();
    assert_eq!((outcome.created, outcome.failed, outcome.faults), (400, 0, 0));
    assert_eq!(outcome.wrong, Vec::<String>::new());
}
