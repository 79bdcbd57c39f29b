//! The lifetime of a key: the requested lifetime, its limit, and the second at which the key expires.
//!
//! Only an [`ExpiresAt`] is written to the TTL attribute, so that attribute always contains whole seconds.

use serde::{Serialize, Serializer};

use super::timestamp::Timestamp;

/// The largest limit that can be configured, in seconds: 100 years. The TTL then stays at ten digits.
const LONGEST_LIMIT: u64 = 3_153_600_000;

/// The limit on `expiresIn`, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MaxExpiresIn(u64);

impl MaxExpiresIn {
    /// One year of 365 days.
    pub const DEFAULT: Self = Self(31_536_000);

    /// The largest limit.
    pub const LONGEST: Self = Self(LONGEST_LIMIT);

    /// A limit from one second to 100 years.
    #[must_use]
    pub const fn new(seconds: u64) -> Option<Self> {
        if seconds >= 1 && seconds <= LONGEST_LIMIT { Some(Self(seconds)) } else { None }
    }
}

/// A lifetime in whole seconds, from 1 to the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExpiresIn(u64);

impl ExpiresIn {
    /// A lifetime within the limit; `None` for zero seconds or more than the limit.
    #[must_use]
    pub const fn new(seconds: u64, limit: MaxExpiresIn) -> Option<Self> {
        if seconds >= 1 && seconds <= limit.0 { Some(Self(seconds)) } else { None }
    }

    /// The lifetime, or the limit if that is shorter.
    #[must_use]
    pub fn at_most(self, limit: MaxExpiresIn) -> Self {
        Self(self.0.min(limit.0))
    }

    /// The lifetime in seconds.
    #[must_use]
    pub const fn seconds(self) -> u64 {
        self.0
    }
}

impl From<MaxExpiresIn> for ExpiresIn {
    fn from(limit: MaxExpiresIn) -> Self {
        Self(limit.0)
    }
}

/// The second, since the Unix epoch, from which on a key or a stored answer is expired.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ExpiresAt(u64);

impl ExpiresAt {
    /// The end of a lifetime that begins now, rounded up to a whole second.
    #[must_use]
    pub const fn after(now: Timestamp, lifetime: ExpiresIn) -> Self {
        Self(now.seconds_rounded_up().saturating_add(lifetime.0))
    }

    /// Takes a stored second.
    #[must_use]
    pub const fn from_epoch_seconds(seconds: u64) -> Self {
        Self(seconds)
    }

    /// Seconds since the Unix epoch: the value of the TTL attribute.
    #[must_use]
    pub const fn epoch_seconds(self) -> u64 {
        self.0
    }

    /// Whether the second has been reached.
    #[must_use]
    pub const fn is_past(self, now: Timestamp) -> bool {
        self.0 <= now.seconds()
    }
}

impl Serialize for ExpiresAt {
    /// RFC 3339 in UTC with milliseconds.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&Timestamp::from_millis(self.0.saturating_mul(1000)).to_rfc3339())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(seconds: u64) -> ExpiresIn {
        ExpiresIn::new(seconds, MaxExpiresIn::DEFAULT).unwrap()
    }

    #[test]
    fn a_lifetime_ends_at_the_next_whole_second() {
        let ends = |millis| ExpiresAt::after(Timestamp::from_millis(millis), seconds(60)).epoch_seconds();
        assert_eq!(ends(1_000_000), 1_060);
        assert_eq!(ends(1_000_001), 1_061);
        assert_eq!(ends(1_000_999), 1_061);
    }

    #[test]
    fn a_key_is_expired_from_the_second_of_its_expires_at() {
        let end = ExpiresAt::from_epoch_seconds(1_060);
        assert!(!end.is_past(Timestamp::from_millis(1_059_999)));
        assert!(end.is_past(Timestamp::from_millis(1_060_000)));
    }

    #[test]
    fn a_lifetime_is_one_second_to_the_limit() {
        assert_eq!(ExpiresIn::new(0, MaxExpiresIn::DEFAULT), None);
        assert!(ExpiresIn::new(31_536_000, MaxExpiresIn::DEFAULT).is_some());
        assert_eq!(ExpiresIn::new(31_536_001, MaxExpiresIn::DEFAULT), None);
    }

    #[test]
    fn the_limit_is_one_second_to_a_hundred_years() {
        assert_eq!(MaxExpiresIn::new(0), None);
        assert!(MaxExpiresIn::new(1).is_some());
        assert!(MaxExpiresIn::new(3_153_600_000).is_some());
        assert_eq!(MaxExpiresIn::new(3_153_600_001), None);
    }
}
