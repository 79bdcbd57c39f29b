//! One row of `tests/data/events.tsv`: id, group, function, source, deployment, event id, request, expected result.
//!
//! The rows of a group have the same event id, idempotency key and destination. A row whose group is `-` has its own. A
//! request can contain placeholders:
//!
//! | | |
//! |---|---|
//! | `<ask>` | `name` (the row's scope), `level` 3 and `expiresIn` 3600 |
//! | `<to>`, `<once>`, `<uuid>` | `deliverTo` and `idempotencyKey` of the scope |
//! | `<bearer...>`, `<basic...>` | `authorization` with a value of `Deployment::credential` |
//! | `<x:N>`, `<[:N>` | a character, repeated N times; N nested arrays |
//! | `<pad:N>` | a member that makes the request N bytes long |
//! | `<message>`, `<bom>` | the row's message id; a byte order mark |
//!
//! `>` separates nested sources, the outermost first. With `payload`, the request is the whole payload.

use crate::site::{Source, event, in_event, in_notification, in_topic, message, notification, queue, topic};
use crate::support::Endpoint;

const ROWS: &str = include_str!("../../data/events.tsv");

/// One event and its expected result.
pub(super) struct Row {
    pub(super) id: &'static str,
    group: Option<&'static str>,
    pub(super) endpoint: Endpoint,
    /// The outermost source; `None` for a payload of unknown shape.
    pub(super) source: Option<Source>,
    pub(super) deployment: &'static str,
    pub(super) expected: Expected,
    pub(super) credential: Option<&'static str>,
    inner: Vec<Source>,
    is_whole: bool,
    event_id: &'static str,
    template: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expected {
    /// One record and one secret. The answer to a direct invocation names the secret.
    Created,
    /// One record and no secret. The answer contains the key's secret.
    Plaintext,
    /// The answer of the group's first row, and no new records or secrets.
    Replayed,
    /// An error with this code, and no new records or secrets. `reason` is the log's reason, if the row gives one.
    Refused { code: &'static str, reason: Option<&'static str> },
}

impl Row {
    pub(super) fn all() -> Vec<Self> {
        ROWS.lines().skip(1).map(Self::read).collect()
    }

    fn read(line: &'static str) -> Self {
        let mut columns = line.split('\t');
        let [id, group, function, source, deployment, event_id, template, expected] =
            [(); 8].map(|()| columns.next().unwrap_or_else(|| panic!("{line}")));
        let (kinds, is_whole) = match source.strip_suffix(" payload") {
            Some(kinds) => (kinds, true),
            None => (source, false),
        };
        let mut kinds = kinds.split('>').map(Source::named);
        let source = kinds.next().unwrap();
        assert!(source.is_some() || is_whole, "{line}");
        Self {
            id,
            group: Some(group).filter(|group| *group != "-"),
            endpoint: Endpoint::named(function).unwrap_or_else(|| panic!("{line}")),
            source,
            deployment,
            expected: Expected::read(expected),
            credential: credential(template),
            inner: kinds.map(|kind| kind.unwrap_or_else(|| panic!("{line}"))).collect(),
            is_whole,
            event_id,
            template,
        }
    }

    /// The name of the group, or the id of a row without a group. The row's ids and destination contain it.
    pub(super) fn scope(&self) -> &'static str {
        self.group.unwrap_or(self.id)
    }

    /// The `messageId` of a row from SQS. It has no dot, since the log leaves out an id with a dot.
    pub(super) fn message_id(&self) -> String {
        self.id.replace('.', "-")
    }

    /// The request, with every placeholder replaced.
    pub(super) fn request(&self, credential: impl Fn(&str) -> String) -> String {
        let filled = self.fill(self.template, &credential);
        let Some((start, rest)) = filled.split_once("<pad:") else { return filled };
        let (length, end) = rest.split_once('>').unwrap();
        let length: usize = length.parse().unwrap();
        let padding = "x".repeat(length - start.len() - end.len() - r#""pad":"""#.len());
        format!(r#"{start}"pad":"{padding}"{end}"#)
    }

    fn fill(&self, template: &str, credential: impl Fn(&str) -> String) -> String {
        let scope = self.scope();
        let mut filled = String::new();
        let mut rest = template;
        while let Some((text, (placeholder, after))) =
            rest.split_once('<').map(|(a, b)| (a, b.split_once('>').unwrap()))
        {
            filled.push_str(text);
            filled.push_str(&match (placeholder, placeholder.split_once(':')) {
                ("ask", _) => format!(r#""name":"{scope}","level":3,"expiresIn":3600"#),
                ("to", _) => format!(r#""deliverTo":"{scope}""#),
                ("once", _) => format!(r#""idempotencyKey":"once-{scope}""#),
                ("uuid", _) => r#""idempotencyKey":"2b0ff0b4-0b6d-4d0c-9b3e-0f3a7a6f1c55""#.to_owned(),
                ("message", _) => self.message_id(),
                ("bom", _) => "\u{feff}".to_owned(),
                (_, Some(("pad", _))) => format!("<{placeholder}>"),
                (_, Some(("[", depth))) => nested(depth.parse().unwrap()),
                (_, Some((character, times))) => character.repeat(times.parse().unwrap()),
                (name, None) => format!(r#""authorization":"{}""#, credential(name)),
            });
            rest = after;
        }
        filled + rest
    }

    /// The payload that contains a request.
    pub(super) fn payload(&self, request: &str) -> String {
        if self.is_whole {
            return request.to_owned();
        }
        let own_id = match self.event_id {
            "-" => Some(format!(r#""event-{}""#, self.scope())),
            "absent" => None,
            json => Some(self.fill(json, |name| panic!("{name}"))),
        };
        let mut text = request.to_owned();
        for (depth, kind) in self.inner.iter().rev().enumerate() {
            text = match (kind, depth) {
                (Source::EventBridge, 0) => event(own_id.as_deref(), &text),
                (Source::EventBridge, _) => in_event("outer", &text),
                (Source::Sns, 0) => notification(own_id.as_deref(), &text),
                (Source::Sns, _) => in_notification("outer", &text),
                (Source::Sqs, _) => queue(&[message("outer", &text)]),
                (Source::Direct, _) => text,
            };
        }
        let own_id = if self.inner.is_empty() { own_id } else { Some(r#""outer""#.to_owned()) };
        match self.source.unwrap() {
            Source::Direct => text,
            Source::EventBridge => event(own_id.as_deref(), &text),
            Source::Sns => topic(&[in_topic(own_id.as_deref(), &text)]),
            Source::Sqs => queue(&[message(&self.message_id(), &text)]),
        }
    }
}

impl Expected {
    fn read(text: &'static str) -> Self {
        match text {
            "created" => Self::Created,
            "plaintext" => Self::Plaintext,
            "replayed" => Self::Replayed,
            _ => match text.split_once('/') {
                Some((code, reason)) => Self::Refused { code, reason: Some(reason) },
                None => Self::Refused { code: text, reason: None },
            },
        }
    }
}

/// The name of the request's credential.
fn credential(template: &'static str) -> Option<&'static str> {
    let placeholders = template.split('<').skip(1).filter_map(|rest| rest.split('>').next());
    placeholders.into_iter().find(|name| name.starts_with("bearer") || name.starts_with("basic"))
}

fn nested(depth: usize) -> String {
    "[".repeat(depth) + &"]".repeat(depth)
}

#[test]
fn ids_are_unique_and_a_replayed_row_has_the_deployment_of_its_group() {
    let rows = Row::all();
    for (index, row) in rows.iter().enumerate() {
        assert!(rows[..index].iter().all(|other| other.id != row.id), "{} twice", row.id);
        let first = rows.iter().find(|other| other.scope() == row.scope()).unwrap();
        assert!(row.expected != Expected::Replayed || first.deployment == row.deployment, "{}", row.id);
    }
}
