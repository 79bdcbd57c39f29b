//! One request, by what counts in it.
//!
//! Nothing here says what it is answered with.

use tests::fault::Fault;

use super::Refusal;

/// An `Idempotency-Key` that is none.
pub(super) const NO_UUID: &str = "order-1";

/// One request, by what counts in it.
#[derive(Clone, Debug)]
pub(super) struct Ask {
    pub(super) shown: Shown,
    pub(super) name: String,
    pub(super) level: Member,
    pub(super) expires_in: Member,
    pub(super) value: Option<String>,
    /// The ids that a new key gets, the second where the first is taken.
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

/// A member of the body that should be a whole number.
#[derive(Clone, Debug)]
pub(super) enum Member {
    Absent,
    Null,
    Text,
    Fraction,
    Whole(i64),
}

/// What goes wrong on the way to DynamoDB.
#[derive(Clone, Debug)]
pub(super) enum Trouble {
    None,
    /// The first call of each kind, which is tried again.
    Once(Fault),
    /// A transaction is applied, its reply lost, and DynamoDB still busy with it when it is tried again.
    Overtaken,
    /// Every read.
    Reads(Fault),
    /// Every write, and none is applied.
    Writes(Fault),
    /// The reply to every write, which is applied.
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

    /// The member as JSON, where it is there; a whole number in one of its spellings.
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
