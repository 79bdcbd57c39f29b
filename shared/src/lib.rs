//! The core that both functions share. Each folder imports only the folders above it in this list:
//!
//! - [`text`] reads JSON strictly.
//! - [`domain`] has the values: each checks itself in its constructor, and nothing does I/O.
//! - [`platform`] is what the process provides: time, randomness, deadlines, configuration and the log.
//! - [`outbound`] calls AWS services, and alone knows the AWS SDK.
//! - [`keys`] has the use cases, one file each: verify, create, deliver, rotate.
//! - [`inbound`] has the adapters: HTTP, events and rotation, side by side.
//! - [`lambda`] runs the process and dispatches each invocation.

pub mod domain;
pub mod inbound;
pub mod keys;
pub mod lambda;
pub mod outbound;
pub mod platform;
pub mod text;
