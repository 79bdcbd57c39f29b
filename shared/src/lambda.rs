//! AWS Lambda: the life cycle of the process, and the dispatch of each invocation to its adapter.

mod event;
mod function;
mod runtime;
mod runtime_api;

pub use event::Event;
pub use function::{Authenticator, Function, InvocationError};
pub use runtime::run;
