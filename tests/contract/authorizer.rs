//! The Lambda authorizers of API Gateway.
//!
//! Each row of `tests/data/authorizer.tsv` is sent to a function. The test checks the whole answer, and that the table
//! does not change. The other modules test what one event cannot show.

mod calls;
mod row;
mod scene;

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::failures::Failures;
use crate::support::Endpoint;
use row::{Expected, Row};
use scene::{Credential, Scene};

/// The least number of rows.
const ROWS: usize = 80;

#[tokio::test]
async fn every_authorizer_event_gets_its_answer_and_changes_nothing() {
    let mut failures = Failures::default();
    let rows = Row::all();
    for rows in rows.chunk_by(|row, next| row.config == next.config) {
        let scene = Scene::with(rows[0].config).await;
        let before = scene.items().await;
        for row in rows {
            let name = format!("{} {} {}", row.id, row.endpoint.name(), row.kind.name());
            failures.check(&name, assert_answer(&scene, row)).await;
        }
        failures.check(rows[0].id, async { assert_eq!(scene.items().await, before) }).await;
    }
    failures.assert_none();
}

async fn assert_answer(scene: &Scene, row: &Row) {
    let credential = scene.credential(row.endpoint, row.credential);
    let answer = scene.invoke(row.endpoint, &row.event(scene, &credential)).await;
    match &row.expected {
        Expected::Admitted(stage) if row.is_simple() => {
            assert_eq!(stage, tests::event::STAGE_ARN, "a simple answer has no ARN");
            assert_eq!(answer, Ok(json!({ "isAuthorized": true, "context": context(&credential) })));
        }
        Expected::Admitted(stage) => {
            let mut expected = policy("Allow", &credential.principal_id, stage);
            expected["context"] = context(&credential);
            assert_eq!(answer, Ok(expected));
        }
        Expected::Refused(_) if row.is_simple() => assert_eq!(answer, Ok(json!({ "isAuthorized": false }))),
        Expected::Refused(stage) => assert_eq!(answer, Ok(policy("Deny", "refused", stage))),
        Expected::Failed(code) => assert_eq!(answer, Err(*code)),
    }
}

fn policy(effect: &str, principal_id: &str, stage: &str) -> Value {
    let statement = json!({ "Action": "execute-api:Invoke", "Effect": effect, "Resource": format!("{stage}/*") });
    let document = json!({ "Version": "2012-10-17", "Statement": [statement] });
    json!({ "principalId": principal_id, "policyDocument": document })
}

fn context(credential: &Credential) -> Value {
    let mut context = json!({
        "userId": "61",
        "level": credential.level.to_string(),
        "credential": "jwt",
        "expiresAt": credential.expires_at.to_string(),
    });
    if let Some(key_id) = &credential.key_id {
        context["credential"] = "key".into();
        context["keyId"] = key_id.as_str().into();
    }
    context
}

#[test]
fn each_row_has_its_own_id() {
    let ids: Vec<_> = Row::ids().collect();
    assert!(ids.len() >= ROWS, "{} rows", ids.len());
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len());
}

#[tokio::test]
async fn both_functions_admit_and_refuse_every_kind_of_event() {
    let admitted = |row: &Row| matches!(row.expected, Expected::Admitted(_));
    for endpoint in Endpoint::ALL {
        for kind in tests::event::AuthorizerKind::ALL {
            let rows: Vec<_> =
                Row::all().into_iter().filter(|row| row.endpoint == endpoint && row.kind == kind).collect();
            assert!(rows.iter().any(admitted) && !rows.iter().all(admitted), "{endpoint:?} {kind:?}");
        }
    }
}
