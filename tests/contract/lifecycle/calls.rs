//! The calls to DynamoDB of each route, and their failures.

use serde_json::{Value, json};
use tests::fault::{Fault, Proxy, RecordedRequest};

use super::scene::{Scene, proxied};
use crate::failures::Failures;
use crate::support::assert_refused;

/// Id, caller, request, status, and the calls. A calling key that is not the first of its chain costs two reads.
const CALLS: [(&str, &str, &str, u64, &str); 44] = [
    ("list by token", "token4", "GET /apikeys/jwt", 200, "Query BatchGetItem"),
    ("list of first keys", "token9", "GET /apikeys/jwt?userId={V}", 200, "Query"),
    ("empty list", "token9", "GET /apikeys/jwt?userId=9", 200, "Query"),
    ("list by key", "key4", "GET /apikeys/key", 200, "GetItem GetItem Query BatchGetItem"),
    ("list by first key", "keyA", "GET /apikeys/key", 200, "GetItem Query BatchGetItem"),
    ("list by weak key", "key3", "GET /apikeys/key", 200, "GetItem GetItem"),
    ("list of another", "token4", "GET /apikeys/jwt?userId={V}", 403, ""),
    ("bad limit", "token4", "GET /apikeys/jwt?limit=0", 400, ""),
    ("bad limit by key", "keyA", "GET /apikeys/key?limit=0", 400, "GetItem"),
    ("inactive", "off4", "GET /apikeys/jwt", 403, ""),
    ("no credential", "tokenNone", "GET /apikeys/jwt", 401, ""),
    ("read of first key", "token4", "GET /apikeys/{A}/jwt", 200, "GetItem"),
    ("read of later key", "token4", "GET /apikeys/{C}/jwt", 200, "GetItem GetItem"),
    ("read of fenced key", "token4", "GET /apikeys/{F}/jwt", 404, "GetItem GetItem"),
    ("read of revoked key", "token4", "GET /apikeys/{R}/jwt", 404, "GetItem"),
    ("read of expired key", "token4", "GET /apikeys/{X}/jwt", 404, "GetItem"),
    ("read of another's", "token4", "GET /apikeys/{O}/jwt", 404, "GetItem"),
    ("read of none", "token4", "GET /apikeys/{N}/jwt", 404, "GetItem"),
    ("read of damaged key", "token4", "GET /apikeys/{DL}/jwt", 500, "GetItem"),
    ("read of no id", "token9", "GET /apikeys/{A|upper}/jwt", 404, ""),
    ("read of fence", "token9", "GET /apikeys/fence%23{Z}/jwt", 404, ""),
    ("read by key", "keyA", "GET /apikeys/{A8}/key", 200, "GetItem GetItem"),
    ("read by weak key", "key3", "GET /apikeys/{A}/key", 403, "GetItem GetItem"),
    ("whoami of first key", "keyA", "GET /whoami/key", 200, "GetItem"),
    ("whoami of later key", "key4", "GET /whoami/key", 200, "GetItem GetItem"),
    ("whoami of fenced key", "keyF", "GET /whoami/key", 403, "GetItem GetItem"),
    ("revoke", "token4", "DELETE /apikeys/{A}/jwt", 204, "UpdateItem"),
    ("revoke again", "token4", "DELETE /apikeys/{R}/jwt", 204, "UpdateItem"),
    ("revoke of another's", "token4", "DELETE /apikeys/{O}/jwt", 404, "UpdateItem"),
    ("revoke of none", "token4", "DELETE /apikeys/{N}/jwt", 404, "UpdateItem"),
    ("revoke of no id", "token9", "DELETE /apikeys/{A|upper}/jwt", 404, ""),
    ("revoke by key", "keyA", "DELETE /apikeys/{A}/key", 204, "GetItem UpdateItem"),
    ("revoke by weak key", "key3", "DELETE /apikeys/{D}/key", 403, "GetItem GetItem"),
    ("bad chain", "token4", "DELETE /apikeys/{A}/jwt?chain=x", 400, ""),
    ("chain of one", "token4", "DELETE /apikeys/{A}/jwt?chain=true", 204, "GetItem TransactWriteItems"),
    ("chain", "token4", "DELETE /apikeys/{D}/jwt?chain=true", 204, "GetItem TransactWriteItems"),
    (
        "chain of revoked key",
        "token4",
        "DELETE /apikeys/{R}/jwt?chain=true",
        204,
        "GetItem TransactWriteItems TransactWriteItems",
    ),
    (
        "chain of fenced key",
        "token4",
        "DELETE /apikeys/{F}/jwt?chain=true",
        204,
        "GetItem TransactWriteItems TransactWriteItems",
    ),
    ("chain of none", "token4", "DELETE /apikeys/{N}/jwt?chain=true", 404, "GetItem"),
    ("chain of another's", "token4", "DELETE /apikeys/{O}/jwt?chain=true", 404, "GetItem"),
    ("chain by key", "keyA", "DELETE /apikeys/{A}/key?chain=true", 403, "GetItem"),
    ("create by first key", "keyA", "POST /apikeys/key", 201, "GetItem PutItem"),
    ("create by later key", "key4", "POST /apikeys/key", 201, "GetItem GetItem PutItem"),
    ("create by token", "token4", "POST /apikeys/jwt", 201, "PutItem"),
];

/// The requests since `known`.
fn since(proxy: &Proxy, known: usize) -> Vec<RecordedRequest> {
    proxy.requests().split_off(known)
}

fn body(request: &RecordedRequest) -> Value {
    serde_json::from_str(&request.body).unwrap()
}

#[tokio::test]
async fn each_request_makes_exactly_its_calls() {
    let (world, proxy) = proxied().await;
    let mut failures = Failures::default();
    for ((id, who, request, status, expected), user) in CALLS.into_iter().zip((1_001..).step_by(2)) {
        let check = async {
            let scene = Scene::new(&world, user, if who == "key3" { 3 } else { 4 }).await;
            let known = proxy.requests().len();
            scene.expect(who, request, status).await;
            let calls = since(&proxy, known);
            let operations: Vec<_> = calls.iter().map(|request| request.operation.as_str()).collect();
            assert_eq!(operations.join(" "), expected, "{id}");
            for request in &calls {
                assert_call(id, request);
            }
        };
        failures.check(id, check).await;
    }
    failures.assert_none();
}

/// Reads of the table are consistent, and every write has a condition.
fn assert_call(id: &str, request: &RecordedRequest) {
    let call = body(request);
    match request.operation.as_str() {
        "GetItem" => assert_eq!(call["ConsistentRead"], true, "{id}"),
        "BatchGetItem" => assert_eq!(call["RequestItems"]["apikeys"]["ConsistentRead"], true, "{id}"),
        "Query" => assert_eq!(call["IndexName"], "byUser", "{id}"),
        "UpdateItem" => {
            let condition = call["ConditionExpression"].as_str().unwrap();
            assert!(condition.contains("attribute_exists(#secretHash)"), "{id}: {condition}");
            assert_eq!(call["ReturnValuesOnConditionCheckFailure"], "ALL_OLD", "{id}");
        }
        "PutItem" => assert!(call["ConditionExpression"].as_str().unwrap().contains("attribute_not_exists"), "{id}"),
        _ => {
            for write in call["TransactItems"].as_array().unwrap() {
                let write = write.get("Put").or(write.get("Update")).unwrap();
                assert!(write["ConditionExpression"].is_string(), "{id}: {write}");
            }
        }
    }
}

#[tokio::test]
async fn a_forged_cursor_never_leaves_the_partition_of_the_caller() {
    let (world, proxy) = proxied().await;
    let scene = Scene::new(&world, 101, 4).await;
    for (who, request, user) in [
        ("token4", "GET /apikeys/jwt?cursor={cursor O}", "101"),
        ("token4", "GET /apikeys/jwt?cursor={cursor max}", "101"),
        ("key4", "GET /apikeys/key?cursor={cursor O}", "101"),
        ("token9", "GET /apikeys/jwt?cursor={cursor A}&userId={V}", "102"),
    ] {
        let known = proxy.requests().len();
        scene.expect(who, request, 200).await;
        let query = since(&proxy, known).into_iter().find(|request| request.operation == "Query").unwrap();
        let query = body(&query);
        assert_eq!(query["ExclusiveStartKey"]["userId"], json!({ "N": user }), "{request}");
        assert_eq!(query["ExpressionAttributeValues"], json!({ ":userId": { "N": user } }), "{request}");
    }
}

/// The caller, the request, the failing operation, which call of it fails, and the code.
const FAILURES: [(&str, &str, &str, usize, &str); 13] = [
    ("token4", "GET /apikeys/jwt", "Query", 1, "listApikeysFailed"),
    ("token4", "GET /apikeys/jwt", "BatchGetItem", 1, "listApikeysFailed"),
    ("key4", "GET /apikeys/key", "GetItem", 1, "listApikeysFailed"),
    ("key4", "GET /apikeys/key", "GetItem", 2, "listApikeysFailed"),
    ("token4", "GET /apikeys/{A}/jwt", "GetItem", 1, "readApikeyFailed"),
    ("token4", "GET /apikeys/{C}/jwt", "GetItem", 2, "readApikeyFailed"),
    ("key4", "GET /whoami/key", "GetItem", 1, "readApikeyFailed"),
    ("key4", "GET /whoami/key", "GetItem", 2, "readApikeyFailed"),
    ("key4", "DELETE /apikeys/{D}/key", "GetItem", 2, "removeApikeyFailed"),
    ("token4", "DELETE /apikeys/{D}/jwt", "UpdateItem", 1, "removeApikeyFailed"),
    ("token4", "DELETE /apikeys/{D}/jwt?chain=true", "GetItem", 1, "removeApikeyFailed"),
    ("token4", "DELETE /apikeys/{D}/jwt?chain=true", "TransactWriteItems", 1, "removeApikeyFailed"),
    ("key4", "POST /apikeys/key", "GetItem", 2, "createApikeyFailed"),
];

/// `ValidationException` is also what a table without the index answers.
#[tokio::test]
async fn a_failing_store_is_a_500_with_the_code_of_the_route() {
    let (world, proxy) = proxied().await;
    let scene = Scene::new(&world, 101, 4).await;
    let before = scene.items().await;
    for kind in ["ValidationException", "AccessDeniedException", "ResourceNotFoundException"] {
        for (who, request, operation, nth, code) in FAILURES {
            proxy.inject_at(operation, nth, Fault::dynamodb(400, kind));
            assert_refused(&scene.ask(who, request).await, 500, code, &format!("{request}: {operation} {nth}, {kind}"));
            proxy.heal();
        }
    }
    assert_eq!(scene.items().await, before);
}

#[tokio::test]
async fn a_transient_fault_is_retried_by_every_route() {
    let (world, proxy) = proxied().await;
    for fault in [Fault::dynamodb(500, "InternalServerError"), Fault::Reset] {
        for (who, request, operation, nth, _) in FAILURES {
            let scene = Scene::new(&world, 101, 4).await;
            proxy.inject_at(operation, nth, fault.clone());
            let status = match request.split(' ').next() {
                Some("GET") => 200,
                Some("DELETE") => 204,
                _ => 201,
            };
            scene.expect(who, request, status).await;
            proxy.heal();
        }
    }
}

#[tokio::test]
async fn a_revocation_whose_reply_is_lost_is_a_204_with_one_evidence() {
    let (world, proxy) = proxied().await;
    for (request, operation) in [("{D}/jwt", "UpdateItem"), ("{D}/jwt?chain=true", "TransactWriteItems")] {
        let scene = Scene::new(&world, 101, 4).await;
        let known = proxy.requests().len();
        proxy.inject_at(operation, 1, Fault::ApplyThenLose);
        scene.expect("token4", &format!("DELETE /apikeys/{request}"), 204).await;
        assert!(since(&proxy, known).iter().filter(|request| request.operation == operation).count() >= 2, "{request}");
        let item = scene.item("D").await.unwrap();
        assert_eq!(item["revokedBy"], super::text("jwt:101"), "{request}");
        scene.expect("keyD", "GET /whoami/key", 403).await;
        proxy.heal();
    }
}

/// What the store does not know is told before it is asked, and what the caller may not is not asked at all.
#[tokio::test]
async fn no_failure_of_the_store_hides_an_earlier_refusal() {
    let (world, proxy) = proxied().await;
    let scene = Scene::new(&world, 101, 4).await;
    proxy.always(Fault::dynamodb(400, "ValidationException"));
    for (who, request, status, code) in [
        ("tokenNone", "GET /apikeys/jwt", 401, "authenticationRequired"),
        ("tokenWrong", "GET /apikeys/{A}/jwt", 403, "authenticationFailed"),
        ("off9", "DELETE /apikeys/{A}/jwt", 403, "accountStatusLacking"),
        ("token4", "GET /apikeys/jwt?limit=0", 400, "limitInvalid"),
        ("token4", "DELETE /apikeys/{A}/jwt?chain=x", 400, "chainInvalid"),
        ("token4", "GET /apikeys/jwt?userId={V}", 403, "insufficientAccessLevel"),
        ("token4", "GET /apikeys/x/jwt", 404, "notFound"),
        ("token4", "DELETE /apikeys/x/jwt?chain=true", 404, "notFound"),
        ("key4", "GET /x", 404, "notFound"),
        ("keyNone", "GET /whoami/key", 401, "authenticationRequired"),
        ("key4", "GET /whoami/key", 500, "readApikeyFailed"),
    ] {
        assert_refused(&scene.ask(who, request).await, status, code, request);
    }
}
