//! Tests of the contract against the real handlers, with a real DynamoDB on a socket.
//!
//! `matrix` runs the rows of `tests/data/cases.tsv` and `neighbours.tsv`. The other modules test what no row shows.

mod architecture;
mod authorizer;
mod config;
mod connection;
mod coverage;
mod delivery;
mod differential;
mod events;
mod events_matrix;
mod failures;
mod faults;
mod fixtures;
mod hostile;
mod idempotency;
mod idempotency_matrix;
mod interleaved;
mod issuers;
mod jwt_secret;
mod lifecycle;
mod lineage;
mod listing_cost;
mod matrix;
mod model;
mod openapi;
mod public_key;
mod record;
mod revocation;
mod revoke;
mod rotation;
mod site;
mod supply_chain;
mod support;
mod transaction;
