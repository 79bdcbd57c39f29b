//! Neighbours of the rows of `cases.tsv`: inputs that no case lists, checked against the same rules.
//!
//! Each neighbour has an id in `tests/data/neighbours.tsv`, such as `A+1` for group A.

mod authorization;
mod basic;
mod body;
mod claims;
mod fields;
mod gateway;
mod rbac;
mod token;

use super::{Rows, World, assert_rows};

#[tokio::test]
async fn the_rules_also_hold_for_the_neighbours_of_the_cases() {
    let world = World::new().await;
    assert_rows(&world, rows(&world).await).await;
}

pub(super) async fn rows(world: &World) -> Rows {
    let groups = [
        authorization::rows(world),
        token::rows(world),
        claims::rows(world),
        basic::rows(world).await,
        body::rows(world),
        fields::rows(world),
        rbac::rows(world).await,
        gateway::rows(world).await,
    ];
    let mut all = Rows::new();
    all.rows.extend(groups.into_iter().flat_map(|rows| rows.rows));
    all
}
