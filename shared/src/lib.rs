//! The core of API key creation, common to both functions.
//!
//! The flow reads like the contract: authenticate, authorize, parse the body, grant, insert, answer. Decisions are pure
//! functions over values. These act: [`store`], [`clock`], [`entropy`], [`config`], [`runtime`] and the log; [`verify`],
//! [`function`] and the modules behind it put decisions and acts in order.

pub mod authenticate;
pub mod authorization;
pub mod call;
pub mod clock;
pub mod config;
pub mod deadline;
pub mod delivered_key;
pub mod entropy;
pub mod error;
pub mod function;
pub mod http;
pub mod json;
pub mod level;
pub mod log;
pub mod number;
pub mod principal;
pub mod provision;
pub mod record;
pub mod runtime;
pub mod secret;
pub mod secrets;
pub mod store;
pub mod user_id;
pub mod verify;

mod aws;
mod batch;
mod create;
mod created;
mod delivery;
mod destination;
mod digest;
mod event;
mod expiry;
mod idempotency;
mod key_name;
mod key_request;
mod rotation;
