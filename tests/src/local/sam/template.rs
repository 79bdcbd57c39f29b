//! The template for `sam local`: the built template with additions.
//!
//! | Addition | Reason |
//! |---|---|
//! | `AWS_ENDPOINT_URL_DYNAMODB` for every function | `--env-vars` passes on only variables that the template declares; without it a function would call AWS |
//! | `AWS_ENDPOINT_URL_SECRETS_MANAGER` for every function | the same |
//! | the APIs of docs/protected-api.yaml | `protected.rs` |
//!
//! The values of all variables come from `--env-vars`, also because `sam local` resolves two intrinsic functions in
//! another way than CloudFormation: `!Ref ApiKeysTable` to the logical id, and
//! `!If [.., !Ref .., !Ref AWS::NoValue]` to "".

use std::fs;
use std::path::PathBuf;

use super::protected;
use crate::host;

/// The first variable of all functions.
const FIRST: &str = "TABLE_NAME:";

/// Declared for all functions, without a value.
const ADDED: [&str; 2] = ["AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL_SECRETS_MANAGER"];

/// The transformed template, next to the built template, since the functions' folders are relative paths.
pub(super) fn path() -> PathBuf {
    host::repository().join(".aws-sam/local/template-sam-local.yaml")
}

/// Writes the template for `sam local`.
pub(super) fn write() -> Result<(), String> {
    let built = path().with_file_name("template.yaml");
    let text = fs::read_to_string(&built)
        .map_err(|_| format!("{} is missing: run this through `make`", host::relative(&built)))?;
    let transformed = transform(&text).map_err(|cause| format!("{}: {cause}", host::relative(&built)))?;
    let transformed = protected::add(&transformed, &built.with_file_name(""))?;
    // The replacement is atomic, since another `sam local` may read the file.
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
    fn an_unexpected_template_is_an_error() {
        let twice = format!("{BUILT}{BUILT}");
        let declared = format!("{BUILT}#AWS_ENDPOINT_URL_DYNAMODB");
        for template in ["", &twice, &declared, "TABLE_NAME: x\n"] {
            assert!(transform(template).is_err(), "{template}");
        }
    }
}
