//! The event files of `events/`, and their filling with credentials.
//!
//! A file's name says what its event is for: `<function>-<status>-<source or error code>.json`.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::address::{DYNAMODB_PORT, TABLE, answers};
use super::placeholder::Placeholder;
use super::settings::Settings;
use crate::dynamo::Table;
use crate::function::Function;
use crate::host;
use crate::token::Signer;

/// An event file and what it is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventFile {
    /// Where it is.
    pub path: PathBuf,
    /// Which function it is for.
    pub function: Function,
    /// The status that the function answers with.
    pub status: u16,
    /// The source of the event, or the error code in kebab case.
    pub what: String,
}

impl EventFile {
    /// Reads what a path's last part says.
    ///
    /// # Errors
    ///
    /// Returns one line when the name doesn't follow the scheme.
    pub fn named(path: &Path) -> Result<Self, String> {
        let parse = || {
            let (function, rest) = path.file_name()?.to_str()?.strip_suffix(".json")?.split_once('-')?;
            let (status, what) = rest.split_once('-')?;
            let (function, status) = (Function::named(function)?, status.parse().ok()?);
            Some(Self { path: path.to_path_buf(), function, status, what: what.to_owned() })
        };
        parse().ok_or_else(|| format!("{} isn't named <jwt|key>-<status>-<what>.json", path.display()))
    }

    /// Every file of the folder, in the order of their names.
    ///
    /// # Errors
    ///
    /// Returns one line when the folder can't be read or a name doesn't follow the scheme.
    pub fn all() -> Result<Vec<Self>, String> {
        let folder = host::repository().join("events");
        let entries = fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        paths.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
        paths.sort_unstable();
        paths.iter().map(|path| Self::named(path)).collect()
    }

    /// The error code of the answer, where the status is one of an error.
    #[must_use]
    pub fn error_code(&self) -> Option<String> {
        (self.status >= 400).then(|| {
            let mut words = self.what.split('-');
            let first = words.next().unwrap_or_default().to_owned();
            words.fold(first, |code, word| code + &capitalised(word))
        })
    }

    /// Whether the answer needs a DynamoDB that doesn't answer: no request by itself brings the jwt function to 500.
    #[must_use]
    pub fn needs_a_broken_store(&self) -> bool {
        self.function == Function::Jwt && self.status == 500
    }

    /// The event with its credentials, whose keys are put into the table.
    ///
    /// # Errors
    ///
    /// Returns one line that names the file and what is wrong.
    pub async fn fill(&self, table: &Table, signer: &Signer) -> Result<Value, String> {
        let describe = |cause: String| format!("{}: {cause}", host::relative(&self.path));
        let text = fs::read_to_string(&self.path).map_err(|error| describe(error.to_string()))?;
        let text = fill(&text, table, signer).await.map_err(describe)?;
        serde_json::from_str(&text).map_err(|error| describe(error.to_string()))
    }
}

/// Puts a credential in place of each placeholder of a text; the same placeholder is the same credential, since a
/// gateway of payload format 1.0 gives each header twice.
///
/// # Errors
///
/// Returns one line when a placeholder isn't understood or the table can't be written.
pub async fn fill(text: &str, table: &Table, signer: &Signer) -> Result<String, String> {
    let mut filled = text.to_owned();
    while let Some((_, after)) = filled.split_once("{{") {
        let (placeholder, _) = after.split_once("}}").ok_or("a placeholder has no end")?;
        let value = credential(placeholder, table, signer).await?;
        filled = filled.replace(&format!("{{{{{placeholder}}}}}"), &value);
    }
    Ok(filled)
}

async fn credential(placeholder: &str, table: &Table, signer: &Signer) -> Result<String, String> {
    match placeholder.parse()? {
        Placeholder::Bearer(claims) => Ok(format!("Bearer {}", claims.sign(signer))),
        Placeholder::Basic(stored, authorization) => {
            table.try_put_item(stored.item).await?;
            Ok(authorization)
        }
    }
}

/// `make events`: fills every file, into `.local/events`.
pub(super) async fn fill_all(settings: &Settings) -> Result<(), String> {
    let files = EventFile::all()?;
    for file in &files {
        fill_into_local(settings, file).await?;
    }
    println!("{} events with fresh credentials are in {}", files.len(), host::relative(&settings.events()));
    Ok(())
}

/// Fills a file into `.local/events`, and returns where it is.
pub(super) async fn fill_into_local(settings: &Settings, file: &EventFile) -> Result<PathBuf, String> {
    if !answers(([127, 0, 0, 1], DYNAMODB_PORT).into()) {
        return Err("the local stack isn't running: start `make run` in another terminal first".to_owned());
    }
    let event = file.fill(&TABLE, &settings.signer()).await?;
    let path = settings.events().join(file.path.file_name().unwrap_or_default());
    fs::write(&path, format!("{event:#}\n")).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(path)
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_ascii_uppercase().to_string() + letters.as_str()).unwrap_or_default()
}

#[cfg(test)]
mod tests;
