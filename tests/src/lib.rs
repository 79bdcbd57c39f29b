//! Support for the tests, and the local stack of `make run`. No function depends on this crate.

pub mod background;
pub mod dynamo;
pub mod emulator;
pub mod event;
pub mod fault;
pub mod fence;
pub mod figures;
pub mod function;
pub mod host;
pub mod http;
pub mod load;
pub mod local;
pub mod process;
pub mod rng;
pub mod rotation;
pub mod sandbox;
pub mod secrets_manager;
pub mod stored_key;
pub mod template;
pub mod tls;
pub mod token;
