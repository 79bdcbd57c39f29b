//! One row of `tests/data/idempotency.tsv`: id, function, first attempt, change, second attempt, expected result.
//!
//! An attempt is a list of differences from the default (`who=other; at=end`), or `-`. Rows share no idempotency key.
//!
//! | Setting | Value |
//! |---|---|
//! | `who` | a caller of [`super::callers`] |
//! | `value` | `Idempotency-Key`; `{v}` is the row's, `{V}` in upper case, `{w}` another, `{7}` a UUIDv7, `-` none |
//! | `header` | the spelling of the header's name |
//! | `twice` | the value of a second header |
//! | `body` | the body; by default `{"name":"x","level":4,"expiresIn":3600}` |
//! | `type` | the `Content-Type`; `-` for none |
//! | `at` | seconds after the start; `end`, `end-1` ... are relative to the end of the stored answer |
//! | `via` | `http`, `rest`, `alb`, `base64` or `direct` |
//! | `answer` | the expected answer to the first attempt; by default `created` |

use serde_json::{Value, json};
use tests::event::{Request, Source};

use crate::support::Endpoint;

const ROWS: &str = include_str!("../../data/idempotency.tsv");

/// Two attempts, and the expected answer to the second.
pub(super) struct Row {
    pub(super) id: &'static str,
    pub(super) first: Try,
    pub(super) between: &'static str,
    pub(super) second: Try,
    pub(super) expected: &'static str,
    /// The expected number of new keys in the table at the end.
    pub(super) records: usize,
    number: usize,
}

/// One request.
#[derive(Clone)]
pub(super) struct Try {
    pub(super) who: &'static str,
    pub(super) at: &'static str,
    pub(super) via: &'static str,
    pub(super) answer: &'static str,
    value: &'static str,
    header: &'static str,
    twice: Option<&'static str>,
    body: &'static str,
    content_type: &'static str,
}

impl Row {
    pub(super) fn all() -> Vec<Self> {
        ROWS.lines().skip(1).enumerate().map(|(number, line)| Self::read(number, line)).collect()
    }

    fn read(number: usize, line: &'static str) -> Self {
        let columns: Vec<&str> = line.split('\t').collect();
        let [id, function, first, between, second, expected, records, _note] = columns[..] else {
            panic!("eight columns: {line}");
        };
        let who = if function == "jwt" { "user" } else { "caller" };
        let records = records.parse().unwrap_or_else(|_| panic!("{line}"));
        let [first, second] = [first, second].map(|tried| Try::read(tried, who));
        Self { id, first, between, second, expected, records, number }
    }

    /// The row's idempotency key.
    pub(super) fn value(&self) -> String {
        format!("abcdef00-0000-4000-8000-{:012}", self.number)
    }
}

impl Try {
    fn read(text: &'static str, who: &'static str) -> Self {
        let mut tried = Self {
            who,
            at: "0",
            via: "http",
            answer: "created",
            value: "{v}",
            header: "Idempotency-Key",
            twice: None,
            body: r#"{"name":"x","level":4,"expiresIn":3600}"#,
            content_type: "application/json",
        };
        for (name, value) in text.split("; ").filter(|part| *part != "-").map(|part| part.split_once('=').expect(text))
        {
            match name {
                "who" => tried.who = value,
                "at" => tried.at = value,
                "via" => tried.via = value,
                "answer" => tried.answer = value,
                "value" => tried.value = value,
                "header" => tried.header = value,
                "twice" => tried.twice = Some(value),
                "body" => tried.body = value,
                "type" => tried.content_type = value,
                _ => panic!("{text}"),
            }
        }
        tried
    }

    /// The same attempt at another time.
    pub(super) fn at(&self, at: &'static str) -> Self {
        Self { at, ..self.clone() }
    }

    /// The same attempt with another idempotency key.
    pub(super) fn with_value(&self, value: &'static str) -> Self {
        Self { value, ..self.clone() }
    }

    /// The key function for callers that are keys, the jwt function for all others.
    pub(super) fn endpoint(&self) -> Endpoint {
        if matches!(self.who, "caller" | "sibling" | "stranger" | "created") { Endpoint::Key } else { Endpoint::Jwt }
    }

    /// The event of the attempt, with the row's idempotency key.
    pub(super) fn event(&self, value: &str, authorization: Option<&str>) -> Value {
        let fill = |text: &str| {
            let text = text.replace("{V}", &value.to_uppercase()).replace("{w}", &value.replace("8000", "9000"));
            text.replace("{7}", &value.replace("4000", "7000")).replace("{v}", value)
        };
        if self.via == "direct" {
            let mut event: Value = serde_json::from_str(self.body).unwrap();
            event["authorization"] = json!(authorization);
            if self.value != "-" {
                event["idempotencyKey"] = fill(self.value).into();
            }
            return event;
        }
        let mut request = Request::new("POST", self.endpoint().path());
        request = if self.via == "base64" { request.binary_body(self.body) } else { request.body(self.body) };
        let once = (self.value != "-").then(|| fill(self.value));
        let headers = [
            ("Authorization", authorization.map(str::to_owned)),
            ("Content-Type", (self.content_type != "-").then(|| self.content_type.to_owned())),
            (self.header, once),
            (self.header, self.twice.map(fill)),
        ];
        for (name, value) in headers {
            request = value.iter().fold(request, |request, value| request.header(name, value));
        }
        request.event(match self.via {
            "http" | "base64" => Source::HttpApi,
            "rest" => Source::RestApi,
            "alb" => Source::Alb,
            via => panic!("unknown source: {via}"),
        })
    }
}
