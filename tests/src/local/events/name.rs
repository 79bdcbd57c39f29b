//! What the name of an event file says.
//!
//! Its words are kebab case, so that an error code in it reads as one.

use crate::rotation::Step;

/// Who sends the event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// A gateway, a function URL or a load balancer, for a client that gets this status.
    Http {
        /// The status of the answer.
        status: u16,
    },
    /// Whoever may invoke the function; Step Functions too.
    Direct,
    /// A bus.
    EventBridge,
    /// A topic.
    Sns,
    /// A queue.
    Sqs,
    /// Secrets Manager.
    Rotation,
}

impl Source {
    fn named(word: &str) -> Option<Self> {
        Some(match word {
            "direct" => Self::Direct,
            "eventbridge" => Self::EventBridge,
            "sns" => Self::Sns,
            "sqs" => Self::Sqs,
            "rotation" => Self::Rotation,
            status => Self::Http { status: status.parse().ok()? },
        })
    }
}

/// What the function does with the event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It makes a key for each request.
    Created,
    /// It makes a key for each request but the last one.
    CreatedInPart,
    /// It does this step of a rotation.
    Stepped(Step),
    /// It refuses the last request, which most often is the only one, with this error code.
    Refused(String),
}

/// Reads what stands behind the function's name.
pub(super) fn parse(rest: &str) -> Option<(Source, Outcome)> {
    let (source, what) = rest.split_once('-').filter(|(_, what)| !what.is_empty())?;
    let source = Source::named(source)?;
    let step = Step::ALL.into_iter().find(|step| step.name() == camel_case(what));
    let outcome = match (source, step) {
        (Source::Http { status }, _) if status < 400 => Outcome::Created,
        (Source::Http { .. }, _) => Outcome::Refused(camel_case(what)),
        (Source::Rotation, Some(step)) => Outcome::Stepped(step),
        _ if what == "created-in-part" => Outcome::CreatedInPart,
        _ if what == "created" || what.starts_with("created-") => Outcome::Created,
        _ => Outcome::Refused(camel_case(what)),
    };
    Some((source, outcome))
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
