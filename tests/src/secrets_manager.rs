//! A local Secrets Manager: moto, which `make tools` installs. Tests use it only through the AWS SDK.
//!
//! Differences from AWS in the calls of the functions, which the tests of this module verify:
//!
//! | Call | AWS | moto 5.2.5 |
//! |---|---|---|
//! | `GetSecretValue` without version and stage, after `UpdateSecretVersionStage` moved `AWSCURRENT` | the current version | the version that was current before: always name the stage |
//! | `PutSecretValue` with the token of an `AWSPENDING` version that has another value | `ResourceExistsException` | overwrites it |
//! | `PutSecretValue` with `AWSCURRENT`, after `UpdateSecretVersionStage` moved it | moves it | two versions have it |
//! | `CreateSecret` with the name of a secret that is scheduled for deletion | `InvalidRequestException` | as if it weren't scheduled |
//! | `CreateSecret` with a character that no name may have | `ValidationException` | creates it |
//! | `DescribeSecret`: versions without a stage | left out | `[]` |
//! | `DescribeSecret`: a secret that was never rotated | `RotationEnabled` may be `false` | is absent |
//! | `RotateSecret` without a function | an error | moves `AWSCURRENT` to a version without a value |
//! | `RotateSecret` with a function that doesn't exist | an error that changes nothing | an error, after the new version was staged and rotation enabled (which `rotation` uses) |
//! | `RotateSecret` while `AWSPENDING` is at a version that isn't current | continues with that version, or an error | removes the stage from it |
//! | `RotateSecret` while `AWSPENDING` is at the current version | a new rotation | `InvalidRequestException` |
//! | `RotationToken` | checked | ignored |
//! | the status of `ResourceNotFoundException` | 400 | 404 |
//! | permissions, KMS, names of stages, limits of size and rate | enforced | not at all |
//! | the connection, after an answer | stays open | closes, but not through a `fault::Proxy` |
//!
//! The same as in AWS: `CreateSecret` with a used name is `ResourceExistsException`, but succeeds with the same token and
//! value; `GetSecretValue` of an unknown secret, version or stage, or of a version that has no value yet, is
//! `ResourceNotFoundException`, and of a version that hasn't the stage named with it `InvalidRequestException`;
//! `UpdateSecretVersionStage` needs the version that has `AWSCURRENT` now, which becomes `AWSPREVIOUS`, and leaves
//! `AWSPENDING` where it is; `CancelRotateSecret` leaves the versions as they are.

mod client;

use std::io::{self, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::thread::sleep;
use std::time::{Duration, Instant};

pub(crate) use client::line;
pub use client::{Secrets, Version, new_token};

use crate::host;
use crate::process::ProcessTree;

/// The maximum start time of moto, which usually takes half a second.
const START: Duration = Duration::from_secs(120);

/// A running moto. Dropping it or the end of this process ends moto.
#[derive(Debug)]
pub struct SecretsManager {
    secrets: Secrets,
    _tree: ProcessTree,
}

impl SecretsManager {
    /// The moto that all tests of this program share. The names of a test's secrets begin with [`unique_prefix`].
    ///
    /// # Panics
    ///
    /// Panics with the cause if moto doesn't start.
    pub fn shared() -> Secrets {
        static SHARED: OnceLock<Result<SecretsManager, String>> = OnceLock::new();
        let shared = SHARED.get_or_init(|| {
            let [port] = host::free_ports();
            Self::start(port)
        });
        shared.as_ref().unwrap_or_else(|error| panic!("{error}")).secrets
    }

    /// Starts a moto without secrets on a given port of 127.0.0.1, and waits until it answers.
    ///
    /// # Errors
    ///
    /// Returns the cause in one line: the port is in use, or moto is missing.
    pub fn start(port: u16) -> Result<Self, String> {
        let free = TcpListener::bind(("127.0.0.1", port));
        drop(free.map_err(|error| format!("port {port} on 127.0.0.1 can't be used: {error}"))?);
        let python = python();
        if !python.is_file() {
            return Err(format!("{} is missing: `make tools` fetches it", host::relative(&python)));
        }
        let mut command = Command::new(&python);
        command.arg(host::repository().join("tests/tools/moto_server.py")).args(["--port", &port.to_string()]);
        // However this process ends, the pipe closes, and moto ends.
        command.env_clear().stdin(Stdio::piped()).stdout(Stdio::null());
        let mut tree = ProcessTree::spawn(&mut command)?;
        let deadline = Instant::now() + START;
        while !answers(port) {
            if tree.exit_status().is_some() {
                return Err("moto doesn't start, for the reason above: `make tools` fetches it".to_owned());
            }
            if Instant::now() > deadline {
                return Err(format!("moto doesn't answer on port {port}"));
            }
            sleep(Duration::from_millis(10));
        }
        Ok(Self { secrets: Secrets::at(port), _tree: tree })
    }
}

impl std::ops::Deref for SecretsManager {
    type Target = Secrets;

    fn deref(&self) -> &Secrets {
        &self.secrets
    }
}

/// A `DELIVERY_PREFIX` that no other test has.
#[must_use]
pub fn unique_prefix() -> String {
    format!("test-{}/", hex::encode(host::random::<8>()))
}

/// Lists the secrets, so that moto loads its code before the first test.
fn answers(port: u16) -> bool {
    let ask = || {
        let mut stream = TcpStream::connect(("127.0.0.1", port))?;
        // moto identifies the service by the credential scope of the signature, which it doesn't verify.
        let scope = "AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/secretsmanager/aws4_request";
        let head = "POST / HTTP/1.0\r\nX-Amz-Target: secretsmanager.ListSecrets\r\nContent-Length: 2\r\nAuthorization:";
        stream.write_all(format!("{head} {scope}\r\n\r\n{{}}").as_bytes())?;
        io::read_to_string(stream)
    };
    ask().is_ok_and(|answer| answer.contains("SecretList"))
}

/// The Python that has moto: `APIKEYS_PYTHON`, which `make test` sets, or the repository's virtual environment.
fn python() -> PathBuf {
    let named = host::variable("APIKEYS_PYTHON").unwrap_or_else(|| ".local/venv/bin/python".to_owned());
    host::repository().join(named)
}

#[cfg(test)]
mod tests;
