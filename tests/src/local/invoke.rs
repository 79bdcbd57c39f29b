//! `make invoke-jwt` and `make invoke-key`: one event file, sent to the running functions with `cargo lambda invoke`.
//!
//! The answer is shown whatever its status; only an answer that isn't one is an error.

use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use super::address::GATEWAY_PORT;
use super::events::{EventFile, fill_into_local};
use super::settings::Settings;
use crate::function::Function;

pub(super) async fn run(settings: &Settings, function: Function, file: &Path) -> Result<(), String> {
    let file = EventFile::named(file)?;
    if file.function != function {
        return Err(format!("{} is an event for the other function", file.path.display()));
    }
    let path = fill_into_local(settings, &file).await?;
    let output = Command::new("cargo-lambda")
        .args(["lambda", "invoke", function.name(), "--invoke-address", "127.0.0.1"])
        .args(["--invoke-port", &GATEWAY_PORT.to_string(), "--output-format", "json", "--data-file"])
        .arg(&path)
        .stderr(Stdio::inherit())
        .output()
        .map_err(|_| "cargo-lambda is missing: `make tools` fetches it".to_owned())?;
    let text = String::from_utf8_lossy(&output.stdout);
    let answer = serde_json::from_str(&text).map_err(|_| format!("the function gave no answer: {text}"))?;
    println!("{}", readable(&answer));
    Ok(())
}

/// An answer to a gateway as a client would see it.
fn readable(answer: &Value) -> String {
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
    fn an_answer_to_anything_but_a_gateway_is_shown_as_it_is() {
        assert_eq!(readable(&json!({ "errorType": "x" })), "{\n  \"errorType\": \"x\"\n}");
    }
}
