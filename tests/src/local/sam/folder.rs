//! A temporary folder for the variables and the event of one `sam local`, which hold credentials.
//!
//! Only its owner can read it.

use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::PathBuf;

use crate::host;

/// The folder. Dropping it deletes the folder.
pub(super) struct Folder(PathBuf);

impl Folder {
    pub(super) fn new() -> Result<Self, String> {
        let path = host::repository().join(format!(".local/sam-{}", hex::encode(host::random::<8>())));
        let made = DirBuilder::new().recursive(true).mode(0o700).create(&path);
        made.map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(Self(path))
    }

    /// Writes a file under a new name, since a `sam` may still read an earlier file.
    pub(super) fn write(&self, name: &str, text: &str) -> Result<PathBuf, String> {
        let path = self.0.join(format!("{}-{name}", hex::encode(host::random::<4>())));
        fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // Only the owner can read a folder that can't be deleted.
        let _ = fs::remove_dir_all(&self.0);
    }
}
