use super::*;
use crate::host;
use crate::stored_key::StoredKey;

fn item(key: &str, expires_at: i64) -> Item {
    let key = ("key".to_owned(), AttributeValue::S(key.to_owned()));
    let expires_at = ("expiresAt".to_owned(), AttributeValue::N(expires_at.to_string()));
    Item::from([key, expires_at])
}

#[tokio::test]
async fn the_table_has_the_time_to_live_of_the_template() {
    let dynamo = Dynamo::in_memory().await;
    let output = dynamo.client().describe_time_to_live().table_name(TABLE_NAME).send().await.unwrap();
    assert_eq!(output.time_to_live_description.unwrap().attribute_name.as_deref(), Some("expiresAt"));
}

#[tokio::test]
async fn an_item_can_be_put_found_listed_and_deleted() {
    let dynamo = Dynamo::in_memory().await;
    dynamo.put_item(item("a", 1)).await;
    assert_eq!(dynamo.item("a").await, Some(item("a", 1)));
    assert_eq!(dynamo.items().await, [item("a", 1)]);
    dynamo.delete_item("a").await;
    assert_eq!(dynamo.item("a").await, None);
}

#[tokio::test]
async fn a_sweep_deletes_only_what_has_expired() {
    let dynamo = Dynamo::in_memory().await;
    dynamo.put_item(item("past", host::now() - 60)).await;
    dynamo.put_item(item("future", host::now() + 60)).await;
    assert_eq!(dynamo.sweep_ttl(), 1);
    assert_eq!(dynamo.item("past").await, None);
    assert!(dynamo.item("future").await.is_some());
}

#[tokio::test]
async fn a_file_keeps_its_items_from_one_start_to_the_next() {
    let folder = std::env::temp_dir().join(format!("apikeys-{}", hex::encode(host::random::<8>())));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("dynamodb.sqlite");
    let dynamo = Dynamo::open(&file, 0).await.unwrap();
    dynamo.put_item(item("kept", 1)).await;
    drop(dynamo);
    let dynamo = Dynamo::open(&file, 0).await.unwrap();
    assert_eq!(dynamo.items().await, [item("kept", 1)]);
    drop(dynamo);
    std::fs::remove_dir_all(&folder).unwrap();
}

#[tokio::test]
async fn a_file_from_before_an_index_gets_the_index_and_its_items() {
    let folder = std::env::temp_dir().join(format!("apikeys-{}", hex::encode(host::random::<8>())));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("dynamodb.sqlite");
    let database = || Database::new(file.to_str().unwrap()).unwrap();
    let mut before = TableDefinition::of_the_template().unwrap();
    let [index] = std::mem::take(&mut before.indexes).try_into().unwrap();
    before.attributes.retain(|(name, _)| name == "key");
    let stored = StoredKey::new();
    let dynamo = Dynamo::serve_table(database(), 0, &before).await.unwrap();
    dynamo.put_item(stored.item.clone()).await;
    drop(dynamo);
    for _start in 0..2 {
        let dynamo = Dynamo::open(&file, 0).await.unwrap();
        let request = dynamo.client().query().table_name(TABLE_NAME).index_name(&index.name);
        let request = request.key_condition_expression("userId = :user");
        let found = request.expression_attribute_values(":user", AttributeValue::N("61".to_owned())).send().await;
        let keys: Vec<_> = found.unwrap().items().iter().map(|item| item["key"].clone()).collect();
        assert_eq!(keys, [AttributeValue::S(stored.key.clone())]);
    }
    std::fs::remove_dir_all(&folder).unwrap();
}

#[tokio::test]
async fn a_taken_port_is_one_clear_line() {
    let first = Dynamo::in_memory().await;
    let database = Database::memory().unwrap();
    let error = Dynamo::serve(database, first.port()).await.map(drop).unwrap_err();
    assert!(error.contains(&format!("port {} on 127.0.0.1 can't be used", first.port())), "{error}");
}
