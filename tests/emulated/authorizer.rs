//! Lambda authorizer events, sent to the built programs: the answers and the log.

use serde_json::{Value, json};
use tests::event::{AuthorizerKind, Request, STAGE_ARN};
use tests::fault::Proxy;
use tests::function::Function;
use tests::stored_key::StoredKey;
use tests::token::Claims;

use crate::logs::{LINE, requests};
use crate::support::Stage;

/// The event of a kind with one `Authorization`.
fn event(kind: AuthorizerKind, authorization: &str) -> Value {
    Request::new("GET", "/orders").header("Authorization", authorization).authorizer_event(kind)
}

#[tokio::test]
async fn the_programs_admit_and_refuse_callers_of_every_kind_of_api() {
    let stage = Stage::new().await;
    let key = StoredKey::new();
    stage.dynamo.put_item(key.item.clone()).await;
    let callers = [
        (Function::Jwt, stage.bearer(&Claims::new()), "jwt:61".to_owned()),
        (Function::Key, key.authorization(), format!("key:{}", key.key)),
    ];
    for (function, authorization, principal_id) in callers {
        let emulator = stage.start(function, &[]).await;
        for kind in AuthorizerKind::ALL {
            let admitted = emulator.invoke(&event(kind, &authorization)).await;
            let refused = emulator.invoke(&event(kind, &authorization[..authorization.len() - 4])).await;
            assert_eq!(admitted["context"]["userId"], "61", "{kind:?}: {admitted}");
            if kind == AuthorizerKind::HttpApi {
                assert_eq!(admitted["isAuthorized"], true, "{admitted}");
                assert_eq!(refused, json!({ "isAuthorized": false }));
                continue;
            }
            assert_eq!(admitted["principalId"], principal_id, "{admitted}");
            for (answer, effect) in [(admitted, "Allow"), (refused, "Deny")] {
                let statement = &answer["policyDocument"]["Statement"][0];
                let resource = format!("{STAGE_ARN}/*");
                assert_eq!(
                    (&statement["Effect"], &statement["Resource"]),
                    (&effect.into(), &resource.into()),
                    "{answer}"
                );
            }
        }
    }
}

#[tokio::test]
async fn an_authorization_is_one_line_with_its_outcome() {
    let stage = Stage::new().await;
    let proxy = Proxy::to(stage.dynamo.port()).await;
    let [good, weak, wrong] = [StoredKey::new(), StoredKey::new().level(3), StoredKey::new()];
    for key in [&good, &weak] {
        stage.dynamo.put_item(key.item.clone()).await;
    }
    let variables = [("AUTHORIZER_MIN_LEVEL", "4"), ("AWS_ENDPOINT_URL_DYNAMODB", &*proxy.endpoint())];
    let emulator = stage.start(Function::Key, &variables).await;
    let mut by_address = event(AuthorizerKind::HttpApi, &good.authorization());
    by_address["identitySource"] = json!(["192.0.2.61"]);
    let no_arn = json!({ "type": "TOKEN", "authorizationToken": good.authorization(), "methodArn": "x" });
    let key = AuthorizerKind::RestApi;
    let cases = [
        (event(key, &good.authorization()), "authorizer", "admitted", "INFO", None, Some(&good)),
        (event(key, &weak.authorization()), "authorizer", "insufficientAccessLevel", "INFO", None, Some(&weak)),
        (event(key, &wrong.authorization()), "authorizer", "authenticationFailed", "INFO", Some("keyUnknown"), None),
        (event(key, ""), "authorizer", "authenticationRequired", "INFO", None, None),
        // The API would cache one caller's answer for all callers from an address.
        (by_address, "authorizer", "authenticationFailed", "WARN", Some("identitySourceWrong"), None),
        (no_arn, "unknown", "unknownEvent", "WARN", None, None),
    ];
    for (event, ..) in &cases {
        emulator.invoke(event).await;
    }
    proxy.refuse().await;
    assert_eq!(emulator.invoke(&cases[0].0).await["errorType"], "authorizeFailed");
    emulator.written(LINE, cases.len() + 1).await;
    let written = requests(&emulator);
    for (line, (_, source, outcome, level, reason, caller)) in written.iter().zip(&cases) {
        assert_eq!((&line["source"], &line["outcome"]), (&(*source).into(), &(*outcome).into()), "{line}");
        assert_eq!((&line["level"], line["reason"].as_str()), (&(*level).into(), *reason), "{line}");
        assert_eq!(line["caller"].as_str(), caller.map(|key| format!("key:{}", key.key)).as_deref(), "{line}");
        assert_eq!(line["userId"].as_u64(), caller.map(|_| 61), "{line}");
        assert_eq!(line.get("status"), None, "{line}");
    }
    let fault = &written[cases.len()];
    assert_eq!((&fault["outcome"], &fault["level"]), (&"authorizeFailed".into(), &"ERROR".into()), "{fault}");
    assert_eq!(written.len(), cases.len() + 1);
}
