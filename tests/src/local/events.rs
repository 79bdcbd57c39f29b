//! The event files of `events/`, whose placeholders are filled with credentials.
//!
//! A file's name states the function, the source and the expected answer: see [`EventFile::named`].

mod answer;
mod filling;
mod name;

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::address::{DELIVERY_PREFIX, DYNAMODB_PORT, SECRETS, SECRETS_MANAGER_PORT, TABLE, answers};
use super::settings::Settings;
use crate::dynamo::Table;
use crate::function::Function;
use crate::host;
use crate::secrets_manager::Secrets;
use crate::token::Signer;
pub use filling::fill;
pub use name::{Outcome, Source};

/// What placeholders are filled from: the services that store their keys and secrets, and the token signer.
#[derive(Clone, Copy, Debug)]
pub struct Backend<'a> {
    /// The table of keys.
    pub table: Table,
    /// The secrets.
    pub secrets: Secrets,
    /// The prefix of the names of delivered secrets.
    pub delivery_prefix: &'a str,
    /// The issuer of tokens.
    pub signer: &'a Signer,
}

/// A deployment, other than that of `make run`, that a file's answer requires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setup {
    /// A DynamoDB that doesn't answer.
    UnreachableStore,
    /// A function that is not configured for events.
    EventsDisabled,
}

/// An event file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventFile {
    /// The path.
    pub path: PathBuf,
    /// The function that gets the event.
    pub function: Function,
    /// The source of the event.
    pub source: Source,
    /// The expected outcome.
    pub outcome: Outcome,
}

impl EventFile {
    /// Parses the file name: `<jwt|key>-<status>-<source or code>.json` for HTTP, and else
    /// `<jwt|key>-<source>-<outcome or code>.json`.
    ///
    /// # Errors
    ///
    /// Returns one line if the name doesn't follow the scheme.
    pub fn named(path: &Path) -> Result<Self, String> {
        let parse = || {
            let (function, rest) = path.file_name()?.to_str()?.strip_suffix(".json")?.split_once('-')?;
            let function = Function::named(function)?;
            let (source, outcome) = name::parse(rest)?;
            Some(Self { path: path.to_path_buf(), function, source, outcome })
        };
        parse().ok_or_else(|| format!("{} isn't named as described in events/README.md", path.display()))
    }

    /// Every file of the folder, sorted by name.
    ///
    /// # Errors
    ///
    /// Returns one line if the folder can't be read or a name doesn't follow the scheme.
    pub fn all() -> Result<Vec<Self>, String> {
        let folder = host::repository().join("events");
        let entries = fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        paths.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
        paths.sort_unstable();
        paths.iter().map(|path| Self::named(path)).collect()
    }

    /// The setup, other than that of `make run`, that the answer requires.
    #[must_use]
    pub fn setup(&self) -> Option<Setup> {
        match (&self.outcome, self.source) {
            (Outcome::Refused(code), _) if code == "eventsDisabled" => Some(Setup::EventsDisabled),
            // A damaged record makes the key function answer 500. The jwt function reads no record.
            (_, Source::Http { status: 500 }) if self.function == Function::Jwt => Some(Setup::UnreachableStore),
            _ => None,
        }
    }

    /// The event with filled placeholders. Writes their keys and secrets to `backend`.
    ///
    /// # Errors
    ///
    /// Returns one line with the file and the cause.
    pub async fn fill(&self, backend: &Backend<'_>) -> Result<Value, String> {
        let describe = |cause: String| format!("{}: {cause}", host::relative(&self.path));
        let text = fs::read_to_string(&self.path).map_err(|error| describe(error.to_string()))?;
        let text = fill(&text, backend).await.map_err(describe)?;
        serde_json::from_str(&text).map_err(|error| describe(error.to_string()))
    }
}

/// `make events`: fills every file and writes it to `.local/events`.
pub(super) async fn fill_all(settings: &Settings) -> Result<(), String> {
    let files = EventFile::all()?;
    for file in &files {
        fill_into_local(settings, file).await?;
    }
    println!("{} events with new credentials are in {}", files.len(), host::relative(&settings.events()));
    Ok(())
}

/// Fills a file for the local stack.
pub(super) async fn fill_here(settings: &Settings, file: &EventFile) -> Result<Value, String> {
    let signer = settings.signer();
    file.fill(&Backend { table: TABLE, secrets: SECRETS, delivery_prefix: DELIVERY_PREFIX, signer: &signer }).await
}

/// Fills a file, writes it to `.local/events`, and returns its path.
pub(super) async fn fill_into_local(settings: &Settings, file: &EventFile) -> Result<PathBuf, String> {
    check_running()?;
    let event = fill_here(settings, file).await?;
    let path = settings.events().join(file.path.file_name().unwrap_or_default());
    fs::write(&path, format!("{event:#}\n")).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(path)
}

/// Checks that `make run` is running.
pub(super) fn check_running() -> Result<(), String> {
    if [DYNAMODB_PORT, SECRETS_MANAGER_PORT].into_iter().all(|port| answers(([127, 0, 0, 1], port).into())) {
        return Ok(());
    }
    Err("the local stack isn't running: start `make run` in another terminal first".to_owned())
}

#[cfg(test)]
mod tests;
