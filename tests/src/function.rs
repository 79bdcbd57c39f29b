//! The two functions, their names and their environments.
//!
//! An environment is complete: the function needs no other variables to start.

use std::path::PathBuf;

use crate::dynamo::{REGION, TABLE_NAME};
use crate::host;
use crate::token::{AUDIENCE, ISSUER};

/// One of the two functions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Function {
    /// Creates a key with a JSON Web Token.
    Jwt,
    /// Creates a key with an existing key.
    Key,
}

impl Function {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Jwt, Self::Key];

    /// The function of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|function| function.name() == name)
    }

    /// The program's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Jwt => "jwt",
            Self::Key => "key",
        }
    }

    /// The logical ID in `template.yaml`, which is also the name of the folder of `sam build`.
    #[must_use]
    pub const fn logical_name(self) -> &'static str {
        match self {
            Self::Jwt => "JwtFunction",
            Self::Key => "KeyFunction",
        }
    }

    /// The program that `sam build` has built.
    ///
    /// # Panics
    ///
    /// Panics with one line if the program is missing or the tests don't run through `make test`, which sets its path.
    #[must_use]
    pub fn program(self) -> PathBuf {
        let artifacts = host::variable("APIKEYS_ARTIFACTS").expect("APIKEYS_ARTIFACTS is set: run this through `make`");
        let program = PathBuf::from(artifacts).join(self.logical_name()).join("bootstrap");
        assert!(program.is_file(), "{} is missing: run this through `make`", program.display());
        program
    }

    /// The path of the function's endpoint.
    #[must_use]
    pub const fn path(self) -> &'static str {
        match self {
            Self::Jwt => "/apikeys/jwt",
            Self::Key => "/apikeys/key",
        }
    }

    /// The environment of the function on this machine: the variables of the template and those of AWS.
    #[must_use]
    pub fn environment(self, dynamodb: &str, jwt_secret: &str) -> Vec<(String, String)> {
        let jwt = [("JWT_ISSUER", ISSUER), ("JWT_AUDIENCE", AUDIENCE), ("JWT_SECRET", jwt_secret)];
        let common = [
            ("TABLE_NAME", TABLE_NAME),
            ("AWS_ENDPOINT_URL_DYNAMODB", dynamodb),
            ("AWS_REGION", REGION),
            ("AWS_ACCESS_KEY_ID", "local"),
            ("AWS_SECRET_ACCESS_KEY", "local"),
        ];
        let jwt = jwt.into_iter().filter(|_| self == Self::Jwt);
        owned(common.into_iter().chain(jwt))
    }

    /// The additional variables for events.
    #[must_use]
    pub fn events_environment(
        self,
        secrets_manager: &str,
        delivery_prefix: &str,
        provisioner_arn: &str,
    ) -> Vec<(String, String)> {
        let key = [("PROVISIONER_SECRET_ARN", provisioner_arn)].into_iter().filter(|_| self == Self::Key);
        let common = [
            ("DELIVERY_PREFIX", delivery_prefix),
            ("ALLOW_PLAINTEXT_RESULT", "false"),
            ("AWS_ENDPOINT_URL_SECRETS_MANAGER", secrets_manager),
        ];
        owned(common.into_iter().chain(key))
    }
}

fn owned<'a>(variables: impl Iterator<Item = (&'a str, &'a str)>) -> Vec<(String, String)> {
    variables.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}
