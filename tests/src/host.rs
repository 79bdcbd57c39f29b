//! What the machine knows: the time, the environment, random bytes and free ports.
//!
//! No other file of this crate asks for them.

use std::net::TcpListener;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use ring::rand::{SecureRandom as _, SystemRandom};

/// Seconds since the Unix epoch.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the one place of this crate that asks for the time")]
pub fn now() -> i64 {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).expect("the clock stands after 1970");
    i64::try_from(elapsed.as_secs()).expect("the clock stands before the year 292,277,026,596")
}

/// A variable of the environment, where it is set and UTF-8.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the one place of this crate that reads the environment")]
pub fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// The names of all variables of the environment.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the one place of this crate that reads the environment")]
pub fn variable_names() -> Vec<String> {
    std::env::vars_os().filter_map(|(name, _)| name.into_string().ok()).collect()
}

/// Bytes that nobody can guess.
#[must_use]
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes).expect("the operating system has random bytes");
    bytes
}

/// Ports of 127.0.0.1 that are free, and that nothing takes by chance: this process hands out each port once, and all lie
/// below the range from which systems choose ports by themselves (from 32768 on Linux, from 49152 elsewhere).
#[must_use]
pub fn free_ports<const N: usize>() -> [u16; N] {
    static NEXT: LazyLock<AtomicU16> = LazyLock::new(|| AtomicU16::new(u16::from_ne_bytes(random())));
    let port = || PORTS.start + NEXT.fetch_add(1, Ordering::Relaxed) % (PORTS.end - PORTS.start);
    let is_free = |port: &u16| TcpListener::bind(("127.0.0.1", *port)).is_ok();
    [(); N].map(|()| std::iter::repeat_with(port).find(is_free).expect("the iterator has no end"))
}

/// Where [`free_ports`] looks.
const PORTS: Range<u16> = 12_000..32_000;

/// The folder of the whole repository.
#[must_use]
pub fn repository() -> PathBuf {
    // Cargo says where the package is now, this one or the fuzzers'; where it was built is wrong once the checkout has moved.
    let package = variable("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").to_owned());
    let mut above = Path::new(&package).ancestors();
    above.find(|folder| folder.join("template.yaml").is_file()).expect("`tests` lies in the repository").to_path_buf()
}

/// A path as it is seen from the repository, for messages.
#[must_use]
pub fn relative(path: &Path) -> String {
    path.strip_prefix(repository()).unwrap_or(path).display().to_string()
}
