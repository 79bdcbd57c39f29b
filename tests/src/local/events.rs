//! The event files of `events/`, and their filling with credentials.
//!
//! A file's name says what its event is for, and what the function does with it: see [`EventFile::named`].

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

/// What the functions run against: where a placeholder's key and secret are put, and who signs its token.
#[derive(Clone, Copy, Debug)]
pub struct Ground<'a> {
    /// The table of keys.
    pub table: Table,
    /// The secrets.
    pub secrets: Secrets,
    /// What the names of delivered secrets begin with.
    pub delivery_prefix: &'a str,
    /// The issuer of tokens.
    pub signer: &'a Signer,
}

/// What a file's answer needs that no event by itself can bring about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// A DynamoDB that doesn't answer.
    BrokenStore,
    /// A function that is not configured for events.
    NoEvents,
}

/// An event file and what it is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventFile {
    /// Where it is.
    pub path: PathBuf,
    /// Which function it is for.
    pub function: Function,
    /// Who sends the event.
    pub source: Source,
    /// What the function does with it.
    pub outcome: Outcome,
}

impl EventFile {
    /// Reads what a path's last part says: `<jwt|key>-<status>-<source or code>.json` for HTTP, and else
    /// `<jwt|key>-<source>-<outcome or code>.json`.
    ///
    /// # Errors
    ///
    /// Returns one line when the name doesn't follow the scheme.
    pub fn named(path: &Path) -> Result<Self, String> {
        let parse = || {
            let (function, rest) = path.file_name()?.to_str()?.strip_suffix(".json")?.split_once('-')?;
            let function = Function::named(function)?;
            let (source, outcome) = name::parse(rest)?;
            Some(Self { path: path.to_path_buf(), function, source, outcome })
        };
        parse().ok_or_else(|| format!("{} isn't named as events/README.md says", path.display()))
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

    /// What has to be otherwise than in `make run` for the answer to come.
    #[must_use]
    pub fn need(&self) -> Option<Need> {
        match (&self.outcome, self.source) {
            (Outcome::Refused(code), _) if code == "eventsDisabled" => Some(Need::NoEvents),
            // A key's own record can be damaged; no request brings the jwt function to it.
            (_, Source::Http { status: 500 }) if self.function == Function::Jwt => Some(Need::BrokenStore),
            _ => None,
        }
    }

    /// The event with its credentials, whose keys and secrets are put into the ground.
    ///
    /// # Errors
    ///
    /// Returns one line that names the file and what is wrong.
    pub async fn fill(&self, ground: &Ground<'_>) -> Result<Value, String> {
        let describe = |cause: String| format!("{}: {cause}", host::relative(&self.path));
        let text = fs::read_to_string(&self.path).map_err(|error| describe(error.to_string()))?;
        let text = fill(&text, ground).await.map_err(describe)?;
        serde_json::from_str(&text).map_err(|error| describe(error.to_string()))
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

/// Fills a file for the local stack.
pub(super) async fn fill_here(settings: &Settings, file: &EventFile) -> Result<Value, String> {
    let signer = settings.signer();
    file.fill(&Ground { table: TABLE, secrets: SECRETS, delivery_prefix: DELIVERY_PREFIX, signer: &signer }).await
}

/// Fills a file into `.local/events`, and returns where it is.
pub(super) async fn fill_into_local(settings: &Settings, file: &EventFile) -> Result<PathBuf, String> {
    check_running()?;
    let event = fill_here(settings, file).await?;
    let path = settings.events().join(file.path.file_name().unwrap_or_default());
    fs::write(&path, format!("{event:#}\n")).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(path)
}

/// Makes sure that a `make run` stands behind the addresses.
pub(super) fn check_running() -> Result<(), String> {
    if [DYNAMODB_PORT, SECRETS_MANAGER_PORT].into_iter().all(|port| answers(([127, 0, 0, 1], port).into())) {
        return Ok(());
    }
    Err("the local stack isn't running: start `make run` in another terminal first".to_owned())
}

#[cfg(test)]
mod tests;
