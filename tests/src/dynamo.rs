//! The embedded DynamoDB: an emulator over SQLite on a local port. Tests use it only through the AWS SDK.
//!
//! It has the table that `template.yaml` defines.

mod table;

use std::collections::HashMap;
use std::path::Path;

use aws_credential_types::Credentials;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{BehaviorVersion, Region};
use aws_sdk_dynamodb::error::DisplayErrorContext;
use aws_sdk_dynamodb::types::AttributeValue;
use dynoxide::Database;

use crate::background::Background;
use crate::template::TableDefinition;

/// The table's name on this machine.
pub const TABLE_NAME: &str = "apikeys";

/// The region of all local services.
pub const REGION: &str = "us-east-1";

/// The item of a key.
pub type Item = HashMap<String, AttributeValue>;

/// A DynamoDB with the table of the template. Dropping it stops it.
pub struct Dynamo {
    database: Database,
    table: Table,
    _server: Background,
}

impl Dynamo {
    /// Starts an empty DynamoDB in memory, on a free port.
    ///
    /// # Panics
    ///
    /// Panics with the cause if DynamoDB doesn't start or the template lacks the table.
    pub async fn in_memory() -> Self {
        let database = Database::memory().expect("SQLite opens a database in memory");
        Self::serve(database, 0).await.unwrap_or_else(|error| panic!("{error}"))
    }

    /// Starts a DynamoDB on a given port that stores its items in a file.
    ///
    /// # Errors
    ///
    /// Returns the cause in one line: the port is in use, the file is no database, the template lacks the table, or the
    /// table in the file does not fit the template.
    pub async fn open(file: &Path, port: u16) -> Result<Self, String> {
        let path = file.to_str().ok_or_else(|| format!("{} is not UTF-8", file.display()))?;
        let database = Database::new(path).map_err(|error| format!("{path}: {error}"))?;
        Self::serve(database, port).await
    }

    async fn serve(database: Database, port: u16) -> Result<Self, String> {
        Self::serve_table(database, port, &TableDefinition::of_the_template()?).await
    }

    async fn serve_table(database: Database, port: u16, definition: &TableDefinition) -> Result<Self, String> {
        let listener = std::net::TcpListener::bind(("127.0.0.1", port))
            .map_err(|error| format!("port {port} on 127.0.0.1 can't be used: {error}"))?;
        listener.set_nonblocking(true).map_err(|error| error.to_string())?;
        let port = listener.local_addr().map_err(|error| error.to_string())?.port();
        let served = database.clone();
        let server = Background::spawn(async move {
            let listener = tokio::net::TcpListener::from_std(listener).expect("the runtime takes the listener");
            dynoxide::server::serve_on(listener, served).await;
        });
        let table = Table::at(port);
        table::create(&table.client(), definition).await?;
        Ok(Self { database, table, _server: server })
    }

    /// The table of keys.
    #[must_use]
    pub fn table(&self) -> &Table {
        &self.table
    }

    /// Stores many items at once, and the index's part of them.
    ///
    /// # Panics
    ///
    /// Panics if an item has no key.
    pub fn import(&self, items: Vec<dynoxide::types::Item>) {
        let options = dynoxide::ImportOptions::default();
        self.database.import_items(TABLE_NAME, items, options).expect("every item has its keys");
    }

    /// Deletes expired items, as DynamoDB does within a few days, and returns their number.
    ///
    /// # Panics
    ///
    /// Panics if the database is damaged.
    #[must_use = "a sweep that deletes nothing is rarely what a test wants"]
    pub fn sweep_ttl(&self) -> usize {
        self.database.sweep_ttl().expect("the sweep runs")
    }
}

impl std::ops::Deref for Dynamo {
    type Target = Table;

    fn deref(&self) -> &Table {
        &self.table
    }
}

/// The table of keys in a local DynamoDB, which may belong to another process.
#[derive(Clone, Copy, Debug)]
pub struct Table {
    port: u16,
}

impl Table {
    /// The table in the DynamoDB on a port of 127.0.0.1.
    #[must_use]
    pub const fn at(port: u16) -> Self {
        Self { port }
    }

    /// The port of 127.0.0.1 that DynamoDB listens on.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// The value of `AWS_ENDPOINT_URL_DYNAMODB`.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// A new client. Its connections belong to the first runtime that uses the client, so tests don't share clients.
    #[must_use]
    pub fn client(&self) -> Client {
        let http = aws_smithy_http_client::Builder::new().build_http();
        let config = aws_sdk_dynamodb::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(REGION))
            .endpoint_url(self.endpoint())
            .credentials_provider(Credentials::new("local", "local", None, None, "local"))
            .http_client(http)
            .build();
        Client::from_conf(config)
    }

    /// All items.
    ///
    /// # Errors
    ///
    /// Returns the cause in one line if DynamoDB doesn't answer.
    pub async fn try_items(&self) -> Result<Vec<Item>, String> {
        let pages = self.client().scan().table_name(TABLE_NAME).into_paginator().items().send();
        pages.collect::<Result<_, _>>().await.map_err(|error| DisplayErrorContext(error).to_string())
    }

    /// All items.
    ///
    /// # Panics
    ///
    /// Panics with the cause if DynamoDB doesn't answer. The other helpers do the same.
    pub async fn items(&self) -> Vec<Item> {
        self.try_items().await.unwrap_or_else(|error| panic!("{error}"))
    }

    /// The item of a key, if there is one.
    pub async fn item(&self, key: &str) -> Option<Item> {
        let request = self.client().get_item().table_name(TABLE_NAME).consistent_read(true);
        let output = request.key("key", AttributeValue::S(key.to_owned())).send().await;
        output.unwrap_or_else(|error| panic!("{}", DisplayErrorContext(error))).item
    }

    /// Puts an item.
    ///
    /// # Errors
    ///
    /// Returns the cause in one line if DynamoDB doesn't answer or refuses the item.
    pub async fn try_put_item(&self, item: Item) -> Result<(), String> {
        let request = self.client().put_item().table_name(TABLE_NAME).set_item(Some(item));
        request.send().await.map(drop).map_err(|error| DisplayErrorContext(error).to_string())
    }

    /// Puts an item.
    pub async fn put_item(&self, item: Item) {
        self.try_put_item(item).await.unwrap_or_else(|error| panic!("{error}"));
    }

    /// Deletes a key's item, which revokes the key.
    pub async fn delete_item(&self, key: &str) {
        let request = self.client().delete_item().table_name(TABLE_NAME);
        let output = request.key("key", AttributeValue::S(key.to_owned())).send().await;
        output.unwrap_or_else(|error| panic!("{}", DisplayErrorContext(error)));
    }
}

#[cfg(test)]
mod tests;
