//! `POST /apikeys/jwt`: who is calling is proven by a JSON Web Token. RFC 7515, RFC 7519, RFC 8725.
//!
//! The algorithm is fixed by the configured key and never read from the token. No user and no key is looked up.

mod claims;
mod header;
mod kept_secret;
mod key_source;
mod provider;
mod roles;
mod self_test;
mod token;
mod verification_key;

pub use token::TokenVerifier;
