//! Writes measurements as tables, from which documents are made.
//!
//! Without `APIKEYS_FIGURES`, which names the folder, nothing is written.

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
