//! The time, the environment, random bytes and free ports. No other file of this crate reads them.

use std::net::TcpListener;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use ring::rand::{SecureRandom as _, SystemRandom};

/// Seconds since the Unix epoch.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the only place of this crate that reads the time")]
pub fn now() -> i64 {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).expect("the clock stands after 1970");
    i64::try_from(elapsed.as_secs()).expect("the clock stands before the year 292,277,026,596")
}

/// The value of an environment variable, if it is set and UTF-8.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the only place of this crate that reads the environment")]
pub fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// The names of all environment variables.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the only place of this crate that reads the environment")]
pub fn variable_names() -> Vec<String> {
    std::env::vars_os().filter_map(|(name, _)| name.into_string().ok()).collect()
}

/// Cryptographically secure random bytes.
#[must_use]
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes).expect("the operating system has random bytes");
    bytes
}

/// Free ports of 127.0.0.1 that no other process gets by chance: this process returns each port once, and all ports are
/// below the ephemeral range (from 32768 on Linux, from 49152 elsewhere).
#[must_use]
pub fn free_ports<const N: usize>() -> [u16; N] {
    static NEXT: LazyLock<AtomicU16> = LazyLock::new(|| AtomicU16::new(u16::from_ne_bytes(random())));
    let port = || PORTS.start + NEXT.fetch_add(1, Ordering::Relaxed) % (PORTS.end - PORTS.start);
    let is_free = |port: &u16| TcpListener::bind(("127.0.0.1", *port)).is_ok();
    [(); N].map(|()| std::iter::repeat_with(port).find(is_free).expect("the iterator has no end"))
}

/// The range of [`free_ports`].
const PORTS: Range<u16> = 12_000..32_000;

/// The folder of the repository.
#[must_use]
pub fn repository() -> PathBuf {
    // Cargo sets the package's folder at run time; the folder at build time is wrong after the checkout has moved.
    let package = variable("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").to_owned());
    let mut above = Path::new(&package).ancestors();
    above.find(|folder| folder.join("template.yaml").is_file()).expect("`tests` lies in the repository").to_path_buf()
}

/// A path relative to the repository, for messages.
#[must_use]
pub fn relative(path: &Path) -> String {
    path.strip_prefix(repository()).unwrap_or(path).display().to_string()
}
