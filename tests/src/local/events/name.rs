//! The parts of an event file's name, which is in kebab case.

use crate::rotation::Step;

/// The source of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// API Gateway, a function URL or a load balancer.
    Http {
        /// The expected status.
        status: u16,
    },
    /// A direct invocation, also by Step Functions.
    Direct,
    /// A bus.
    EventBridge,
    /// A topic.
    Sns,
    /// A queue.
    Sqs,
    /// Secrets Manager.
    Rotation,
    /// An API of API Gateway whose authorizer is the function.
    Authorizer,
}

impl Source {
    fn named(word: &str) -> Option<Self> {
        Some(match word {
            "direct" => Self::Direct,
            "eventbridge" => Self::EventBridge,
            "sns" => Self::Sns,
            "sqs" => Self::Sqs,
            "rotation" => Self::Rotation,
            "authorizer" => Self::Authorizer,
            status => Self::Http { status: status.parse().ok()? },
        })
    }
}

/// The expected outcome of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The function creates a key for each request.
    Created,
    /// The function creates a key for each request but the last one.
    CreatedInPart,
    /// The function lists keys.
    Listed,
    /// The function returns one key.
    Read,
    /// The function revokes a key.
    Revoked,
    /// The function completes this step of a rotation.
    Stepped(Step),
    /// The authorizer admits the caller.
    Admitted,
    /// The authorizer refuses the caller.
    NotAdmitted,
    /// The function refuses the last request, usually the only one, with this error code.
    Refused(String),
}

/// Parses the part after the function's name.
pub(super) fn parse(rest: &str) -> Option<(Source, Outcome)> {
    let (source, what) = rest.split_once('-').filter(|(_, what)| !what.is_empty())?;
    let source = Source::named(source)?;
    let step = Step::ALL.into_iter().find(|step| step.name() == camel_case(what));
    let outcome = match (source, step) {
        (Source::Http { status: 201 }, _) => Outcome::Created,
        (Source::Http { status: 200 }, _) if is_first_word(what, "list") => Outcome::Listed,
        (Source::Http { status: 200 }, _) if is_first_word(what, "read") || is_first_word(what, "whoami") => {
            Outcome::Read
        }
        (Source::Http { status: 204 }, _) if is_first_word(what, "revoke") => Outcome::Revoked,
        (Source::Http { status }, _) if status < 400 => return None,
        (Source::Http { .. }, _) => Outcome::Refused(camel_case(what)),
        (Source::Rotation, Some(step)) => Outcome::Stepped(step),
        (Source::Authorizer, _) if is_first_word(what, "admitted") => Outcome::Admitted,
        (Source::Authorizer, _) if is_first_word(what, "refused") => Outcome::NotAdmitted,
        _ if what == "created-in-part" => Outcome::CreatedInPart,
        _ if what == "created" || what.starts_with("created-") => Outcome::Created,
        _ => Outcome::Refused(camel_case(what)),
    };
    Some((source, outcome))
}

fn is_first_word(kebab_case: &str, word: &str) -> bool {
    kebab_case.split('-').next() == Some(word)
}

fn camel_case(kebab_case: &str) -> String {
    let mut words = kebab_case.split('-');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |code, word| code + &capitalised(word))
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_ascii_uppercase().to_string() + letters.as_str()).unwrap_or_default()
}
