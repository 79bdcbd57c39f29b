//! The crates of each function: `tests/data/crates.tsv` lists them.
//!
//! The test fails for each new or removed crate until the list is changed, so that somebody reviews the change. A crate
//! that only the tests need cannot become part of a function unnoticed.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::process::Command;

use tests::host;

const LISTED: &str = include_str!("../data/crates.tsv");

/// Crates that must never be in a function: the emulator, test support, and other cryptography libraries.
const NEVER: [&str; 12] = [
    "aws-lc-rs",
    "aws-lc-sys",
    "dynoxide-rs",
    "libfuzzer-sys",
    "native-tls",
    "nix",
    "openssl",
    "rcgen",
    "rsa",
    "rusqlite",
    "saphyr",
    "tests",
];

/// The crates that are linked into a function, without those that only run in the compiler.
fn crates(function: &str) -> BTreeSet<String> {
    let mut command = Command::new(host::variable("CARGO").expect("cargo runs this"));
    command.args([
        "tree",
        "--locked",
        "--offline",
        "--edges",
        "normal,no-proc-macro",
        "--prefix",
        "none",
        "--package",
        function,
    ]);
    let output = command.current_dir(host::repository()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let tree = String::from_utf8(output.stdout).unwrap();
    tree.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect()
}

#[test]
fn a_function_contains_only_the_listed_crates_and_none_of_the_tests() {
    let (jwt, key) = (crates("jwt"), crates("key"));
    let mut found = "crate\tjwt\tkey\n".to_owned();
    for name in jwt.union(&key) {
        let mark = |crates: &BTreeSet<String>| if crates.contains(name) { "x" } else { "" };
        writeln!(found, "{name}\t{}\t{}", mark(&jwt), mark(&key)).unwrap();
    }
    let (found, listed): (BTreeSet<_>, BTreeSet<_>) = (found.lines().collect(), LISTED.lines().collect());
    let (new, gone): (Vec<_>, Vec<_>) = (found.difference(&listed).collect(), listed.difference(&found).collect());
    // Another architecture needs fewer crates than this one.
    let gone = if cfg!(target_arch = "x86_64") { gone } else { Vec::new() };
    assert!(new.is_empty() && gone.is_empty(), "tests/data/crates.tsv lacks {new:?} and has {gone:?}");
    for name in NEVER {
        assert!(!jwt.contains(name) && !key.contains(name), "{name}");
    }
}
