//! Compares an answer with the name of its event file.

use serde_json::{Value, json};

use super::{EventFile, Outcome, Source};
use crate::function::Function;

impl EventFile {
    /// The function of `template.yaml` that the event's source invokes.
    #[must_use]
    pub const fn logical_name(&self) -> &'static str {
        match (self.function, self.source) {
            (function, Source::Http { .. }) => function.logical_name(),
            (Function::Jwt, Source::Authorizer) => "JwtAuthorizerFunction",
            (Function::Key, Source::Authorizer) => "KeyAuthorizerFunction",
            (Function::Jwt, _) => "JwtEventsFunction",
            (Function::Key, Source::Rotation) => "RotationFunction",
            (Function::Key, _) => "KeyEventsFunction",
        }
    }

    /// The number of secrets that the event delivers.
    #[must_use]
    pub fn deliveries(&self) -> usize {
        match (self.source, &self.outcome) {
            (Source::Http { .. }, _) | (_, Outcome::Listed | Outcome::Read | Outcome::Revoked) => 0,
            (_, Outcome::Created | Outcome::CreatedInPart) => 1,
            // The request before the refused one had the same id, and its key was delivered.
            (_, Outcome::Refused(code)) if code == "idempotencyKeyReused" => 1,
            (_, Outcome::Stepped(_) | Outcome::Admitted | Outcome::NotAdmitted | Outcome::Refused(_)) => 0,
        }
    }

    /// Compares an answer of Lambda's Invoke API with the file's name.
    ///
    /// # Errors
    ///
    /// Returns one line with the expected and the actual answer.
    pub fn check(&self, event: &Value, answer: &Value) -> Result<(), String> {
        let (is_expected, expected) = match (self.source, &self.outcome) {
            (Source::Http { status }, outcome) => {
                let expected = match outcome {
                    Outcome::Refused(code) => format!(r#"{status} with {{"result":"error","error":"{code}"}}"#),
                    Outcome::Listed => format!("{status} with keys"),
                    Outcome::Read => format!("{status} with a key without its secret"),
                    Outcome::Revoked => format!("{status} without a body"),
                    _ => format!("{status} with a key"),
                };
                (is_response(answer, status, outcome), expected)
            }
            (Source::Sqs, outcome) => {
                let expected = json!({ "batchItemFailures": failures(event, outcome) });
                (*answer == expected, expected.to_string())
            }
            (_, Outcome::Admitted) => (is_decision(answer, "Allow"), "that the caller is admitted".to_owned()),
            (_, Outcome::NotAdmitted) => (is_decision(answer, "Deny"), "that the caller is refused".to_owned()),
            (_, Outcome::Refused(code)) => (answer["errorType"] == **code, format!("the error {code}")),
            (Source::Direct, _) => (is_delivery(answer), "a key with secretArn and without secret".to_owned()),
            _ => (answer.is_null(), "null".to_owned()),
        };
        let line = || format!("{} promises {expected}, and the function answered {answer}", self.path.display());
        is_expected.then_some(()).ok_or_else(line)
    }
}

/// Whether an HTTP answer has the status and the body.
fn is_response(answer: &Value, status: u16, outcome: &Outcome) -> bool {
    let text = answer["body"].as_str().unwrap_or_default();
    let body: Value = serde_json::from_str(text).unwrap_or_default();
    let is_success = body["result"] == "success";
    let is_expected = match outcome {
        Outcome::Refused(code) => body == json!({ "result": "error", "error": code }),
        Outcome::Listed => is_success && body["apikeys"].as_array().is_some_and(|keys| keys.iter().all(is_metadata)),
        Outcome::Read => is_success && is_metadata(&body["apikey"]),
        Outcome::Revoked => text.is_empty(),
        _ => is_success && body["apikey"]["secret"].is_string(),
    };
    answer["statusCode"] == status && is_expected
}

/// Whether a key is shown without its secret.
fn is_metadata(key: &Value) -> bool {
    key["key"].is_string() && key["chain"].is_string() && key.get("secret").is_none()
}

/// Whether an authorizer answers with a policy of this effect, or the same in the simple form.
fn is_decision(answer: &Value, effect: &str) -> bool {
    let is_allowed = effect == "Allow";
    let is_effect =
        answer["policyDocument"]["Statement"][0]["Effect"] == effect || answer["isAuthorized"] == is_allowed;
    is_effect && answer["context"].is_object() == is_allowed
}

/// The messages that return to the queue: none, or the last one.
fn failures(event: &Value, outcome: &Outcome) -> Vec<Value> {
    let last = event["Records"].as_array().and_then(|records| records.last());
    let last = last.filter(|_| *outcome != Outcome::Created);
    last.map(|record| json!({ "itemIdentifier": record["messageId"] })).into_iter().collect()
}

fn is_delivery(answer: &Value) -> bool {
    let key = &answer["apikey"];
    answer["result"] == "success" && key["secretArn"].is_string() && key.get("secret").is_none()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn check(name: &str, answer: &Value) -> Result<(), String> {
        let event = json!({ "Records": [{ "messageId": "a" }, { "messageId": "b" }] });
        EventFile::named(Path::new(&format!("{name}.json"))).unwrap().check(&event, answer)
    }

    fn response(status: u16, body: &Value) -> Value {
        json!({ "statusCode": status, "body": body.to_string() })
    }

    #[test]
    fn an_event_goes_to_the_function_of_its_source() {
        for (name, function) in [
            ("jwt-405-method-not-allowed", "JwtFunction"),
            ("key-201-alb", "KeyFunction"),
            ("key-204-revoke-http-api", "KeyFunction"),
            ("jwt-direct-created", "JwtEventsFunction"),
            ("jwt-rotation-unknown-event", "JwtEventsFunction"),
            ("key-sqs-created", "KeyEventsFunction"),
            ("key-rotation-set-secret", "RotationFunction"),
            ("jwt-authorizer-admitted-token", "JwtAuthorizerFunction"),
            ("key-authorizer-authorize-failed", "KeyAuthorizerFunction"),
        ] {
            let file = EventFile::named(Path::new(&format!("{name}.json"))).unwrap();
            assert_eq!(file.logical_name(), function, "{name}");
        }
    }

    #[test]
    fn only_the_answer_of_the_file_name_passes() {
        let key = json!({ "result": "success", "apikey": { "secret": "x" } });
        let read = json!({ "result": "success", "apikey": { "key": "x", "chain": "x" } });
        let listed = json!({ "result": "success", "apikeys": [{ "key": "x", "chain": "x" }] });
        let delivered = json!({ "result": "success", "apikey": { "secretArn": "x" } });
        let refused = json!({ "result": "error", "error": "invalidLevel" });
        let error = json!({ "errorType": "invalidLevel", "errorMessage": "invalidLevel" });
        let none = json!({ "batchItemFailures": [] });
        let last = json!({ "batchItemFailures": [{ "itemIdentifier": "b" }] });
        let answers = [
            ("jwt-201-http-api", response(201, &key)),
            ("jwt-200-list-alb", response(200, &listed)),
            ("jwt-200-read-alb", response(200, &read)),
            ("jwt-204-revoke-alb", json!({ "statusCode": 204, "body": "" })),
            ("jwt-400-invalid-level", response(400, &refused)),
            ("key-direct-created", delivered),
            ("key-direct-invalid-level", error),
            ("key-sqs-created", none),
            ("key-sqs-invalid-level", last),
            ("key-sns-created", Value::Null),
            ("key-authorizer-admitted-http-api", json!({ "isAuthorized": true, "context": {} })),
            ("jwt-authorizer-refused-token", json!({ "policyDocument": { "Statement": [{ "Effect": "Deny" }] } })),
        ];
        for (name, _) in &answers {
            for (other, answer) in &answers {
                assert_eq!(check(name, answer).is_ok(), name == other, "{name}: {answer}");
            }
        }
        let started = json!({ "errorType": "Runtime.ExitError" });
        assert!(answers.iter().all(|(name, _)| check(name, &started).is_err()));
    }
}
