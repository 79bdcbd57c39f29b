//! The log of `sam local`, and the containers of Docker.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Command;

use tests::host;

/// The secret that signs tokens.
pub(crate) const SECRET: &str = "0123456789abcdef0123456789abcdef";

/// The log file of `sam local`.
pub(crate) fn log(name: &str) -> PathBuf {
    let folder = host::repository().join(".local/logs");
    std::fs::create_dir_all(&folder).unwrap();
    folder.join(format!("test-sam-{name}.log"))
}

/// The containers of functions, which may include those of another `make sam-api`.
pub(crate) struct Containers(BTreeSet<String>);

impl Containers {
    pub(crate) fn now() -> Self {
        let filter = "label=sam.cli.container.type=lambda";
        let output = Command::new("docker").args(["ps", "--all", "--quiet", "--filter", filter]).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        Self(String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect())
    }

    /// The environment of each container that has started since.
    pub(crate) fn environments_since(&self) -> Vec<String> {
        let started = Self::now();
        let inspect = |id: &String| {
            let output = Command::new("docker").args(["inspect", "--format", "{{.Config.Env}}", id]).output().unwrap();
            String::from_utf8(output.stdout).unwrap()
        };
        started.0.difference(&self.0).map(inspect).collect()
    }

    /// Asserts that no new container is left behind.
    pub(crate) fn assert_no_more(&self) {
        let left: Vec<String> = Self::now().0.difference(&self.0).cloned().collect();
        assert!(left.is_empty(), "containers were left behind: {left:?}");
    }
}
