//! `make invoke`: sends one event file to the running functions with `cargo lambda invoke`.
//!
//! It prints any answer and the error code of a failed invocation; a missing answer is an error. DeliveredKey keys are
//! printed without their secrets.

use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use super::address::{GATEWAY_PORT, SECRETS};
use super::delivered::DeliveredKey;
use super::events::{EventFile, Source, fill_into_local};
use super::settings::Settings;
use crate::function::Function;
use crate::http;

pub(super) async fn run(settings: &Settings, function: Option<Function>, file: &Path) -> Result<(), String> {
    let file = EventFile::named(file)?;
    if function.is_some_and(|function| function != file.function) {
        return Err(format!("{} is an event for the other function", file.path.display()));
    }
    let path = fill_into_local(settings, &file).await?;
    let known = DeliveredKey::names(&SECRETS).await?;
    println!("{}", invoke(file.function, &path)?);
    if !matches!(file.source, Source::Http { .. }) {
        DeliveredKey::show_new(&SECRETS, &known).await?;
    }
    Ok(())
}

/// Sends any event. A failed invocation is an error.
pub(super) async fn send(function: Function, event: &Value) -> Result<Value, String> {
    let path = format!("/2015-03-31/functions/{}/invocations", function.name());
    let sent = http::send(GATEWAY_PORT, "POST", &path, &[], event.to_string()).await?;
    let no_answer = || format!("the function gave no answer: {}", sent.body);
    let answer: Value = serde_json::from_str(&sent.body).map_err(|_| no_answer())?;
    if sent.status == 200 {
        return Ok(answer);
    }
    Err(format!("the invocation fails with {}", answer["errorType"].as_str().ok_or_else(no_answer)?))
}

fn invoke(function: Function, path: &Path) -> Result<String, String> {
    let output = Command::new("cargo-lambda")
        .args(["lambda", "invoke", function.name(), "--invoke-address", "127.0.0.1"])
        .args(["--invoke-port", &GATEWAY_PORT.to_string(), "--output-format", "json", "--data-file"])
        .arg(path)
        .stdin(Stdio::null())
        .output()
        .map_err(|_| "cargo-lambda is missing: `make tools` fetches it".to_owned())?;
    if let Ok(answer) = serde_json::from_slice(&output.stdout) {
        return Ok(readable(&answer));
    }
    let errors = String::from_utf8_lossy(&output.stderr);
    error_code(&errors).map_or_else(
        || Err(format!("the function gave no answer: {errors}")),
        |code| Ok(format!("The invocation fails with {code}.")),
    )
}

/// The type of an invocation error, from the output of `cargo lambda invoke`.
fn error_code(errors: &str) -> Option<&str> {
    let code = errors.lines().next()?.strip_prefix("Error: ")?;
    code.bytes().all(|byte| byte.is_ascii_alphabetic()).then_some(code)
}

/// An HTTP answer as a client sees it; another answer unchanged.
pub(super) fn readable(answer: &Value) -> String {
    let (Some(status), Some(body)) = (answer["statusCode"].as_u64(), answer["body"].as_str()) else {
        return format!("{answer:#}");
    };
    let single = answer["headers"].as_object().into_iter().flatten();
    let multiple = answer["multiValueHeaders"].as_object().into_iter().flatten();
    let mut headers: Vec<String> =
        single.chain(multiple).map(|(name, value)| format!("{name}: {}", plain(value))).collect();
    headers.sort_unstable();
    headers.dedup();
    let body = serde_json::from_str::<Value>(body).map_or_else(|_| body.to_owned(), |body| format!("{body:#}"));
    format!("{status}\n{}\n\n{body}", headers.join("\n"))
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().map(plain).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_answer_is_shown_as_a_client_would_see_it() {
        let answer = json!({
            "statusCode": 401,
            "headers": { "www-authenticate": "Bearer" },
            "multiValueHeaders": { "www-authenticate": ["Bearer"], "allow": ["POST"] },
            "body": "{\"result\":\"error\"}",
        });
        assert_eq!(readable(&answer), "401\nallow: POST\nwww-authenticate: Bearer\n\n{\n  \"result\": \"error\"\n}");
    }

    #[test]
    fn an_invocation_error_is_identified_by_its_code() {
        assert_eq!(error_code("Error: invalidLevel\n\n  x invalidLevel\n"), Some("invalidLevel"));
        for errors in ["", "invalidLevel", "Error: error sending request for url\n"] {
            assert_eq!(error_code(errors), None, "{errors}");
        }
    }

    #[test]
    fn an_answer_to_another_source_is_shown_unchanged() {
        assert_eq!(readable(&json!({ "errorType": "x" })), "{\n  \"errorType\": \"x\"\n}");
    }
}
