//! The services that requests come from.

/// Where a request comes from.
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

    /// Whether the source keeps what it carries, and returns no answer to the sender.
    #[must_use]
    pub const fn is_bus(self) -> bool {
        !matches!(self, Self::Direct)
    }
}
