//! The command line. An unknown command prints the usage.

use std::path::PathBuf;

use super::address::SAM_API_PORT;
use crate::function::Function;

const USAGE: &str = "usage: local run | demo | events | invoke [jwt|key] FILE | rotate | \
    sam-invoke FILE | sam-api [PORT] | token [--role ROLE] [--id NUMBER] [--expires-in SECONDS] | with COMMAND [ARGUMENT ...]";

/// A command.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Command {
    Run,
    Demo,
    Events,
    Invoke { function: Option<Function>, file: PathBuf },
    Rotate,
    SamInvoke { file: PathBuf },
    SamApi { port: u16 },
    Token { role: String, id: u64, expires_in: i64 },
    With { command: Vec<String> },
}

impl Command {
    pub(super) fn parse(arguments: &[String]) -> Result<Self, String> {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        match arguments.as_slice() {
            ["run"] => Ok(Self::Run),
            ["demo"] => Ok(Self::Demo),
            ["events"] => Ok(Self::Events),
            ["rotate"] => Ok(Self::Rotate),
            ["invoke", file] => Ok(Self::Invoke { function: None, file: PathBuf::from(file) }),
            ["invoke", function, file] => {
                let function = Function::named(function).ok_or(USAGE)?;
                Ok(Self::Invoke { function: Some(function), file: PathBuf::from(file) })
            }
            ["sam-invoke", file] => Ok(Self::SamInvoke { file: PathBuf::from(file) }),
            ["sam-api"] => Ok(Self::SamApi { port: SAM_API_PORT }),
            ["sam-api", port] => Ok(Self::SamApi { port: port.parse().map_err(|_| USAGE)? }),
            ["token", options @ ..] => token(options),
            ["with", command @ ..] if !command.is_empty() => {
                Ok(Self::With { command: command.iter().copied().map(str::to_owned).collect() })
            }
            _ => Err(USAGE.to_owned()),
        }
    }
}

fn token(options: &[&str]) -> Result<Command, String> {
    let (mut role, mut id, mut expires_in) = ("user", 61, 3600);
    let number = |name: &str, text: &str| format!("{name} must be a whole number, not {text:?}");
    for option in options.chunks(2) {
        match option {
            ["--role", text] => role = text,
            ["--id", text] => id = text.parse().map_err(|_| number("--id", text))?,
            ["--expires-in", text] => expires_in = text.parse().map_err(|_| number("--expires-in", text))?,
            _ => return Err(USAGE.to_owned()),
        }
    }
    Ok(Command::Token { role: role.to_owned(), id, expires_in })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Command, String> {
        Command::parse(&line.split(' ').map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn a_token_is_for_an_ordinary_user_by_default() {
        let expected = Command::Token { role: "user".into(), id: 61, expires_in: 3600 };
        assert_eq!(parse("token"), Ok(expected));
        let expected = Command::Token { role: "curator".into(), id: 7, expires_in: -1 };
        assert_eq!(parse("token --role curator --expires-in -1 --id 7"), Ok(expected));
    }

    #[test]
    fn an_event_goes_to_one_of_the_two_functions() {
        let file = PathBuf::from("events/x.json");
        let expected = Command::Invoke { function: Some(Function::Key), file: file.clone() };
        assert_eq!(parse("invoke key events/x.json"), Ok(expected));
        assert_eq!(parse("invoke events/x.json"), Ok(Command::Invoke { function: None, file }));
    }

    #[test]
    fn sam_api_listens_on_port_3000_by_default() {
        assert_eq!(parse("sam-api"), Ok(Command::SamApi { port: 3000 }));
        assert_eq!(parse("sam-api 3001"), Ok(Command::SamApi { port: 3001 }));
    }

    #[test]
    fn a_command_keeps_its_arguments() {
        let command = vec!["st".to_owned(), "run".to_owned(), "--all".to_owned()];
        assert_eq!(parse("with st run --all"), Ok(Command::With { command }));
    }

    #[test]
    fn any_other_command_line_is_an_error_with_its_cause() {
        for line in [
            "",
            "start",
            "run fast",
            "invoke",
            "invoke other file",
            "rotate it",
            "sam-invoke",
            "sam-api x",
            "token --role",
            "token --level 3",
            "with",
        ] {
            assert_eq!(parse(line), Err(USAGE.to_owned()), "{line}");
        }
        assert_eq!(parse("token --id x"), Err("--id must be a whole number, not \"x\"".to_owned()));
    }
}
