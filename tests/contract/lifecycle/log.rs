//! The log line of each route.
//!
//! The log goes to the standard output, so a test runs the requests in another process.

use std::process::Command;

use serde_json::Value;
use tests::host;

use super::scene::{ROLES, Scene};
use crate::support::World;

const REQUESTS: &str = "lifecycle::log::every_outcome_is_logged";

/// Marks the lines that name the expected members, for the reading process.
const EXPECTED: &str = "expected ";

/// Caller, request, outcome, class, status, reason, and the key that is named as `keyId` or as `presentedKey`.
type Line = (&'static str, &'static str, &'static str, &'static str, u64, &'static str, &'static str, &'static str);

const LINES: [Line; 23] = [
    ("token4", "GET /apikeys/jwt", "listed", "success", 200, "", "", ""),
    ("key4", "GET /apikeys/key", "listed", "success", 200, "", "", ""),
    ("token9", "GET /apikeys/jwt?userId={V}", "listed", "success", 200, "", "", ""),
    ("token4", "GET /apikeys/{C}/jwt", "read", "success", 200, "", "C", ""),
    ("token9", "GET /apikeys/{O}/jwt", "read", "success", 200, "", "O", ""),
    ("key4", "GET /whoami/key", "read", "success", 200, "", "C", ""),
    ("token4", "GET /apikeys/{O}/jwt", "notFound", "refused", 404, "keyOutOfReach", "", "O"),
    ("token4", "GET /apikeys/{N}/jwt", "notFound", "refused", 404, "keyUnknown", "", "N"),
    ("token4", "GET /apikeys/{X}/jwt", "notFound", "refused", 404, "keyExpired", "", "X"),
    ("token4", "GET /apikeys/{R}/jwt", "notFound", "refused", 404, "keyRevoked", "", "R"),
    ("token4", "GET /apikeys/{F}/jwt", "notFound", "refused", 404, "chainRevoked", "", "F"),
    ("token4", "GET /apikeys/{A|upper}/jwt", "notFound", "refused", 404, "keyIdMalformed", "", ""),
    ("token4", "GET /apikeys/{DL}/jwt", "readApikeyFailed", "fault", 500, "recordDamaged", "", "DL"),
    ("token4", "GET /apikeys/jwt?limit=0", "limitInvalid", "refused", 400, "", "", ""),
    ("token4", "DELETE /apikeys/{O}/jwt", "notFound", "refused", 404, "keyOutOfReach", "", "O"),
    ("token4", "DELETE /apikeys/{N}/jwt", "notFound", "refused", 404, "keyUnknown", "", "N"),
    ("key4", "DELETE /apikeys/{C}/key?chain=true", "insufficientAccessLevel", "refused", 403, "", "", ""),
    ("key4", "DELETE /apikeys/{D}/key", "revoked", "success", 204, "", "D", ""),
    ("token4", "DELETE /apikeys/{D}/jwt", "alreadyRevoked", "success", 204, "", "D", ""),
    ("token9", "DELETE /apikeys/{O}/jwt", "revoked", "success", 204, "", "O", ""),
    ("token4", "DELETE /apikeys/{G}/jwt?chain=true", "chainRevoked", "success", 204, "", "G", ""),
    ("key4", "GET /whoami/key", "authenticationFailed", "refused", 403, "chainRevoked", "", "C"),
    ("keyD", "GET /whoami/key", "authenticationFailed", "refused", 403, "keyRevoked", "", "D"),
];

/// Sends the requests. In the process of the test below, it prints the expected line after each request's own.
#[tokio::test]
async fn every_outcome_is_logged() {
    let level = host::variable("APIKEYS_CONTRACT_LOG_LEVEL").unwrap_or_else(|| "ERROR".to_owned());
    let world = World::with(&[("ROLE_LEVELS", ROLES), ("LOG_LEVEL", &level)]).await;
    let scene = Scene::new(&world, 101, 4).await;
    for (who, request, outcome, class, status, reason, key_id, presented_key) in LINES {
        scene.expect(who, request, status).await;
        let id = |name: &str| if name.is_empty() { Value::Null } else { scene.key(name).key.as_str().into() };
        let text = |text: &str| if text.is_empty() { Value::Null } else { text.into() };
        let is_authenticated = outcome != "authenticationFailed";
        let caller = scene.caller(who);
        // A token is named by its user alone.
        let named = if who.starts_with("key") { caller.scope } else { "jwt".to_owned() };
        let expected = serde_json::json!({
            "outcome": outcome,
            "outcomeClass": class,
            "status": status,
            "reason": text(reason),
            "keyId": id(key_id),
            "presentedKey": id(presented_key),
            "chain": if status == 204 && request.ends_with("chain=true") { id("P") } else { Value::Null },
            "userId": if is_authenticated { Value::from(scene.user) } else { Value::Null },
            "caller": if is_authenticated { Value::from(named) } else { Value::Null },
            "secrets": [caller.authorization, scene.key("C").secret],
        });
        println!("{EXPECTED}{expected}");
    }
}

#[test]
fn a_line_names_the_outcome_the_key_and_the_caller_and_nothing_secret() {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([REQUESTS, "--exact", "--nocapture"]).env("APIKEYS_CONTRACT_LOG_LEVEL", "INFO");
    let output = command.output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{text}");
    let json = |line: &str| serde_json::from_str::<Value>(line).ok();
    let is_request = |line: &Value| line["message"] == "request";
    let logged: Vec<&str> = text.lines().filter(|line| json(line).is_some_and(|line| is_request(&line))).collect();
    let expected: Vec<Value> = text.lines().filter_map(|line| line.strip_prefix(EXPECTED)).filter_map(json).collect();
    assert_eq!((logged.len(), expected.len()), (LINES.len(), LINES.len()), "{text}");
    for ((line, expected), (who, request, ..)) in logged.iter().zip(&expected).zip(LINES) {
        let logged = json(line).unwrap();
        for (member, value) in expected.as_object().unwrap() {
            if member != "secrets" {
                assert_eq!(logged.get(member).unwrap_or(&Value::Null), value, "{member}: {request} by {who}: {line}");
            }
        }
        for secret in expected["secrets"].as_array().unwrap() {
            let secret = secret.as_str().unwrap();
            let bare = secret.rsplit(' ').next().unwrap();
            assert!(!line.contains(bare), "{request} by {who}");
        }
        assert!(!line.contains("Bearer") && !line.contains("Basic") && !line.contains("fence#"), "{line}");
    }
    // A damaged item in a list is a line of its own, with the id of the key.
    let damaged =
        text.lines().filter_map(json).filter(|line| line["message"] == "the record of a key is damaged").count();
    assert!(damaged >= 3, "{text}");
}
