//! Where logs go, and what Docker still holds.

use std::path::PathBuf;
use std::process::Command;

use tests::host;

/// The secret that tokens are signed with.
pub(crate) const SECRET: &str = "0123456789abcdef0123456789abcdef";

/// The log of a `sam local` that listens.
pub(crate) fn log(name: &str) -> PathBuf {
    let folder = host::repository().join(".local/logs");
    std::fs::create_dir_all(&folder).unwrap();
    folder.join(format!("test-sam-{name}.log"))
}

/// The containers of functions.
fn containers() -> String {
    let filter = "label=sam.cli.container.type=lambda";
    let output = Command::new("docker").args(["ps", "--all", "--quiet", "--filter", filter]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// Asserts that nothing of `sam local` is left.
pub(crate) fn assert_no_containers() {
    assert_eq!(containers(), "", "containers were left behind");
}
