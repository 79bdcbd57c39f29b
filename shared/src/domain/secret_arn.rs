//! The ARN of a secret in Secrets Manager.

/// The full ARN of a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretArn(String);

impl SecretArn {
    /// Parses `arn:<partition>:secretsmanager:<region>:<account>:secret:<name>-<six random characters>`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        secret_name(text).map(|_| Self(text.to_owned()))
    }

    /// The ARN as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The Region in the ARN of a secret.
#[must_use]
pub fn secret_region(arn: &str) -> Option<&str> {
    secret_name(arn).and(arn.split(':').nth(3))
}

/// The name in the ARN of a secret, without the hyphen and the six characters that Secrets Manager appends.
#[must_use]
pub fn secret_name(arn: &str) -> Option<&str> {
    let parts: Vec<&str> = arn.splitn(7, ':').collect();
    let ["arn", _, "secretsmanager", _, _, "secret", resource] = parts.as_slice() else {
        return None;
    };
    let (name, suffix) = resource.rsplit_once('-')?;
    let is_whole = !name.is_empty() && suffix.len() == 6 && resource.bytes().all(is_in_secret_name);
    is_whole.then_some(name)
}

/// Whether the name of a secret may contain this byte (AWS Secrets Manager API Reference, "CreateSecret").
#[must_use]
pub const fn is_in_secret_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'_' | b'+' | b'=' | b'.' | b'@' | b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arn_ends_with_the_name_and_six_characters() {
        let arn = |resource: &str| format!("arn:aws:secretsmanager:eu-west-1:123456789012:secret:{resource}");
        assert_eq!(secret_name(&arn("apikeys/61/ci-AbCd12")), Some("apikeys/61/ci"));
        assert_eq!(secret_name(&arn("apikeys/61/ci-a-AbCd12")), Some("apikeys/61/ci-a"));
        assert_eq!(secret_region(&arn("ci-AbCd12")), Some("eu-west-1"));
        assert_eq!(secret_region("apikeys:61:ci:eu-west-1"), None);
        for text in [
            "",
            "apikeys/61/ci",
            &arn("ci"),
            &arn("-AbCd12"),
            &arn("ci-AbCd1"),
            &arn("a:b-AbCd12"),
            "arn:aws:kms:eu-west-1:123456789012:secret:ci-AbCd12",
            "arn:aws:secretsmanager:eu-west-1:123456789012:key:ci-AbCd12",
        ] {
            assert_eq!(secret_name(text), None, "{text}");
        }
    }
}
