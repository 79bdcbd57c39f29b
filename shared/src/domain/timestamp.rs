//! A moment as a value.

use std::time::Duration;

use time::OffsetDateTime;

/// A moment in UTC, in milliseconds since the Unix epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp(u64);

impl Timestamp {
    /// A moment given in milliseconds since the Unix epoch.
    #[must_use]
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// The moment that is `elapsed` after this one.
    #[must_use]
    pub fn after(self, elapsed: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX)))
    }

    /// The time since an earlier moment; `None` if `earlier` is later, as after the clock was set back.
    #[must_use]
    pub fn since(self, earlier: Self) -> Option<Duration> {
        self.0.checked_sub(earlier.0).map(Duration::from_millis)
    }

    /// Milliseconds since the Unix epoch.
    #[must_use]
    pub const fn millis(self) -> u64 {
        self.0
    }

    /// Whole seconds since the Unix epoch, rounded down.
    #[must_use]
    pub const fn seconds(self) -> u64 {
        self.0 / 1000
    }

    /// Whole seconds since the Unix epoch, rounded up.
    #[must_use]
    pub const fn seconds_rounded_up(self) -> u64 {
        self.0.div_ceil(1000)
    }

    /// RFC 3339 in UTC with milliseconds, for example `2022-11-06T15:57:30.000Z`. A moment after the year 9999 is
    /// written as a moment in the first second of 1970.
    #[must_use]
    pub fn to_rfc3339(self) -> String {
        let moment = i64::try_from(self.seconds())
            .ok()
            .and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok())
            .unwrap_or(OffsetDateTime::UNIX_EPOCH);
        format!(
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
            moment.year(),
            u8::from(moment.month()),
            moment.day(),
            moment.hour(),
            moment.minute(),
            moment.second(),
            self.0 % 1000
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timestamp_is_written_as_rfc3339_with_milliseconds_and_z() {
        for (millis, expected) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (1_667_750_250_000, "2022-11-06T15:57:30.000Z"),
            (1_709_164_800_001, "2024-02-29T00:00:00.001Z"),
            (1_735_689_599_999, "2024-12-31T23:59:59.999Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
        ] {
            assert_eq!(Timestamp::from_millis(millis).to_rfc3339(), expected);
        }
    }

    #[test]
    fn rounding_up_does_not_change_a_whole_second() {
        assert_eq!(Timestamp::from_millis(1_000).seconds_rounded_up(), 1);
        assert_eq!(Timestamp::from_millis(1_001).seconds_rounded_up(), 2);
        assert_eq!(Timestamp::from_millis(1_999).seconds(), 1);
    }
}
