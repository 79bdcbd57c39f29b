//! The core of API key creation, common to both functions.
//!
//! The flow reads like the contract: authenticate, authorize, parse the body, grant, insert, answer. Decisions are pure
//! functions over values. These act: [`store`], [`clock`], [`entropy`], [`config`], [`runtime`] and the log; [`verify`],
//! [`function`] and the modules behind it put decisions and acts in order.

pub mod call;
pub mod clock;
pub mod config;
pub mod deadline;
pub mod entropy;
pub mod error;
pub mod function;
pub mod http;
pub mod json;
pub mod level;
pub mod number;
pub mod principal;
pub mod record;
pub mod runtime;
pub mod secret;
pub mod store;
pub mod user_id;
pub mod verify;

mod aws;
mod create;
mod created;
mod digest;
mod event;
mod expiry;
mod idempotency;
mod key_name;
mod key_request;
mod log;
