//! Concurrent programs over a DynamoDB that fails: a short version of `make prove PROOF=load`.

use tests::load::{LoadTest, run};

#[tokio::test]
async fn under_load_and_faults_every_201_and_every_204_holds() {
    let results = run(LoadTest { creations: 1_000, programs: 4, calls_per_fault: 20, seed: 61 }).await.unwrap();
    assert_eq!(results.wrong, Vec::<String>::new());
    assert_eq!(results.created + results.failed + results.refused, 1_000);
    assert_eq!(results.valid + results.invalid, results.created);
    assert!(results.unreturned <= results.failed + results.refused);
    // The test is meaningless without faults and revocations.
    assert!(results.faults > 20 && results.created > 900, "{results:?}");
    assert!(results.revoked > 80 && results.revoked_chains > 50 && results.valid > 500, "{results:?}");
}

#[tokio::test]
async fn without_faults_every_request_succeeds() {
    let results = run(LoadTest { creations: 400, programs: 2, calls_per_fault: 0, seed: 61 }).await.unwrap();
    assert_eq!(results.wrong, Vec::<String>::new());
    assert_eq!((results.created + results.refused, results.failed, results.faults), (400, 0, 0));
    // Only the creation that is sent with each revocation of a calling key's chain may be refused.
    assert!(results.refused <= results.revoked_chains, "{results:?}");
}
