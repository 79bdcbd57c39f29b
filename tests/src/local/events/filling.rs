//! Fills the placeholders of an event's text with new values.
//!
//! No value needs escaping, so a placeholder may be in JSON text inside other JSON.

use super::Backend;
use crate::local::placeholder::Placeholder;
use crate::rotation::Rotation;
use crate::secrets_manager::new_token;
use crate::stored_key::StoredKey;

/// Replaces each placeholder of a text. All occurrences of a placeholder get the same value, since payload format 1.0
/// has each header twice.
///
/// # Errors
///
/// Returns one line if a placeholder is invalid, or the table or the secrets can't be written.
pub async fn fill(text: &str, backend: &Backend<'_>) -> Result<String, String> {
    let mut filled = text.to_owned();
    let mut made = Made::default();
    while let Some((_, after)) = filled.split_once("{{") {
        let (placeholder, _) = after.split_once("}}").ok_or("a placeholder has no end")?;
        let value = value(placeholder, backend, &mut made).await?;
        check(placeholder, &value)?;
        filled = filled.replace(&format!("{{{{{placeholder}}}}}"), &value);
    }
    Ok(filled)
}

/// What later placeholders of the same text refer to.
#[derive(Default)]
struct Made {
    rotation: Option<Rotation>,
    /// The id of the key of the last `{{basic}}`.
    own: Option<String>,
}

async fn value(placeholder: &str, backend: &Backend<'_>, made: &mut Made) -> Result<String, String> {
    match placeholder.parse()? {
        Placeholder::Bearer(claims) => Ok(format!("Bearer {}", claims.sign(backend.signer))),
        Placeholder::Basic(stored, authorization) => {
            backend.table.try_put_item(stored.item).await?;
            made.own = Some(stored.key);
            Ok(authorization)
        }
        Placeholder::Key => {
            let stored = StoredKey::new();
            backend.table.try_put_item(stored.item).await?;
            Ok(stored.key)
        }
        Placeholder::Own => made.own.clone().ok_or_else(|| "{{own}} needs a {{basic}} before it".to_owned()),
        Placeholder::Id => Ok(new_token()),
        Placeholder::TakenName => {
            let deliver_to = new_token();
            backend.secrets.try_create(&backend.secret_name(&deliver_to), "{}").await?;
            Ok(deliver_to)
        }
        Placeholder::Secret(state) => {
            let begun = state.begin(backend).await?;
            Ok(made.rotation.insert(begun).arn().to_owned())
        }
        Placeholder::Token => {
            let begun = made.rotation.as_ref().ok_or("{{token}} needs a {{secret}} before it")?;
            Ok(begun.token().to_owned())
        }
    }
}

fn check(placeholder: &str, value: &str) -> Result<(), String> {
    let is_plain = |character: char| !character.is_control() && !"\"\\{}".contains(character);
    let message = || format!("the value of {{{{{placeholder}}}}} needs escaping");
    value.chars().all(is_plain).then_some(()).ok_or_else(message)
}

impl Backend<'_> {
    /// The name of a secret of user 61, the default user of all placeholders.
    pub(in crate::local) fn secret_name(&self, deliver_to: &str) -> String {
        format!("{}61/{deliver_to}", self.delivery_prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn a_value_that_requires_escaping_is_an_error() {
        for value in ["Bearer a.b-c_d", "Basic a+b/c==", "arn:aws:secretsmanager:us-east-1:1:secret:a/b-AbCd12"] {
            assert_eq!(check("x", value), Ok(()));
        }
        for value in ["a\"b", "a\\b", "a\nb", "{{id}}"] {
            assert_eq!(check("x", value).unwrap_err(), "the value of {{x}} needs escaping", "{value}");
        }
    }
}
