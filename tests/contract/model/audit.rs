//! Rules that hold for the whole table after any sequence of requests.
//!
//! Most rules need only the items. The model is used only to find missing and additional items.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use tests::dynamo::{Item, TABLE_NAME};
use tests::stored_key::hash;

use super::walk::Walk;
use super::{Key, Mark};

/// The contents of the table.
#[derive(Debug, Default)]
pub(super) struct Table {
    pub(super) keys: BTreeMap<String, Key>,
    hashes: BTreeMap<String, Vec<u8>>,
    memos: BTreeMap<String, u64>,
    pub(super) fences: BTreeMap<String, (u64, Mark)>,
}

impl Table {
    fn of(items: &[Item]) -> Self {
        let mut table = Self::default();
        for item in items {
            let text = |name: &str| item[name].as_s().unwrap().clone();
            let number = |name: &str| item[name].as_n().unwrap().parse::<u64>().unwrap();
            let id = text("key");
            if id.starts_with("idem#") {
                table.memos.insert(id, number("expiresAt"));
                continue;
            }
            let mark = || (number("revokedAt"), text("revokedBy"));
            if let Some(chain) = id.strip_prefix("fence#") {
                assert!(!item.contains_key("expiresAt") && !item.contains_key("userId"), "{item:?}");
                table.fences.insert(chain.to_owned(), (number("owner"), mark()));
                continue;
            }
            table.hashes.insert(id.clone(), item["secretHash"].as_b().unwrap().clone().into_inner());
            let key = Key {
                name: text("name"),
                level: i64::try_from(number("level")).unwrap(),
                user: number("userId"),
                created_at: number("createdAt"),
                expires_at: number("expiresAt"),
                created_by: text("createdBy"),
                chain: text("chain"),
                chain_expires_at: number("chainExpiresAt"),
                revoked: item.contains_key("revokedAt").then(mark),
            };
            table.keys.insert(id, key);
        }
        table
    }
}

impl Walk {
    /// Reads the table, and checks it against the model and the rules.
    pub(super) async fn audit(&mut self) {
        let scan = self.client.scan().table_name(TABLE_NAME).consistent_read(true);
        let items: Result<Vec<Item>, _> = scan.into_paginator().items().send().collect().await;
        self.table = Table::of(&items.unwrap());
        self.ever.extend(self.table.keys.clone());
        self.assert_nothing_missing_or_too_much();
        self.assert_every_secret_was_shown();
        self.assert_nobody_above_their_maker();
        self.assert_one_key_a_value();
    }

    fn assert_nothing_missing_or_too_much(&self) {
        assert_eq!(self.table.keys, self.model.keys, "the keys of the table and the model");
        assert_eq!(self.table.fences, self.model.fences, "the fences of the table and the model");
        let mut ends: Vec<_> = self.table.memos.values().copied().collect();
        let mut expected: Vec<_> = self.model.memos.values().map(|memo| memo.expires_at).collect();
        ends.sort_unstable();
        expected.sort_unstable();
        assert_eq!(ends, expected, "the ends of the stored answers in the table and the model");
    }

    fn assert_every_secret_was_shown(&self) {
        for (id, stored) in &self.table.hashes {
            let answered = self.answered.contains(id);
            assert!(
                answered != self.unanswered.contains(id),
                "{id}: either an answer contained the secret, or the answer was a 500"
            );
            let is_revoked = self.table.keys[id].revoked.is_some();
            let expected = if is_revoked { vec![0; 32] } else { hash(&hex::decode(&self.secrets[id]).unwrap()) };
            assert_eq!(stored, &expected, "{id}: the hash of the secret");
        }
    }

    fn assert_nobody_above_their_maker(&self) {
        for (id, key) in &self.table.keys {
            assert!(key.level <= self.makers[id] && self.makers[id] >= 4, "{id}: {} by {}", key.level, self.makers[id]);
            assert!(key.expires_at <= key.chain_expires_at, "{id} expires after its chain");
            if let Some(maker) = key.created_by.strip_prefix("key:") {
                let maker = &self.ever[maker];
                assert!(key.level <= maker.level, "{id}: higher level than its creator");
                assert_eq!(
                    (key.user, &key.chain, key.chain_expires_at),
                    (maker.user, &maker.chain, maker.chain_expires_at),
                    "{id}: user or chain differs from its creator"
                );
                assert!(key.created_at < maker.expires_at, "{id}: created by an expired key");
                let revoked_at = maker.revoked.as_ref().map(|(at, _)| *at);
                assert!(revoked_at.is_none_or(|at| key.created_at <= at), "{id}: created by a revoked key");
                let fenced_at = self.table.fences.get(&key.chain).map(|(_, (at, _))| *at);
                assert!(fenced_at.is_none_or(|at| key.created_at <= at), "{id}: created in a revoked chain");
            } else {
                assert_eq!(&key.chain, id, "a key made with a token begins a chain");
            }
        }
    }

    /// Each name belongs to one request, which is repeated only with its idempotency key. Two keys with the same name
    /// are therefore at least a day apart.
    fn assert_one_key_a_value(&self) {
        let mut made = BTreeMap::<_, Vec<u64>>::new();
        for key in self.ever.values() {
            made.entry((&key.name, &key.created_by, key.user)).or_default().push(key.created_at);
        }
        for (request, times) in &mut made {
            times.sort_unstable();
            assert!(times.windows(2).all(|pair| pair[1] - pair[0] >= 86_400), "{request:?}: {times:?}");
        }
    }

    /// Deletes the expired items, as DynamoDB's TTL does later.
    pub(super) async fn sweep(&mut self) {
        let keys = self.table.keys.iter().map(|(id, key)| (id.clone(), key.expires_at));
        let memos = self.table.memos.iter().map(|(id, end)| (id.clone(), *end));
        let expired: Vec<_> = keys.chain(memos).filter(|(_, end)| end * 1000 <= self.now).collect();
        for (id, _) in expired {
            self.delete(&id).await;
        }
        self.model.keys.retain(|_, key| key.expires_at * 1000 > self.now);
        self.model.memos.retain(|_, memo| memo.expires_at * 1000 > self.now);
    }

    async fn delete(&self, id: &str) {
        let request = self.client.delete_item().table_name(TABLE_NAME).key("key", AttributeValue::S(id.to_owned()));
        request.send().await.unwrap();
    }
}
