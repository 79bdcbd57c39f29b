//! The adapters: each turns an outside shape into a call of a use case, and its result into an answer and a log line.
//!
//! HTTP, events and rotation stand side by side, and none imports another.

pub mod authorization;
pub mod events;
pub mod http;
pub mod rotation;

mod code;
mod request_log;
