//! The core of API key creation, common to both functions.
//!
//! The flow reads like the contract: authenticate, authorize, parse the body, grant, issue, insert, answer.
//! Decisions are pure functions over values; only [`store`], [`clock`] and [`entropy`] act on the world.

pub mod clock;
pub mod config;
pub mod entropy;
pub mod error;
pub mod event;
pub mod expiry;
pub mod function;
pub mod http;
pub mod issue;
pub mod json;
pub mod key_name;
pub mod level;
pub mod log;
pub mod new_key;
pub mod number;
pub mod principal;
pub mod record;
pub mod runtime;
pub mod secret;
pub mod store;
pub mod user_id;
pub mod verify;
