//! Random bytes in every place that a caller controls: a short form of `make prove PROOF=fuzz` that needs no fuzzer.
//!
//! [`Target`] checks that no input causes a panic or a 500, and that every answer has a form of the contract.

#[path = "../fuzz/src/lib.rs"]
mod target;

use std::path::Path;

use serde_json::Value;
use tests::host;

use crate::matrix::all_rows;
use crate::support::{Endpoint, World};
use target::Target;
use tests::rng::SeededRng;

/// The number of inputs for each target.
const INPUTS: u64 = 1_500;

const DICTIONARY: &str = include_str!("../fuzz/dictionary.txt");

#[test]
fn no_event_breaks_a_function() {
    try_all("event", Target::event);
}

#[test]
fn no_authorization_breaks_a_function() {
    try_all("authorization", Target::authorization);
}

#[test]
fn no_token_breaks_a_function() {
    try_all("token", Target::token);
}

#[test]
fn no_body_breaks_a_function() {
    try_all("body", Target::body);
}

#[test]
fn no_method_path_or_query_breaks_a_function() {
    try_all("route", Target::route);
}

#[test]
fn no_authorizer_event_breaks_a_function() {
    try_all("authorizer", Target::authorizer);
}

fn try_all(name: &str, send: fn(&Target, &[u8])) {
    let target = Target::start();
    let seeds: Vec<_> = target.seeds().into_iter().filter(|(of, _)| *of == name).map(|(_, bytes)| bytes).collect();
    let mut rng = SeededRng(61);
    for seed in &seeds {
        send(&target, seed);
    }
    for _ in 0..INPUTS {
        send(&target, &mutated(&seeds, &mut rng));
    }
}

/// A seed after one to four random changes.
fn mutated(seeds: &[Vec<u8>], rng: &mut SeededRng) -> Vec<u8> {
    let words: Vec<_> = DICTIONARY.lines().filter_map(word).collect();
    let mut bytes = pick(seeds, rng).clone();
    for _ in 0..=rng.below(4) {
        let (from, to) = (place(&bytes, rng), place(&bytes, rng));
        let (from, to) = (from.min(to), from.max(to));
        match rng.below(6) {
            0 => drop(bytes.drain(from..to.min(from + 16))),
            1 => drop(bytes.splice(from..from, pick(&words, rng).iter().copied())),
            2 => drop(bytes.splice(from..to.min(from + 8), pick(&words, rng).iter().copied())),
            3 => bytes.extend_from_within(from..to.min(from + 64)),
            4 => bytes.splice(from.., pick(seeds, rng).iter().skip(from).copied()).for_each(drop),
            _ => bytes.iter_mut().skip(from).take(1).for_each(|byte| *byte ^= 1 << rng.below(8)),
        }
    }
    bytes
}

/// A line of a fuzzer's dictionary: a quoted string in which `\` escapes the next character.
fn word(line: &str) -> Option<Vec<u8>> {
    let text = line.strip_prefix('"')?.strip_suffix('"')?;
    Some(text.replace("\\\"", "\"").replace("\\\\", "\\").into_bytes())
}

fn pick<'a, T>(of: &'a [T], rng: &mut SeededRng) -> &'a T {
    &of[usize::try_from(rng.below(of.len() as u64)).unwrap()]
}

fn place(bytes: &[u8], rng: &mut SeededRng) -> usize {
    usize::try_from(rng.below(bytes.len() as u64 + 1)).unwrap()
}

#[test]
#[ignore = "writes the seeds of the fuzzers: make prove PROOF=fuzz"]
fn every_seed_and_every_matrix_row_is_written_for_the_fuzzers() {
    let folder = host::variable("APIKEYS_SEEDS").expect("`make prove PROOF=fuzz` names the folder");
    let mut written = 0;
    let mut write = |target: &str, bytes: &[u8]| {
        let folder = Path::new(&folder).join(target);
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(format!("seed-{written}")), bytes).unwrap();
        written += 1;
    };
    Target::start().seeds().iter().for_each(|(target, bytes)| write(target, bytes));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let rows = runtime.block_on(async { all_rows(&World::new().await).await });
    for row in &rows {
        write("event", row.event().to_string().as_bytes());
        if let Some(value) = row.event()["headers"]["authorization"].as_str() {
            write("authorization", value.as_bytes());
            value.strip_prefix("Bearer ").iter().for_each(|token| write("token", &[b"\0", token.as_bytes()].concat()));
        }
        if let Value::String(body) = &row.event()["body"] {
            let how = if row.endpoint() == Endpoint::Jwt { b"\x00" } else { b"\x02" };
            write("body", &[how, body.as_bytes()].concat());
        }
    }
}
