//! The APIs of docs/protected-api.yaml in the template for `sam local`, which invokes only functions of one template.
//!
//! | Change of the example | Reason |
//! |---|---|
//! | one copy for each authorizer, at `/<jwt or key>/<http or rest>` | `sam local` serves all APIs at one address |
//! | the authorizer's function instead of `AuthorizerArn` | that parameter has no value here |
//! | a file instead of `InlineCode` | `sam local` runs no inline code |
//!
//! `sam local` ignores the TTL, since it has no cache.

use std::fs;
use std::path::Path;

use crate::function::Function;
use crate::host;

/// The folder of the back end's code, next to the template.
const FOLDER: &str = "ProtectedApi";
const INLINE: &str = "      InlineCode: |\n";

/// Adds the APIs to a template, and writes the back end's code next to it.
pub(super) fn add(template: &str, folder: &Path) -> Result<String, String> {
    let example = host::repository().join("docs/protected-api.yaml");
    let text = fs::read_to_string(&example).map_err(|error| format!("{}: {error}", host::relative(&example)))?;
    let (resources, code) = split(&text).ok_or_else(|| format!("{}: no inline code", host::relative(&example)))?;
    let file = folder.join(FOLDER).join("index.py");
    let written = fs::create_dir_all(folder.join(FOLDER)).and_then(|()| fs::write(&file, code));
    written.map_err(|error| format!("{}: {error}", host::relative(&file)))?;
    let copies: String = Function::ALL.map(|function| copy(&resources, function)).concat();
    Ok(template.replacen("\nResources:\n", &format!("\nResources:\n{copies}"), 1))
}

/// The resources without the inline code, and the code.
fn split(example: &str) -> Option<(String, String)> {
    let (_, resources) = example.split_once("\nResources:\n")?;
    let (resources, _) = resources.split_once("\nOutputs:\n")?;
    let (before, rest) = resources.split_once(INLINE)?;
    let is_code = |line: &&str| line.is_empty() || line.starts_with("        ");
    let code = rest.lines().take_while(is_code).map(|line| line.get(8..).unwrap_or_default());
    let (code, after) = (lines(code), lines(rest.lines().skip_while(is_code)));
    Some((format!("{before}      CodeUri: {FOLDER}\n{after}"), code))
}

/// The resources with the authorizer of one function.
fn copy(resources: &str, function: Function) -> String {
    let (name, title) = match function {
        Function::Jwt => ("jwt", "Jwt"),
        Function::Key => ("key", "Key"),
    };
    let route = |line: &str| match () {
        () if line.contains(" ApiId: ") => line.replace("Path: ", &format!("Path: /{name}/http")),
        () if line.contains(" RestApiId: ") => line.replace("Path: ", &format!("Path: /{name}/rest")),
        () => line.to_owned(),
    };
    lines(resources.lines().map(route))
        .replace("!Ref AuthorizerArn", &format!("!GetAtt {title}AuthorizerFunction.Arn"))
        .replace("!Ref AuthorizerTtl", "0")
        .replace("ProtectedHttpApi", &format!("{title}ProtectedHttpApi"))
        .replace("ProtectedRestApi", &format!("{title}ProtectedRestApi"))
        .replace("BackendFunction", &format!("{title}BackendFunction"))
}

fn lines<T: AsRef<str>>(lines: impl Iterator<Item = T>) -> String {
    lines.map(|line| format!("{}\n", line.as_ref())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXAMPLE: &str = "\
Parameters: {}

Resources:
  BackendFunction:
    Properties:
      InlineCode: |
        first

          third
      Events:
        One: { ApiId: !Ref ProtectedHttpApi, Method: GET, Path: /caller }
        Two: { RestApiId: !Ref ProtectedRestApi, Method: GET, Path: /caller }
        Arn: !Ref AuthorizerArn

Outputs:
  Url: {}
";

    #[test]
    fn each_copy_has_its_paths_its_authorizer_and_the_code_in_a_file() {
        let (resources, code) = split(EXAMPLE).unwrap();
        assert_eq!(code, "first\n\n  third\n");
        let expected = "  KeyBackendFunction:
    Properties:
      CodeUri: ProtectedApi
      Events:
        One: { ApiId: !Ref KeyProtectedHttpApi, Method: GET, Path: /key/http/caller }
        Two: { RestApiId: !Ref KeyProtectedRestApi, Method: GET, Path: /key/rest/caller }
        Arn: !GetAtt KeyAuthorizerFunction.Arn
";
        assert_eq!(copy(&resources, Function::Key), expected);
        assert!(copy(&resources, Function::Jwt).contains("Path: /jwt/http/caller"));
    }
}
