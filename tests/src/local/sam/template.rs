//! The template for `sam local`: the built one, with what `sam local` lacks.
//!
//! | What is added | Why |
//! |---|---|
//! | `AWS_ENDPOINT_URL_DYNAMODB` for every function | `--env-vars` passes on only variables that the template declares; without it a function would call AWS |
//! | `AWS_ENDPOINT_URL_SECRETS_MANAGER` for every function | the same |
//!
//! The values of all variables come from `--env-vars`. That also mends two intrinsic functions that `sam local` does not
//! resolve as CloudFormation does: `!Ref ApiKeysTable` becomes the logical id, and `!If [.., !Ref .., !Ref AWS::NoValue]` "".

use std::fs;
use std::path::PathBuf;

use crate::host;

/// The first of the variables that all functions have.
const FIRST: &str = "TABLE_NAME:";

/// Declared for all functions, without a value.
const ADDED: [&str; 2] = ["AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL_SECRETS_MANAGER"];

/// The transformed template. It lies beside the built one, whose functions' folders are named relative to it.
pub(super) fn path() -> PathBuf {
    host::repository().join(".aws-sam/local/template-sam-local.yaml")
}

/// Writes the template for `sam local`.
pub(super) fn write() -> Result<(), String> {
    let built = path().with_file_name("template.yaml");
    let text = fs::read_to_string(&built)
        .map_err(|_| format!("{} is missing: run this through `make`", host::relative(&built)))?;
    let transformed = transform(&text).map_err(|cause| format!("{}: {cause}", host::relative(&built)))?;
    // Another `sam local` may read the file at this moment, so it is replaced as a whole.
    let unfinished = path().with_extension(hex::encode(host::random::<4>()));
    let replaced = fs::write(&unfinished, transformed).and_then(|()| fs::rename(&unfinished, path()));
    replaced.map_err(|error| format!("{}: {error}", host::relative(&path())))
}

fn transform(template: &str) -> Result<String, String> {
    if let Some(name) = ADDED.iter().find(|name| template.contains(*name)) {
        return Err(format!("{name} is declared already"));
    }
    let mut firsts = template.lines().filter(|line| line.trim_start() == FIRST);
    let (Some(first), None) = (firsts.next(), firsts.next()) else {
        return Err(format!("{FIRST} must be declared once, for all functions"));
    };
    let indent = &first[..first.len() - FIRST.len()];
    let added: String = ADDED.iter().map(|name| format!("{indent}{name}: \"\"\n")).collect();
    Ok(template.replacen(&format!("{first}\n"), &format!("{added}{first}\n"), 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUILT: &str = "\
Globals:
  Function:
    Environment:
      Variables:
        TABLE_NAME:
          Ref: ApiKeysTable
        LOG_LEVEL: INFO
Resources: {}
";

    #[test]
    fn both_endpoints_are_declared_for_every_function() {
        let expected = BUILT.replace(
            "        TABLE_NAME:\n",
            "        AWS_ENDPOINT_URL_DYNAMODB: \"\"\n        AWS_ENDPOINT_URL_SECRETS_MANAGER: \"\"\n        TABLE_NAME:\n",
        );
        assert_eq!(transform(BUILT), Ok(expected));
    }

    #[test]
    fn a_template_that_is_not_as_expected_is_an_error() {
        let twice = format!("{BUILT}{BUILT}");
        let declared = format!("{BUILT}#AWS_ENDPOINT_URL_DYNAMODB");
        for template in ["", &twice, &declared, "TABLE_NAME: x\n"] {
            assert!(transform(template).is_err(), "{template}");
        }
    }
}
