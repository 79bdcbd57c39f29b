//! One row of `tests/data/authorizer.tsv`: id, functions, kinds, configuration, credential, change, expected answer,
//! note.
//!
//! A row with several functions (`jwt,key`), kinds (`token,rest-api`, `all`) or credentials holds for each combination.
//! [`super::scene::Scene`] explains the credentials. The configuration is a list of environment variables without their
//! prefix `AUTHORIZER_` (`MIN_LEVEL=4 RESPONSE=policy`).
//!
//! The change is a JSON merge patch (RFC 7396) of the event. In it, `{value}` is the `Authorization`, `{other}` that of
//! another caller, and `{huge}` a text of 100,000 characters.
//!
//! | Expected | |
//! |---|---|
//! | `admitted`, `admitted ARN` | the caller is admitted, to the stage of this ARN |
//! | `refused`, `refused ARN` | the caller is refused |
//! | `error unknownEvent` | an invocation error with this code |

use serde_json::Value;
use tests::event::{AuthorizerKind, Request, STAGE_ARN};

use super::scene::{Credential, Scene};
use crate::support::Endpoint;

const ROWS: &str = include_str!("../../data/authorizer.tsv");

pub(super) enum Expected {
    /// With the ARN of the stage.
    Admitted(String),
    /// With the ARN of the stage.
    Refused(String),
    /// With the code of the invocation error.
    Failed(&'static str),
}

impl Expected {
    fn read(text: &'static str) -> Self {
        let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
        let stage = || if rest.is_empty() { STAGE_ARN.to_owned() } else { rest.to_owned() };
        match word {
            "admitted" => Self::Admitted(stage()),
            "refused" => Self::Refused(stage()),
            "error" => Self::Failed(rest),
            _ => panic!("no expected answer {text}"),
        }
    }
}

pub(super) struct Row {
    pub(super) id: &'static str,
    pub(super) endpoint: Endpoint,
    pub(super) kind: AuthorizerKind,
    pub(super) config: &'static str,
    pub(super) credential: &'static str,
    change: &'static str,
    pub(super) expected: Expected,
}

impl Row {
    /// Every combination of every row, ordered by configuration.
    pub(super) fn all() -> Vec<Self> {
        let mut rows: Vec<Self> = ROWS.lines().skip(1).flat_map(Self::read).collect();
        rows.sort_by_key(|row| row.config);
        rows
    }

    fn read(line: &'static str) -> Vec<Self> {
        let columns: Vec<&str> = line.split('\t').collect();
        let [id, functions, kinds, config, credentials, change, expected, _note] = columns[..] else {
            panic!("eight columns: {line}");
        };
        let kinds = match kinds {
            "all" => AuthorizerKind::ALL.to_vec(),
            kinds => kinds.split(',').map(|kind| AuthorizerKind::named(kind).expect(id)).collect(),
        };
        let mut rows = Vec::new();
        for endpoint in functions.split(',').map(|name| Endpoint::named(name).expect(id)) {
            for kind in kinds.iter().copied() {
                rows.extend(credentials.split(',').map(|credential| {
                    let expected = Expected::read(expected);
                    Self { id, endpoint, kind, config, credential, change, expected }
                }));
            }
        }
        rows
    }

    pub(super) fn ids() -> impl Iterator<Item = &'static str> {
        ROWS.lines().skip(1).filter_map(|line| line.split('\t').next())
    }

    /// Whether the answer has the simple form.
    pub(super) fn is_simple(&self) -> bool {
        self.kind == AuthorizerKind::HttpApi && !self.config.contains("RESPONSE=policy")
    }

    pub(super) fn event(&self, scene: &Scene, credential: &Credential) -> Value {
        let values = credential.values.iter();
        let request = Request::new("GET", "/orders/1").query("page", "2");
        let request = values.fold(request, |request, value| request.header("Authorization", value));
        let mut event = request.authorizer_event(self.kind);
        if self.change != "-" {
            let value = credential.values.first().map(String::as_str).unwrap_or_default();
            let change = self
                .change
                .replace("{value}", value)
                .replace("{other}", &scene.other)
                .replace("{huge}", &"x".repeat(100_000));
            merge(&mut event, &serde_json::from_str(&change).unwrap_or_else(|error| panic!("{}: {error}", self.id)));
        }
        event
    }
}

/// Applies a JSON merge patch. RFC 7396 section 2.
fn merge(target: &mut Value, patch: &Value) {
    let Some(members) = patch.as_object() else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(serde_json::Map::new());
    }
    let object = target.as_object_mut().unwrap();
    for (name, value) in members {
        if value.is_null() {
            object.remove(name);
        } else {
            merge(object.entry(name.clone()).or_insert(Value::Null), value);
        }
    }
}
