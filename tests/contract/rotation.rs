//! Rotation in four steps, of a delivered secret and of the provisioner's own, over a real Secrets Manager on a socket.
//!
//! `table` reads the refusals from `tests/data/rotation.tsv`; the other modules test what no single step shows.

mod gaps;
mod lifetime;
mod provisioner;
mod refusals;
mod scene;
mod services;
mod shapes;
mod successor;
mod table;
