//! The changes between two attempts: of the new key, the caller or the stored answer (`memo`).
//!
//! | Value | Change |
//! |---|---|
//! | `revoke` | deletes the new key |
//! | `again` | sends the request again, one second before the stored answer expires |
//! | `caller level N`, `caller chain N` | changes the calling key's level or the end of its chain |
//! | `caller revoked`, `caller expired`, `caller damaged` | deletes, expires or damages the calling key |
//! | `memo gone` | deletes the stored answer |
//! | `memo record`, `memo old record` | replaces the stored answer by the record of a key |
//! | `memo other` | replaces `salt` and `sealed` by those of another stored answer |
//! | `memo <attribute> <kind>` | changes an attribute of the stored answer, see [`spoiled`] |

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use tests::dynamo::Item;

use super::{Play, Told};
use crate::support::StoredKey;

impl Play<'_> {
    pub(super) async fn between(&self, first: &Told) {
        let words: Vec<&str> = self.row.between.split(' ').collect();
        match words[..] {
            ["-"] => {}
            ["revoke"] => {
                let created = first.outcome.as_ref().unwrap();
                self.world.dynamo.delete_item(created["apikey"]["key"].as_str().unwrap()).await;
            }
            ["again"] => {
                let again = self.send(&self.row.first.at("end-1"), None).await;
                super::assert_replayed(first, &again, self.row.id);
            }
            ["caller", ref change @ ..] => self.change_caller(change).await,
            ["memo", ref change @ ..] => self.change_memo(change).await,
            _ => panic!("{}: unknown change: {}", self.row.id, self.row.between),
        }
    }

    async fn change_caller(&self, change: &[&str]) {
        let caller = self.callers.caller.clone();
        let number = |text: &str| text.parse::<i64>().unwrap();
        let changed = match *change {
            ["level", level] => caller.level(number(level)),
            ["chain", seconds] => caller.chain_expires_in(number(seconds)),
            ["expired"] => caller.expires_in(-1),
            ["damaged"] => caller.without("userId"),
            ["revoked"] => return self.world.dynamo.delete_item(&caller.key).await,
            _ => panic!("{}: {change:?}", self.row.id),
        };
        self.world.dynamo.put_item(changed.item).await;
    }

    async fn change_memo(&self, change: &[&str]) {
        let mut memo = self.memo().await;
        let id = memo["key"].clone();
        match *change {
            ["gone"] => return self.world.dynamo.delete_item(id.as_s().unwrap()).await,
            ["record"] => memo = StoredKey::new().with("key", id).item,
            ["old", "record"] => memo = StoredKey::new().with("key", id).expires_in(-1).item,
            ["other"] => {
                let known = self.keys().await;
                self.send(&self.row.first.with_value("{w}"), None).await;
                let items = self.world.dynamo.items().await.into_iter();
                let is_new = |item: &Item| item.contains_key("sealed") && !known.contains(item["key"].as_s().unwrap());
                let other = items.into_iter().find(is_new).unwrap();
                for attribute in ["salt", "sealed"] {
                    memo.insert(attribute.to_owned(), other[attribute].clone());
                }
            }
            [attribute, "absent"] => drop(memo.remove(attribute).unwrap()),
            [attribute, kind] => {
                let value = spoiled(memo.get(attribute), kind);
                memo.insert(attribute.to_owned(), value);
            }
            _ => panic!("{}: {change:?}", self.row.id),
        }
        self.world.dynamo.put_item(memo).await;
    }
}

/// The attribute's value, changed in one of the ways that rows name.
fn spoiled(value: Option<&AttributeValue>, kind: &str) -> AttributeValue {
    let bytes = || value.unwrap().as_b().unwrap().as_ref().to_vec();
    let number = || value.unwrap().as_n().unwrap();
    let blob = |bytes: Vec<u8>| AttributeValue::B(Blob::new(bytes));
    match kind {
        "null" => AttributeValue::Null(true),
        "text" => AttributeValue::S("x".repeat(32)),
        "set" => AttributeValue::Bs(vec![Blob::new(bytes())]),
        "empty" => blob(Vec::new()),
        "short" => blob(bytes()[1..].to_vec()),
        "long" => blob([bytes(), vec![0]].concat()),
        "flipped" => blob(bytes().iter().enumerate().map(|(at, byte)| byte ^ u8::from(at == 0)).collect()),
        "quoted" => AttributeValue::S(number().clone()),
        "fraction" => AttributeValue::N(format!("{}.5", number())),
        number if number.parse::<f64>().is_ok() => AttributeValue::N(number.to_owned()),
        _ => panic!("unknown kind: {kind}"),
    }
}
