//! The warnings and errors of other crates: the level, and the place in their code.
//!
//! Their messages and fields are never logged: they can contain the Debug output of an error, and that of an item.

use tracing_core::span::{Attributes, Id, Record};
use tracing_core::subscriber::Interest;
use tracing_core::{Dispatch, Event, Level, LevelFilter, Metadata, Subscriber, dispatcher};

use super::{Incident, LogLevel, write_line};

/// Logs a panic as one line with its place. The message is left out, since it can quote a value of the request.
pub fn install_panic_hook() {
    std::panic::set_hook(Box::new(|panic| {
        let place =
            panic.location().map_or_else(String::new, |location| format!("{}:{}", location.file(), location.line()));
        write_line(&Incident::new(LogLevel::Error, "panic", &place));
    }));
}

/// Logs the warnings and errors of other crates. No environment variable changes this.
pub fn install_subscriber() {
    // An existing subscriber belongs to a test and stays.
    let _ = dispatcher::set_global_default(Dispatch::new(ForeignEvents));
}

struct ForeignEvents;

impl Subscriber for ForeignEvents {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        if self.enabled(metadata) { Interest::always() } else { Interest::never() }
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_event() && *metadata.level() <= Level::WARN
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
