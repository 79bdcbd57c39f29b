//! Writes measurements as tables, from which documents are made.
//!
//! Without `APIKEYS_FIGURES`, which names the folder, nothing is written.

use std::process::ExitCode;

use crate::host;

/// Writes a table as tab-separated values with a header line.
///
/// # Panics
///
/// Panics if the folder isn't writable.
pub fn write(name: &str, table: &str) {
    if let Some(folder) = host::variable("APIKEYS_FIGURES").filter(|folder| !folder.is_empty()) {
        let file = format!("{folder}/{name}.tsv");
        std::fs::create_dir_all(&folder).and_then(|()| std::fs::write(&file, table)).unwrap_or_else(|error| {
            panic!("{file}: {error}");
        });
    }
}

/// A number in an environment variable, or the usual one.
#[must_use]
pub fn number(variable: &str, usual: usize) -> usize {
    host::variable(variable).and_then(|text| text.parse().ok()).unwrap_or(usual)
}

/// Writes and prints the report of a proof, which is right or wrong, or its error. Returns the program's exit code.
///
/// # Panics
///
/// Panics if the folder isn't writable.
#[must_use]
pub fn finish(name: &str, proof: Result<(String, bool), String>) -> ExitCode {
    match proof {
        Ok((report, is_right)) => {
            write(name, &report);
            print!("{report}");
            ExitCode::from(u8::from(!is_right))
        }
        Err(error) => {
            eprintln!("{name}: {error}");
            ExitCode::FAILURE
        }
    }
}
