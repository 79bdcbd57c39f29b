//! The HS256 secret in Secrets Manager, which may be rotated while the function runs.
//!
//! The secret is read at start, and again during the first request after five minutes. Only its age causes a read,
//! never the content of a request. The request waits for the read, since Lambda freezes background tasks. If the secret
//! can't be read again, its value is used until it is 15 minutes old.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use shared::domain::{Fault, SecretArn, Timestamp};
use shared::outbound::{KMS_REFUSED, Secrets, Version};
use shared::platform::config::{ConfigError, Environment};
use shared::platform::{Call, Deadline, log};

use crate::keys::Keys;
use crate::verification_key::VerificationKey;

/// The age from which a value is read again.
const FRESH: Duration = Duration::from_secs(5 * 60);

/// The age up to which a value is used that can't be read again.
const USABLE: Duration = Duration::from_secs(15 * 60);

/// The pause after a failed read, while the value is usable.
const PAUSE: Duration = Duration::from_secs(30);

/// The longest time that a request waits for a read.
const READ_BUDGET: Duration = Duration::from_secs(1);

/// The longest time that the start waits for a read. Lambda allows ten seconds for the start.
const START_BUDGET: Duration = Duration::from_secs(5);

const MISSING: &str = "jwtSecretMissing";
const TOO_SHORT: &str = "jwtSecretTooShort";

const PREVIOUS_SECONDS: &str = "JWT_PREVIOUS_SECONDS";

/// One week.
const DEFAULT_PREVIOUS_SECONDS: u64 = 604_800;

pub(crate) struct KeptSecret {
    arn: SecretArn,
    previous_lifetime: Duration,
    known: Mutex<Option<Known>>,
}

#[derive(Clone)]
struct Known {
    current: VerificationKey,
    /// The previous key, if tokens that it signed are still accepted.
    previous: Option<VerificationKey>,
    /// The creation time of the current value. The lifetime of the previous value counts from it.
    rotated_at: Timestamp,
    read_at: Timestamp,
    tried_at: Timestamp,
}

impl KeptSecret {
    /// Reads `JWT_PREVIOUS_SECONDS`.
    pub(crate) fn configure(arn: SecretArn, environment: &Environment) -> Result<Self, ConfigError> {
        let seconds = match environment.optional(PREVIOUS_SECONDS) {
            None => Some(DEFAULT_PREVIOUS_SECONDS),
            Some(text) if text.len() <= 9 && text.bytes().all(|byte| byte.is_ascii_digit()) => text.parse().ok(),
            Some(_) => None,
        };
        let seconds = seconds.ok_or(ConfigError::new(PREVIOUS_SECONDS, "is not a whole number of seconds"))?;
        Ok(Self { arn, previous_lifetime: Duration::from_secs(seconds), known: Mutex::new(None) })
    }

    /// Reads the secret for the first time.
    ///
    /// # Errors
    /// What is wrong with the secret or the way to it, and what to do.
    pub(crate) async fn prepare(&self, secrets: &Secrets) -> Result<(), &'static str> {
        let deadline = Deadline::within(START_BUDGET, u64::MAX);
        let read = self.read(secrets, Timestamp::now(), deadline).await;
        self.remember(read.map_err(|fault| problem(&fault))?);
        Ok(())
    }

    pub(crate) async fn keys(&self, secrets: &Secrets, call: &Call) -> Result<Keys, Fault> {
        let known = self.known();
        if let Some(known) = known.as_ref().filter(|known| known.is_fresh(call.now)) {
            return Ok(known.keys(self.previous_lifetime, call.now));
        }
        match (self.read(secrets, call.now, call.deadline.at_most(READ_BUDGET)).await, known) {
            (Ok(read), _) => {
                self.remember(read.clone());
                Ok(read.keys(self.previous_lifetime, call.now))
            }
            (Err(fault), Some(known)) if known.is_usable(call.now) => {
                log::not_read_again("the secret of JWT_SECRET_ARN", &fault);
                let known = Known { tried_at: call.now, ..known };
                self.remember(known.clone());
                Ok(known.keys(self.previous_lifetime, call.now))
            }
            (Err(fault), _) => Err(fault),
        }
    }

    async fn read(&self, secrets: &Secrets, now: Timestamp, deadline: Deadline) -> Result<Known, Fault> {
        let read = secrets.read(self.arn.as_str(), Version::Current, deadline).await?;
        let version = read.ok_or(Fault::new(MISSING))?;
        let current = VerificationKey::from_secret(version.text.expose()).ok_or(Fault::new(TOO_SHORT))?;
        let rotated_at = version.created.ok_or(Fault::new("replyUnknown"))?;
        let mut known = Known { current, previous: None, rotated_at, read_at: now, tried_at: now };
        if known.is_previous_alive(self.previous_lifetime, now) {
            let previous = secrets.read(self.arn.as_str(), Version::Previous, deadline).await?;
            known.previous = previous.and_then(|version| VerificationKey::from_secret(version.text.expose()));
        }
        Ok(known)
    }

    fn known(&self) -> Option<Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn remember(&self, known: Known) {
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Some(known);
    }
}

impl Known {
    fn keys(&self, previous_lifetime: Duration, now: Timestamp) -> Keys {
        let previous = self.previous.clone().filter(|_| self.is_previous_alive(previous_lifetime, now));
        Keys { first: self.current.clone(), second: previous }
    }

    fn is_previous_alive(&self, lifetime: Duration, now: Timestamp) -> bool {
        // A creation time in the future of this clock counts as now.
        now.since(self.rotated_at).unwrap_or_default() < lifetime
    }

    fn is_fresh(&self, now: Timestamp) -> bool {
        let younger = |than: Timestamp, age: Duration| now.since(than).is_some_and(|since| since < age);
        younger(self.read_at, FRESH)
            || (self.is_usable(now) && self.tried_at != self.read_at && younger(self.tried_at, PAUSE))
    }

    fn is_usable(&self, now: Timestamp) -> bool {
        now.since(self.read_at).is_some_and(|since| since < USABLE)
    }
}

/// Why the secret can't be used at start, after the name of the variable.
fn problem(fault: &Fault) -> &'static str {
    match &*fault.reason {
        "AccessDeniedException" => {
            "names a secret that the function may not read: allow its role secretsmanager:GetSecretValue for it"
        }
        KMS_REFUSED | "DecryptionFailure" => {
            "names a secret whose KMS key refuses the function: enable the key, and allow the role kms:Decrypt with it"
        }
        MISSING => "names a secret that does not exist or has no current value: create or restore it in this Region",
        TOO_SHORT => "names a secret whose text is shorter than 32 bytes: store a longer one",
        "timeout" | "notConnected" | "deadlineReached" => {
            "names a secret in a Secrets Manager that can't be reached: give the subnets a route or a VPC endpoint to it"
        }
        _ => "names a secret that Secrets Manager does not return: look for its failed GetSecretValue in CloudTrail",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const READ: u64 = 1_700_000_000_000;

    fn at(seconds: u64, millis: u64) -> Timestamp {
        Timestamp::from_millis(READ + seconds * 1_000 + millis)
    }

    /// A value that was read at [`READ`], with another read `tried_after` seconds later.
    fn known(tried_after: u64) -> Known {
        let current = VerificationKey::from_secret("a test's own secret, known to all who read this").unwrap();
        Known { current, previous: None, rotated_at: at(0, 0), read_at: at(0, 0), tried_at: at(tried_after, 0) }
    }

    #[test]
    fn a_value_is_read_again_after_5_minutes_or_30_s_after_a_failure() {
        assert!(known(0).is_fresh(at(299, 999)));
        assert!(!known(0).is_fresh(at(300, 0)));
        assert!(known(310).is_fresh(at(339, 999)));
        assert!(!known(310).is_fresh(at(340, 0)));
    }

    #[test]
    fn a_value_that_can_not_be_read_again_is_used_for_15_minutes() {
        assert!(known(0).is_usable(at(899, 999)));
        assert!(!known(0).is_usable(at(900, 0)));
        assert!(!known(890).is_fresh(at(900, 0)), "a pause between reads does not make it live longer");
    }

    #[test]
    fn the_previous_value_expires_with_its_lifetime_also_on_a_slow_clock() {
        let lifetime = Duration::from_secs(60);
        assert!(known(0).is_previous_alive(lifetime, at(59, 999)));
        assert!(!known(0).is_previous_alive(lifetime, at(60, 0)));
        assert!(known(0).is_previous_alive(lifetime, Timestamp::from_millis(READ - 1)));
        assert!(!known(0).is_previous_alive(Duration::ZERO, Timestamp::from_millis(READ - 1)));
    }
}
