//! The core that both functions share. Each folder imports only the folders above it in this list:
//!
//! - [`text`] reads JSON strictly.
//! - [`domain`] contains the values. Each constructor validates its value; no module does I/O.
//! - [`platform`] provides time, randomness, deadlines, configuration and the log.
//! - [`outbound`] calls AWS services. Only this folder uses the AWS SDK.
//! - [`keys`] contains the use cases, one file each: verify, create, list, read, revoke, deliver, rotate.
//! - [`inbound`] contains the adapters for HTTP, events and rotation.
//! - [`lambda`] runs the process and dispatches each invocation.

pub mod domain;
pub mod inbound;
pub mod keys;
pub mod lambda;
pub mod outbound;
pub mod platform;
pub mod text;
