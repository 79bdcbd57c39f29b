//! `POST /apikeys/jwt`: authenticates the caller by a JSON Web Token. RFC 7515, RFC 7519, RFC 8725.
//!
//! The configured keys determine the algorithms, never the token. A token causes no lookup of a user or a key.

mod claim_name;
mod claims;
mod header;
mod identity;
mod kept_secret;
mod key_source;
mod keys;
mod provider;
mod public_key;
mod roles;
mod self_test;
mod token;
mod verification_key;

pub use token::TokenVerifier;
