//! `make demo`: the same flow as `make run`, non-interactively.
//!
//! It succeeds only if all keys were created and the table holds only hashes of their secrets.

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::Value;

use super::address::{GATEWAY_PORT, SECRETS};
use super::delivered::DeliveredKey;
use super::events::{EventFile, fill_here};
use super::invoke::send;
use super::settings::Settings;
use super::stack::Stack;
use crate::dynamo::Item;
use crate::function::Function;
use crate::host;
use crate::http;
use crate::stored_key::{basic, hash};
use crate::token::Claims;

pub(super) async fn run(settings: &Settings) -> Result<(), String> {
    let stack = Stack::start(settings).await?;
    let token = Claims::new().role("curator").sign(&settings.signer());
    let first = create(Function::Jwt, &format!("Bearer {token}"), "My first API key", 4).await?;
    let second = create(Function::Key, &basic(&first.key, &first.secret), "My second API key", 3).await?;
    let third = deliver(settings).await?;
    let items = stack.dynamo.try_items().await?;
    println!("\nThe table holds:");
    for created in [&first, &second, &third] {
        println!("  {}", check(created, &items)?);
    }
    println!(
        "\nAll three keys were created. The table holds no secret, and Secrets Manager the one that was delivered."
    );
    Ok(())
}

/// A new key, as in the response.
struct Created {
    key: String,
    secret: String,
}

async fn create(function: Function, authorization: &str, name: &str, level: u8) -> Result<Created, String> {
    let body = format!(r#"{{"name":"{name}","level":{level},"expiresIn":3600}}"#);
    let scheme = authorization.split(' ').next().unwrap_or_default();
    println!("\nPOST {} with {scheme} and {body}", function.path());
    let headers = [("authorization", authorization), ("content-type", "application/json")];
    let answer = http::send(GATEWAY_PORT, "POST", function.path(), &headers, body).await?;
    let described = format!("{} {}", answer.status, answer.body);
    println!("  {described}");
    let unexpected = || format!("201 with a key was expected, not {described}");
    let body: Value = serde_json::from_str(&answer.body).map_err(|_| unexpected())?;
    match (answer.status, body["apikey"]["key"].as_str(), body["apikey"]["secret"].as_str()) {
        (201, Some(key), Some(secret)) => Ok(Created { key: key.to_owned(), secret: secret.to_owned() }),
        _ => Err(unexpected()),
    }
}

/// Creates a key with an EventBridge event, and reads the delivered secret.
async fn deliver(settings: &Settings) -> Result<Created, String> {
    let file = EventFile::named(&host::repository().join("events/key-eventbridge-created.json"))?;
    let event = fill_here(settings, &file).await?;
    println!("\nEventBridge with {}", event["detail"]);
    println!("  {}", send(file.function, &event).await?);
    // The stack starts with an empty Secrets Manager.
    let names = DeliveredKey::names(&SECRETS).await?;
    let name = names.first().ok_or("no secret was delivered")?;
    let delivered = DeliveredKey::read(&SECRETS, name).await?;
    println!("\nSecrets Manager holds:\n{delivered}");
    Ok(Created { key: delivered.key, secret: delivered.secret })
}

/// Checks that a key's item holds the secret's hash and that no item holds the secret, and describes the item.
fn check(created: &Created, items: &[Item]) -> Result<String, String> {
    let key = AttributeValue::S(created.key.clone());
    let item = items.iter().find(|item| item.get("key") == Some(&key));
    let item = item.ok_or_else(|| format!("the table has no item for the key {}", created.key))?;
    let secret = hex::decode(&created.secret).map_err(|_| "the secret isn't hexadecimal".to_owned())?;
    let stored = item.get("secretHash").and_then(|value| value.as_b().ok()).map(AsRef::as_ref);
    if stored != Some(hash(&secret).as_slice()) {
        return Err(format!("the item of the key {} doesn't hold its secret's hash", created.key));
    }
    if items.iter().flat_map(Item::values).any(|value| holds(value, &created.secret, &secret)) {
        return Err(format!("the table holds the secret of the key {}", created.key));
    }
    Ok(describe(item))
}

fn holds(value: &AttributeValue, hexadecimal: &str, bytes: &[u8]) -> bool {
    match value {
        AttributeValue::S(text) => text.contains(hexadecimal),
        AttributeValue::B(blob) => blob.as_ref() == bytes || blob.as_ref() == hexadecimal.as_bytes(),
        _ => false,
    }
}

/// An item on one line, sorted by attribute name.
fn describe(item: &Item) -> String {
    let mut members: Vec<String> = item.iter().map(|(name, value)| format!("{name}: {}", text(value))).collect();
    members.sort_unstable();
    format!("{{ {} }}", members.join(", "))
}

fn text(value: &AttributeValue) -> String {
    match value {
        AttributeValue::S(text) => format!("{text:?}"),
        AttributeValue::N(number) => number.clone(),
        AttributeValue::B(blob) => format!("0x{}", hex::encode(blob)),
        other => format!("{other:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stored_key::StoredKey;

    fn created(stored: &StoredKey) -> Created {
        Created { key: stored.key.clone(), secret: stored.secret.clone() }
    }

    #[test]
    fn an_item_is_shown_with_its_hash_and_without_the_secret() {
        let stored = StoredKey::new();
        let shown = check(&created(&stored), std::slice::from_ref(&stored.item)).unwrap();
        assert!(shown.contains("level: 4, name: \"A key for local work\", secretHash: 0x"), "{shown}");
        assert!(!shown.contains(&stored.secret), "{shown}");
    }

    #[test]
    fn a_table_that_holds_the_secret_fails_the_demo() {
        let stored = StoredKey::new();
        let leak = stored.clone().with("note", AttributeValue::S(format!("secret: {}", stored.secret)));
        let error = check(&created(&stored), &[leak.item]).unwrap_err();
        assert_eq!(error, format!("the table holds the secret of the key {}", stored.key));
    }

    #[test]
    fn a_missing_or_foreign_item_fails_the_demo() {
        let stored = StoredKey::new();
        assert!(check(&created(&stored), &[]).unwrap_err().starts_with("the table has no item for the key "));
        let other = StoredKey::new().with("key", AttributeValue::S(stored.key.clone()));
        assert!(check(&created(&stored), &[other.item]).unwrap_err().ends_with("doesn't hold its secret's hash"));
    }
}
