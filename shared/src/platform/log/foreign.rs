//! What other crates have to say: that they warn or fail, and the line of their code that says so.
//!
//! Their words are never looked at: a message or a field can be made of an error's Debug output, and that of an item.

use tracing_core::span::{Attributes, Id, Record};
use tracing_core::subscriber::Interest;
use tracing_core::{Dispatch, Event, Level, LevelFilter, Metadata, Subscriber, dispatcher};

use super::{Incident, LogLevel, write_line};

/// Says again what an invocation failed with, which the request's own line has said.
const REPEATED_FAILURE: &str = "lambda_runtime::layers::panic";

/// Makes a panic one line that names its place. Its message is left out, since it can quote what it was working on.
pub fn install_panic_hook() {
    std::panic::set_hook(Box::new(|panic| {
        let place =
            panic.location().map_or_else(String::new, |location| format!("{}:{}", location.file(), location.line()));
        write_line(&Incident::new(LogLevel::Error, "panic", &place));
    }));
}

/// Routes other crates' warnings and errors into the log, whatever the environment says.
pub fn install_subscriber() {
    // A subscriber that is there already is a test's, and may stay.
    let _ = dispatcher::set_global_default(Dispatch::new(ForeignEvents));
}

struct ForeignEvents;

impl Subscriber for ForeignEvents {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        if self.enabled(metadata) { Interest::always() } else { Interest::never() }
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_event() && *metadata.level() <= Level::WARN && metadata.target() != REPEATED_FAILURE
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::WARN)
    }

    fn event(&self, event: &Event<'_>) {
        let metadata = event.metadata();
        let level = if *metadata.level() == Level::ERROR { LogLevel::Error } else { LogLevel::Warn };
        let place = format!("{}:{}", metadata.file().unwrap_or("?"), metadata.line().unwrap_or(0));
        write_line(&Incident::new(level, metadata.target(), &place));
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}
