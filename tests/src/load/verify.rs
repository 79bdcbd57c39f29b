//! Uses every key at the end, and compares the list with the answers.

use std::collections::HashSet;

use futures_util::future::try_join_all;

use super::Results;
use super::api::{self, Api, ApiKey, Caller};
use crate::event::Request;
use crate::function::Function;

/// How many of the valid keys are also used with a wrong secret, and to create a key.
const SAMPLE: usize = 100;

/// Authenticates with every key, spread over all programs. Returns the number of keys that did as expected.
pub(super) async fn use_keys(api: &Api, keys: &[&ApiKey], valid: bool, results: &mut Results) -> Result<usize, String> {
    let programs = api.programs();
    let passes = (0..programs).map(|number| async move {
        let mut wrong = Vec::new();
        for key in keys.iter().skip(number).step_by(programs) {
            if api.authenticates(key, number).await? != Some(valid) {
                let expected = if valid { "valid" } else { "revoked" };
                wrong.push(format!("{} is not {expected}, according to whoami", key.key));
            }
        }
        Ok::<_, String>(wrong)
    });
    let wrong: Vec<String> = try_join_all(passes).await?.into_iter().flatten().collect();
    let right = keys.len() - wrong.len();
    results.wrong.extend(wrong);
    Ok(right)
}

/// A key of level 3 may create no key; with another secret it does not authenticate.
pub(super) async fn misuse_keys(api: &Api, weak: &[&ApiKey], results: &mut Results) -> Result<(), String> {
    for key in weak.iter().step_by((weak.len() / SAMPLE).max(1)) {
        let wrong = ApiKey { secret: "0".repeat(key.secret.len()), ..(*key).clone() };
        for (key, expected) in [(*key, "insufficientAccessLevel"), (&wrong, "authenticationFailed")] {
            let request = api::creation(Function::Key, "used", 3);
            let (status, body) = api.send(Caller::Key(key), 0, &request).await?;
            if status != 403 || body["error"] != expected {
                results.wrong.push(format!("{} is answered with {status} {body}, not with {expected}", key.key));
            }
        }
    }
    Ok(())
}

/// The list has every key that is neither revoked nor of a revoked chain, once, and no other.
pub(super) async fn compare_list(api: &Api, expected: &HashSet<String>, results: &mut Results) -> Result<(), String> {
    let (mut listed, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let request = Request::new("GET", Function::Jwt.path()).query("limit", "100");
        let request = cursor.iter().fold(request, |request, cursor| request.query("cursor", cursor));
        let (status, body) = api.send(Caller::Token, 0, &request).await?;
        let Some(page) = body["apikeys"].as_array().filter(|_| status == 200) else {
            return Err(format!("the list: {status} {body}"));
        };
        listed.extend(page.iter().filter_map(|key| key["key"].as_str()).map(str::to_owned));
        cursor = body["cursor"].as_str().map(str::to_owned);
        if cursor.is_none() {
            break;
        }
    }
    let distinct: HashSet<&String> = listed.iter().collect();
    let missing = expected.iter().filter(|key| !distinct.contains(key)).map(|key| format!("{key} is not in the list"));
    let surplus = distinct.iter().filter(|key| !expected.contains(**key)).map(|key| format!("{key} is in the list"));
    results.wrong.extend(missing.chain(surplus));
    if distinct.len() != listed.len() {
        results.wrong.push("the list has a key twice".to_owned());
    }
    Ok(())
}
