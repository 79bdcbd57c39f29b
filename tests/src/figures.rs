//! What a run has measured, as a table that documents are made of.
//!
//! Nothing is written but where `APIKEYS_FIGURES` names a folder.

use crate::host;

/// Writes a table: lines of fields with tabs between them, the first one their names.
///
/// # Panics
///
/// Panics if the folder that is named can't be written to.
pub fn write(name: &str, table: &str) {
    if let Some(folder) = host::variable("APIKEYS_FIGURES").filter(|folder| !folder.is_empty()) {
        let file = format!("{folder}/{name}.tsv");
        std::fs::create_dir_all(&folder).and_then(|()| std::fs::write(&file, table)).unwrap_or_else(|error| {
            panic!("{file}: {error}");
        });
    }
}
