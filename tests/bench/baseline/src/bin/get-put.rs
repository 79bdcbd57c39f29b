//! One GetItem and one PutItem per request, for comparison with the key function.

use baseline::Table;
use lambda_http::{Error, Request, run, service_fn, tracing};

/// The record that is read.
const CALLER: &str = "7eba7d5c-0b9c-4d0a-8d6f-2a4d1c6a3b52";

#[tokio::main]
async fn main() -> Result<(), Error> {
    tracing::init_default_subscriber();
    let table = &Table::from_env().await?;
    run(service_fn(move |request: Request| async move {
        let caller = table.get(CALLER).await?.ok_or("no such key")?;
        let key = caller["key"].as_s().map_err(|_| "key")?;
        table.put(&request, format!("key:{key}")).await
    }))
    .await
}
