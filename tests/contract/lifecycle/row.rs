//! One row of `tests/data/lifecycle.tsv`: id, callers, requests, sources, extras, expected answer, note.
//!
//! A row with several callers (`token4,key4`), requests (separated by ` | `) or sources (`http,rest`, `all`) holds for
//! each combination. [`super::scene::Scene`] explains callers and names of keys.
//!
//! | Extra | |
//! |---|---|
//! | `header Name: value` | a header |
//! | `body text`, `base64 text` | the body; `base64` sets `isBase64Encoded` |
//!
//! | Expected | |
//! |---|---|
//! | `200 read A`, `200 read *` | the metadata of a key; `*` is the first key in the request |
//! | `200 list own`, `200 list A C` | these keys, in this order, on the last page |
//! | `204 revoked *` | the key is revoked, and nothing else changes |
//! | `204 chain *` | the chain is revoked: the fence stands, and the key and the first key are revoked |
//! | `204 again` | nothing changes |
//! | `201` | a key is created |
//! | `405 GET, POST` | `methodNotAllowed` with this `Allow` |
//! | `404` | `notFound` |
//! | `403 accountStatusLacking` | any other refusal |

use tests::event::{Request, Source};

use super::scene::{Caller, Scene};

const ROWS: &str = include_str!("../../data/lifecycle.tsv");

pub(super) struct Row {
    pub(super) id: &'static str,
    pub(super) who: &'static str,
    pub(super) request: &'static str,
    pub(super) source: Source,
    extras: &'static str,
    pub(super) expected: &'static str,
}

impl Row {
    /// Every combination of every row.
    pub(super) fn all() -> Vec<Self> {
        ROWS.lines().skip(1).flat_map(Self::read).collect()
    }

    fn read(line: &'static str) -> Vec<Self> {
        let columns: Vec<&str> = line.split('\t').collect();
        let [id, callers, requests, via, extras, expected, _note] = columns[..] else {
            panic!("seven columns: {line}");
        };
        let sources: Vec<Source> = match via {
            "all" => Source::ALL.to_vec(),
            via => via.split(',').map(source).collect(),
        };
        let mut rows = Vec::new();
        for who in callers.split(',') {
            for request in requests.split(" | ") {
                rows.extend(sources.iter().map(|source| Self { id, who, request, source: *source, extras, expected }));
            }
        }
        rows
    }

    pub(super) fn ids() -> impl Iterator<Item = &'static str> {
        ROWS.lines().skip(1).filter_map(|line| line.split('\t').next())
    }

    /// The level of the calling key.
    pub(super) fn level(&self) -> i64 {
        let level = self.who.strip_prefix("key").and_then(|level| level.parse().ok());
        level.unwrap_or(4)
    }

    /// Whether the request changes a key, or adds one to the list.
    pub(super) fn changes_a_scene(&self) -> bool {
        self.expected.starts_with("201") || self.expected.starts_with("204")
    }

    /// The first key that the request names.
    pub(super) fn target(&self) -> &'static str {
        let (_, after) = self.request.split_once('{').unwrap_or_else(|| panic!("{}: no key", self.id));
        after.split_once('}').unwrap().0
    }

    pub(super) fn request(&self, scene: &Scene<'_>, caller: &Caller) -> Request {
        let mut request = scene.request(self.request, caller);
        for extra in self.extras.split(" ;; ").filter(|extra| *extra != "-") {
            let (kind, value) = extra.split_once(' ').unwrap();
            request = match kind {
                "header" => {
                    let (name, value) = value.split_once(": ").unwrap();
                    request.header(name, value)
                }
                "body" => request.body(value),
                "base64" => request.body(value).base64_flag(true),
                kind => panic!("{}: no extra {kind}", self.id),
            };
        }
        request
    }
}

fn source(name: &str) -> Source {
    match name {
        "http" => Source::HttpApi,
        "v1" => Source::HttpApiV1,
        "rest" => Source::RestApi,
        "url" => Source::FunctionUrl,
        "alb" => Source::Alb,
        "albm" => Source::AlbMultiValue,
        name => panic!("no source {name}"),
    }
}
