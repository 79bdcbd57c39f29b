//! The sources of event requests.

/// The source of an event request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// A direct invocation, whose caller reads the answer.
    Direct,
    /// EventBridge.
    EventBridge,
    /// SNS.
    Sns,
    /// SQS.
    Sqs,
}

impl Source {
    /// The name in the log.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::EventBridge => "eventBridge",
            Self::Sns => "sns",
            Self::Sqs => "sqs",
        }
    }

    /// Whether the source is a bus: others can store its events, and nobody reads the answer.
    #[must_use]
    pub const fn is_bus(self) -> bool {
        !matches!(self, Self::Direct)
    }
}
