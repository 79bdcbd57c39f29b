//! The adapters. Each converts an event into a call of a use case, and the result into an answer and a log line.
//!
//! The adapters are HTTP, events, rotation and Lambda authorizers. No adapter imports another.

pub mod authorization;
pub mod authorizer;
pub mod events;
pub mod http;
pub mod rotation;

mod code;
mod headers;
mod request_log;
