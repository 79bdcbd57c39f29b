//! The matrix: each row is an attack or an unusual input, with its id in `tests/data/cases.tsv` or `neighbours.tsv`.
//!
//! The test checks the status, the body and every header of each answer, and for a 201 the record in the table.

mod authorization;
mod basic;
mod body;
mod fields;
mod neighbours;
mod rbac;
mod response;
mod token_claims;
mod token_form;
mod token_header;

use serde_json::Value;
use shared::domain::Timestamp;
use tests::event::{Request, Source};

use crate::failures::Failures;
use crate::support::{Answer, Endpoint, World, assert_refused};

/// A row for one endpoint.
pub(crate) struct Row {
    pub(crate) id: &'static str,
    what: String,
    endpoint: Endpoint,
    event: Value,
    /// The time at which the row is sent. The row's times are relative to it.
    at: Timestamp,
    expected: Expected,
}

impl Row {
    pub(crate) const fn event(&self) -> &Value {
        &self.event
    }

    pub(crate) const fn endpoint(&self) -> Endpoint {
        self.endpoint
    }
}

/// The expected answer to a row.
#[derive(Clone, Copy)]
pub(crate) enum Expected {
    /// A key of user 61, the usual user of the callers.
    Created,
    /// A key of this user.
    CreatedFor(u64),
    Refused(u64, &'static str),
    /// 405, with this `Allow`.
    NotAllowed(&'static str),
}

/// A method that `/apikeys/jwt` and `/apikeys/key` do not have.
const NOT_ALLOWED: Expected = Expected::NotAllowed("GET, POST");
/// The credential does not verify.
const FAILED: Expected = Expected::Refused(403, "authenticationFailed");
/// There is no credential.
const REQUIRED: Expected = Expected::Refused(401, "authenticationRequired");
const INVALID_BODY: Expected = Expected::Refused(400, "postBodyInvalid");

/// The rows of one group, which are all sent at the same time.
pub(crate) struct Rows {
    pub(crate) rows: Vec<Row>,
    at: Timestamp,
}

impl Rows {
    fn new() -> Self {
        Self { rows: Vec::new(), at: Timestamp::now() }
    }

    /// The time at which the rows are sent, in seconds.
    fn now(&self) -> i64 {
        i64::try_from(self.at.seconds()).unwrap()
    }

    /// Adds a row as an HTTP API event.
    fn add(
        &mut self,
        id: &'static str,
        what: impl Into<String>,
        endpoint: Endpoint,
        request: &Request,
        expected: Expected,
    ) {
        self.add_event(id, what, endpoint, request.event(Source::HttpApi), expected);
    }

    /// Adds a row as payload 2.0 and as payload 1.0, for cases about headers.
    fn add_twice(
        &mut self,
        id: &'static str,
        what: impl Into<String>,
        endpoint: Endpoint,
        request: &Request,
        expected: Expected,
    ) {
        let what = what.into();
        for source in [Source::HttpApi, Source::RestApi] {
            self.add_event(id, format!("{what}, {source:?}"), endpoint, request.event(source), expected);
        }
    }

    /// Adds a row as any event.
    fn add_event(
        &mut self,
        id: &'static str,
        what: impl Into<String>,
        endpoint: Endpoint,
        event: Value,
        expected: Expected,
    ) {
        self.rows.push(Row { id, what: what.into(), endpoint, event, at: self.at, expected });
    }
}

/// Sends every row, and fails with the ids of all rows that fail.
async fn assert_rows(world: &World, rows: Rows) {
    let mut failures = Failures::default();
    for row in &rows.rows {
        failures.check(row.id, assert_row(world, row)).await;
    }
    failures.assert_none();
}

async fn assert_row(world: &World, Row { id, what, endpoint, event, at, expected }: &Row) {
    let context = format!("{id} at {endpoint:?}: {what}");
    let answer = world.invoke_at(*endpoint, event, *at).await.unwrap_or_else(|code| panic!("{context}: {code}"));
    let owner = match expected {
        Expected::Created => 61,
        Expected::CreatedFor(user_id) => *user_id,
        Expected::Refused(status, code) => return assert_refused(&answer, *status, code, &context),
        Expected::NotAllowed(allow) => {
            assert_refused(&answer, 405, "methodNotAllowed", &context);
            return assert_eq!(answer.allow(), Some(*allow), "{context}");
        }
    };
    world.assert_created(&answer, &context).await;
    assert_eq!(answer.apikey("userId"), owner, "{context}");
    assert_as_asked(world, event, &answer, *at, &context).await;
}

/// Asserts that the name is unchanged byte for byte, that the level and the lifetime have the requested values, and
/// that other members, such as `userId` or `createdBy`, have no effect.
async fn assert_as_asked(world: &World, event: &Value, answer: &Answer, at: Timestamp, context: &str) {
    let item = world.dynamo.item(answer.apikey("key").as_str().unwrap()).await.unwrap();
    let number = |name: &str| item[name].as_n().unwrap().parse::<i64>().unwrap();
    let lineage = item["createdBy"].as_s().unwrap();
    assert!(lineage == "jwt" || lineage.starts_with("key:"), "{context}: {lineage}");
    assert!(number("chainExpiresAt") >= number("expiresAt"), "{context}");
    let created_at = Timestamp::from_millis(u64::try_from(number("createdAt")).unwrap() * 1_000);
    assert!((at.seconds()..=Timestamp::now().seconds()).contains(&created_at.seconds()), "{context}");
    let body = event["body"].as_str().unwrap_or_default();
    if let Ok(body) = serde_json::from_str::<Value>(body) {
        assert_eq!(answer.apikey("name"), body["name"], "{context}");
        assert_eq!(answer.apikey("level").as_f64(), body["level"].as_f64(), "{context}");
        let lifetime = number("expiresAt") - number("createdAt");
        let rounded_up = lifetime as f64 - body["expiresIn"].as_f64().unwrap();
        assert!((0.0..=1.0).contains(&rounded_up), "{context}: {lifetime} s");
    }
}

pub(crate) async fn all_rows(world: &World) -> Vec<Row> {
    [
        authorization::rows(world),
        token_form::rows(world),
        token_header::rows(world),
        token_claims::rows(world),
        basic::rows(world).await,
        body::rows(world),
        fields::rows(world),
        rbac::rows(world).await,
        response::rows(world),
        neighbours::rows(world).await,
    ]
    .into_iter()
    .flat_map(|rows| rows.rows)
    .collect()
}
