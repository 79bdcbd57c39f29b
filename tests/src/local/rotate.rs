//! `make rotate`: rotates a delivered key with the running key function, in the four steps of Secrets Manager.
//!
//! It succeeds only if both the old and the new key can create keys afterwards.

use serde_json::{Value, json};

use super::address::{DELIVERY_PREFIX, GATEWAY_PORT, SECRETS};
use super::delivered::DeliveredKey;
use super::events::check_running;
use super::invoke::send;
use crate::function::Function;
use crate::http;
use crate::rotation::{Rotation, Step};
use crate::secrets_manager::{Version, new_token};
use crate::stored_key::basic;

/// The `deliverTo` of the secret.
const DELIVER_TO: &str = "rotated";

pub(super) async fn run() -> Result<(), String> {
    check_running()?;
    let name = format!("{DELIVERY_PREFIX}61/{DELIVER_TO}");
    if SECRETS.try_value(&name, Version::CURRENT).await?.is_none() {
        println!("Creating a key with a direct invocation of the key function");
        send(Function::Key, &request()).await?;
    }
    println!("Before the rotation:\n{}\n", DeliveredKey::read(&SECRETS, &name).await?);
    let rotation = Rotation::begin(SECRETS, &name).await?;
    println!("Rotating in the steps of Secrets Manager, with the token {}", rotation.token());
    for step in Step::ALL {
        let answer = send(Function::Key, &rotation.payload(step)).await;
        println!("  {:<13} {}", step.name(), answer.map_err(|error| format!("{}: {error}", step.name()))?);
    }
    let current = DeliveredKey::read(&SECRETS, &name).await?;
    println!("\nAfter the rotation:\n{current}\n");
    let previous = DeliveredKey::read_stage(&SECRETS, &name, "AWSPREVIOUS").await?;
    for (which, delivered) in [("old", &previous), ("new", &current)] {
        create_with(which, delivered).await?;
    }
    println!("\nBoth keys work. The old key works until it expires.");
    Ok(())
}

/// A request for a key that is valid for a week and may create keys.
fn request() -> Value {
    json!({
        "name": "A key that rotates",
        "level": 4,
        "expiresIn": 604_800,
        "deliverTo": DELIVER_TO,
        "idempotencyKey": new_token(),
    })
}

/// Checks that a key can create another key.
async fn create_with(which: &str, delivered: &DeliveredKey) -> Result<(), String> {
    let path = Function::Key.path();
    let authorization = basic(&delivered.key, &delivered.secret);
    let headers = [("authorization", &*authorization), ("content-type", "application/json")];
    let body = r#"{"name":"Made by a key that rotates","level":1,"expiresIn":60}"#;
    let answer = http::send(GATEWAY_PORT, "POST", path, &headers, body).await?;
    let key = &delivered.key;
    println!("POST {path} with the {which} key, {key}: {}", answer.status);
    if answer.status == 201 { Ok(()) } else { Err(format!("the {which} key does not work: {}", answer.body)) }
}
