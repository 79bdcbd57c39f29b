//! Time, randomness, deadlines, configuration and the log of the process.

pub mod config;
pub mod log;

mod call;
mod clock;
mod deadline;
mod entropy;
mod guard;

pub use call::Call;
pub use deadline::Deadline;
pub use entropy::Randomness;
pub(crate) use guard::guarded;
