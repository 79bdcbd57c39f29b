//! A folder for what one `sam local` reads: its variables and its event, which hold credentials.
//!
//! Its owner alone may read it, and it goes with its handle.

use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::PathBuf;

use crate::host;

/// The folder. It is removed when this is dropped.
pub(super) struct Folder(PathBuf);

impl Folder {
    pub(super) fn new() -> Result<Self, String> {
        let path = host::repository().join(format!(".local/sam-{}", hex::encode(host::random::<8>())));
        let made = DirBuilder::new().recursive(true).mode(0o700).create(&path);
        made.map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(Self(path))
    }

    /// Writes a file under a name that no other file of the folder has, since a `sam` may still read the earlier one.
    pub(super) fn write(&self, name: &str, text: &str) -> Result<PathBuf, String> {
        let path = self.0.join(format!("{}-{name}", hex::encode(host::random::<4>())));
        fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What can't be removed lies in a folder that only its owner can read.
        let _ = fs::remove_dir_all(&self.0);
    }
}
