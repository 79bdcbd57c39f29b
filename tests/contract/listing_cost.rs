//! `make prove PROOF=listing`: the cost of a list for users with few and many keys, in a table of a million.

use std::collections::HashMap;
use std::time::Instant;

use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity};
use dynoxide::types;
use tests::dynamo::TABLE_NAME;
use tests::event::Request;
use tests::fault::Proxy;
use tests::token::Claims;
use tests::{figures, host};

use crate::support::{Endpoint, World};

const TABLE: usize = 1_000_000;
/// The users and the number of their keys. The rest of the table belongs to others.
const USERS: [(u64, usize); 3] = [(70, 10), (71, 1_000), (72, 100_000)];
const LIMITS: [u16; 2] = [25, 100];
const SAMPLES: usize = 21;

#[tokio::test]
#[ignore = "a proof, which takes minutes"]
async fn the_cost_of_a_list_does_not_depend_on_the_size_of_the_table() {
    let store = World::new().await;
    let proxy = Proxy::to(store.dynamo.port()).await;
    let mut world = World::with(&[("AWS_ENDPOINT_URL_DYNAMODB", &proxy.endpoint())]).await;
    world.dynamo = store.dynamo;
    let mut users: Vec<u64> = USERS.iter().flat_map(|(user, keys)| std::iter::repeat_n(*user, *keys)).collect();
    users.extend((users.len()..TABLE).map(|number| 1_000 + number as u64 % 9_000));
    for (chunk, users) in users.chunks(50_000).enumerate() {
        world.dynamo.import(users.iter().enumerate().map(|(at, user)| item(chunk * 50_000 + at, *user)).collect());
    }
    let mut lines = vec!["keys of the user\tlimit\trequests to DynamoDB\tread units\tmedian time".to_owned()];
    for (user, keys) in USERS {
        for limit in LIMITS {
            let units = units(&world, user, limit).await;
            let (mut times, before) = (Vec::new(), proxy.requests().len());
            for _ in 0..SAMPLES {
                let request = Request::new("GET", "/apikeys/jwt").query("limit", &limit.to_string());
                let bearer = world.bearer(&Claims::new().with("_id", user));
                let began = Instant::now();
                let answer = world.send(Endpoint::Jwt, &request.header("Authorization", &bearer)).await;
                times.push(began.elapsed());
                assert_eq!(answer.status, 200, "{}", answer.body);
                assert_eq!(answer.body.matches(r#""key":"#).count(), keys.min(limit.into()));
            }
            let requests = (proxy.requests().len() - before) / SAMPLES;
            times.sort();
            let median = times[SAMPLES / 2].as_secs_f64() * 1e3;
            lines.push(format!("{keys}\t{limit}\t{requests}\t{units}\t{median:.1} ms"));
        }
    }
    let report = lines.join("\n") + "\n";
    figures::write("listing", &report);
    print!("{report}");
}

/// The read units of the query behind a page, as DynamoDB reports them.
async fn units(world: &World, user: u64, limit: u16) -> f64 {
    let query = world.dynamo.client().query().table_name(TABLE_NAME).index_name("byUser");
    let query = query.key_condition_expression("userId = :user").scan_index_forward(false).limit(i32::from(limit) + 1);
    let query = query.expression_attribute_values(":user", AttributeValue::N(user.to_string()));
    let reply = query.return_consumed_capacity(ReturnConsumedCapacity::Total).send().await.unwrap();
    reply.consumed_capacity.and_then(|used| used.capacity_units).unwrap_or_default()
}

/// A living key that began its chain.
fn item(number: usize, user: u64) -> types::Item {
    let text = |text: &str| types::AttributeValue::S(text.to_owned());
    let count = |number: i64| types::AttributeValue::N(number.to_string());
    let key = uuid::Uuid::from_u128(0x4000_8000_0000_0000_0000 + number as u128).to_string();
    let created = host::now() - number as i64 % 1_000_000;
    HashMap::from([
        ("key".to_owned(), text(&key)),
        ("chain".to_owned(), text(&key)),
        ("name".to_owned(), text("My first API key")),
        ("createdBy".to_owned(), text("jwt")),
        ("secretHash".to_owned(), types::AttributeValue::B(vec![7; 32])),
        ("level".to_owned(), count(3)),
        ("userId".to_owned(), count(user as i64)),
        ("createdAt".to_owned(), count(created)),
        ("expiresAt".to_owned(), count(host::now() + 31_536_000)),
        ("chainExpiresAt".to_owned(), count(host::now() + 31_536_000)),
    ])
}
