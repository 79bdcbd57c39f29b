//! The folder of the local stack, and the secret that signs its tokens.
//!
//! The secret is made on first use, and only its owner can read it.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use crate::host;
use crate::token::Signer;

/// The folder of the local stack and its secret.
pub(super) struct Settings {
    folder: PathBuf,
    log: &'static str,
    secret: String,
}

impl Settings {
    /// Reads the settings in `.local`, and makes missing ones.
    pub(super) fn load() -> Result<Self, String> {
        Self::in_folder(&host::repository().join(".local"))
    }

    fn in_folder(folder: &Path) -> Result<Self, String> {
        for name in ["data", "events", "logs"] {
            let path = folder.join(name);
            fs::create_dir_all(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        }
        let secret = secret(&folder.join("jwt-secret"))?;
        Ok(Self { folder: folder.to_path_buf(), log: "logs/functions.log", secret })
    }

    /// The same with a separate log, for a stack that runs in parallel with `make run`.
    pub(super) fn with_log(&self, log: &'static str) -> Self {
        Self { folder: self.folder.clone(), log, secret: self.secret.clone() }
    }

    /// Signs tokens that the local function accepts.
    pub(super) fn signer(&self) -> Signer {
        Signer::hs256(self.secret.as_bytes())
    }

    pub(super) fn secret(&self) -> &str {
        &self.secret
    }

    pub(super) fn database(&self) -> PathBuf {
        self.folder.join("data/dynamodb.sqlite")
    }

    pub(super) fn events(&self) -> PathBuf {
        self.folder.join("events")
    }

    pub(super) fn log(&self) -> PathBuf {
        self.folder.join(self.log)
    }
}

fn secret(path: &Path) -> Result<String, String> {
    let describe = |error| format!("{}: {error}", path.display());
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Ok(mut file) => file.write_all(hex::encode(host::random::<32>()).as_bytes()).map_err(describe)?,
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
        Err(error) => return Err(describe(error)),
    }
    let secret = fs::read_to_string(path).map_err(describe)?;
    if secret.len() < 32 {
        return Err(format!("{} is too short: delete it to make a new secret", path.display()));
    }
    Ok(secret)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn the_secret_is_made_once_and_only_its_owner_can_read_it() {
        let folder = std::env::temp_dir().join(format!("apikeys-{}", hex::encode(host::random::<8>())));
        let first = Settings::in_folder(&folder).unwrap();
        let second = Settings::in_folder(&folder).unwrap();
        assert_eq!((first.secret.len(), &first.secret), (64, &second.secret));
        let mode = fs::metadata(folder.join("jwt-secret")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        fs::remove_dir_all(&folder).unwrap();
    }
}
