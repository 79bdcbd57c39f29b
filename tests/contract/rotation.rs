//! The four rotation steps, for a delivered secret and for the provisioner's, with a real Secrets Manager on a socket.
//!
//! `table` tests the refusals of `tests/data/rotation.tsv`. The other modules test what one step cannot show.

mod gaps;
mod lifetime;
mod provisioner;
mod refusals;
mod revoked;
mod scene;
mod services;
mod shapes;
mod stale;
mod successor;
mod table;
