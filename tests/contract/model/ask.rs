//! One request, described by the parts that determine its answer.
//!
//! This module does not contain the expected answers.

use tests::fault::Fault;

use super::Refusal;

/// An invalid `Idempotency-Key`.
pub(super) const NO_UUID: &str = "order-1";

#[derive(Clone, Debug)]
pub(super) struct Ask {
    pub(super) shown: Shown,
    pub(super) name: String,
    pub(super) level: Member,
    pub(super) expires_in: Member,
    pub(super) value: Option<String>,
    /// The ids for a new key. The second id is used if the first is taken.
    pub(super) ids: [String; 2],
    pub(super) trouble: Trouble,
}

#[derive(Clone, Debug)]
pub(super) enum Shown {
    Nothing,
    OtherScheme,
    Several,
    Malformed,
    Token { user: u64, role: Option<i64>, status: i64, expires_at: u64, genuine: bool },
    Key { id: String, genuine: bool },
}

/// A member of the body whose value should be an integer.
#[derive(Clone, Debug)]
pub(super) enum Member {
    Absent,
    Null,
    Text,
    Fraction,
    Whole(i64),
}

/// Faults of the calls of DynamoDB.
#[derive(Clone, Debug)]
pub(super) enum Trouble {
    None,
    /// The first call of each operation fails, and its retry succeeds.
    Once(Fault),
    /// A transaction is applied, but its reply is lost, and the retries find the transaction in progress.
    Overtaken,
    /// Every read fails.
    Reads(Fault),
    /// Every write fails, and none is applied.
    Writes(Fault),
    /// Every write is applied, but its reply is lost.
    Replies,
}

impl Ask {
    pub(super) fn body(&self) -> String {
        let name = Some(format!(r#""name":"{}""#, self.name));
        let members = [name, self.level.written("level"), self.expires_in.written("expiresIn")];
        format!("{{{}}}", members.into_iter().flatten().collect::<Vec<_>>().join(","))
    }
}

impl Member {
    pub(super) fn number(
        &self,
        [missing, not_numeric, invalid]: [&'static str; 3],
        least: i64,
    ) -> Result<i64, Refusal> {
        match self {
            Self::Absent | Self::Null => Err((400, missing)),
            Self::Text => Err((400, not_numeric)),
            Self::Whole(number) if *number >= least => Ok(*number),
            Self::Whole(_) | Self::Fraction => Err((400, invalid)),
        }
    }

    /// The member as JSON, if it is present. An integer has one of several spellings.
    fn written(&self, name: &str) -> Option<String> {
        let value = match self {
            Self::Absent => return None,
            Self::Null => "null".to_owned(),
            Self::Text => r#""3""#.to_owned(),
            Self::Fraction => "2.5".to_owned(),
            Self::Whole(number) if number % 5 == 3 => format!("{number}.0"),
            Self::Whole(number) if number % 5 == 4 => format!("{number}e0"),
            Self::Whole(number) => number.to_string(),
        };
        Some(format!(r#""{name}":{value}"#))
    }
}
