//! Where a new key's secret is delivered: a name in Secrets Manager that no event can choose freely.

use crate::error::EventError;
use crate::json::Value;
use crate::user_id::UserId;

/// The longest end of a name, in characters.
const MAX_CHARS: usize = 64;

/// The end of a secret's name, which the event chooses: letters, digits, `_` and `-`, so that it can't leave its folder.
#[derive(Clone, Debug)]
pub struct DeliverTo(String);

impl DeliverTo {
    /// Reads the member `deliverTo`; `None` where it is absent.
    ///
    /// # Errors
    /// [`EventError::DeliverToInvalid`].
    pub fn from_member(member: Option<&Value<'_>>) -> Result<Option<Self>, EventError> {
        match member {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if is_valid(text) => Ok(Some(Self(text.to_string()))),
            Some(_) => Err(EventError::DeliverToInvalid),
        }
    }

    /// The name of the secret: `<prefix><userId>/<deliverTo>`.
    #[must_use]
    pub fn secret_name(&self, prefix: &str, user_id: UserId) -> String {
        format!("{prefix}{}/{}", user_id.get(), self.0)
    }
}

fn is_valid(text: &str) -> bool {
    (1..=MAX_CHARS).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Object;

    fn name(json: &str) -> Result<Option<String>, EventError> {
        let text = format!(r#"{{"deliverTo":{json}}}"#);
        let object = Object::parse(&text).unwrap();
        let to = DeliverTo::from_member(object.get("deliverTo"))?;
        Ok(to.map(|to| to.secret_name("apikeys/", UserId::new(61).unwrap())))
    }

    #[test]
    fn no_name_leaves_its_users_folder() {
        assert_eq!(name(r#""ci_Build-7""#), Ok(Some("apikeys/61/ci_Build-7".to_owned())));
        assert_eq!(name("null"), Ok(None));
        assert!(name(&format!("\"{}\"", "a".repeat(64))).is_ok());
        for json in [
            r#""""#,
            r#""../7/x""#,
            r#""a/b""#,
            r#""a.b""#,
            r#""a b""#,
            r#""a\u0000""#,
            r#""é""#,
            r#""*""#,
            r#""a:b""#,
            r#""${x}""#,
            "7",
            "[]",
            "{}",
            "true",
            &format!("\"{}\"", "a".repeat(65)),
        ] {
            assert_eq!(name(json), Err(EventError::DeliverToInvalid), "{json}");
        }
    }
}
