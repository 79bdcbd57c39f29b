//! One PutItem per request, for comparison with the jwt function.

use baseline::Table;
use lambda_http::{Error, Request, run, service_fn, tracing};

#[tokio::main]
async fn main() -> Result<(), Error> {
    tracing::init_default_subscriber();
    let table = &Table::from_env().await?;
    run(service_fn(move |request: Request| async move { table.put(&request, "jwt".to_owned()).await })).await
}
