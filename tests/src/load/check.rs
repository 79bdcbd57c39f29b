//! Compares the table with the answers.

use std::collections::{HashMap, HashSet};

use shared::domain::Secret;

use super::Results;
use super::api::ApiKey;
use super::log::{Creation, CreationResult, Log};
use crate::dynamo::Item;

/// The answered revocations.
struct Revoked<'a> {
    /// The caller that revoked a key first.
    keys: HashMap<&'a str, &'a str>,
    /// The same of the chains, by the id of their first key.
    chains: HashMap<&'a str, &'a str>,
}

impl<'a> Revoked<'a> {
    fn by(log: &'a Log) -> Self {
        let (mut keys, mut chains) = (HashMap::new(), HashMap::new());
        for revocation in &log.revocations {
            let revoked_by = revocation.revoked_by.as_str();
            keys.entry(revocation.key.as_str()).or_insert(revoked_by);
            if let Some(chain) = revocation.chain.as_deref() {
                keys.entry(chain).or_insert(revoked_by);
                chains.entry(chain).or_insert(revoked_by);
            }
        }
        Self { keys, chains }
    }

    /// Whether a key is revoked, alone or with its chain.
    fn has(&self, key: &str, chain: &str) -> bool {
        self.keys.contains_key(key) || self.chains.contains_key(chain)
    }
}

/// The items of the table.
#[derive(Default)]
struct Items<'a> {
    /// The keys' records, by name.
    records: HashMap<&'a str, Vec<&'a Item>>,
    /// The fences, by chain.
    fences: HashMap<&'a str, &'a Item>,
    /// The number of items of answered `Idempotency-Key`s.
    idempotency: usize,
}

impl<'a> Items<'a> {
    fn sort(items: &'a [Item], results: &mut Results) -> Self {
        let mut sorted = Self::default();
        for item in items {
            let id = text(item, "key");
            if let Some(chain) = id.strip_prefix("fence#") {
                sorted.fences.insert(chain, item);
            } else if id.starts_with("idem#") {
                sorted.idempotency += 1;
            } else if item.contains_key("secretHash") {
                sorted.records.entry(text(item, "name")).or_default().push(item);
            } else {
                results.wrong.push(format!("an item of no kind: {id}"));
            }
        }
        sorted
    }
}

/// The keys as they have to be at the end.
#[derive(Default)]
pub(super) struct Expected<'a> {
    /// The answered keys that authenticate.
    pub(super) valid: Vec<&'a ApiKey>,
    /// The answered keys that do not authenticate.
    pub(super) invalid: Vec<&'a ApiKey>,
    /// The valid keys that may create no key.
    pub(super) weak: Vec<&'a ApiKey>,
    /// The ids of the keys in the list, including those that were never returned.
    pub(super) listed: HashSet<String>,
}

/// Compares the table with the answers, and returns the expected keys.
pub(super) fn compare<'a>(log: &'a Log, items: &[Item], results: &mut Results) -> Expected<'a> {
    results.revoked = log.revocations.iter().filter(|revocation| revocation.chain.is_none()).count();
    results.repeated_revocations = log.revocations.iter().map(|revocation| revocation.failures).sum();
    let revoked = Revoked::by(log);
    results.revoked_chains = revoked.chains.len();
    let mut items = Items::sort(items, results);
    compare_others(log, &revoked, &items, results);
    let mut expected = Expected::default();
    for creation in &log.creations {
        let records = items.records.remove(creation.name.as_str()).unwrap_or_default();
        compare_records(creation, &records, &revoked, results);
        let is_valid = |item: &&&Item| !revoked.has(text(item, "key"), text(item, "chain"));
        expected.listed.extend(records.iter().filter(is_valid).map(|item| text(item, "key").to_owned()));
        match &creation.result {
            CreationResult::Created(key) if revoked.has(&key.key, creation.chain(key)) => expected.invalid.push(key),
            CreationResult::Created(key) => {
                expected.valid.push(key);
                expected.weak.extend((creation.level < 4).then_some(key));
            }
            CreationResult::Failed | CreationResult::Refused => {}
        }
    }
    results.wrong.extend(items.records.keys().map(|name| format!("a record of no request: {name}")));
    expected
}

/// Each chain that was revoked has its fence, and each answered `Idempotency-Key` its item; there are no others.
fn compare_others(log: &Log, revoked: &Revoked<'_>, items: &Items<'_>, results: &mut Results) {
    let is_fenced = |(chain, revoked_by): (&&str, &&str)| {
        items.fences.get(*chain).is_some_and(|fence| text(fence, "revokedBy") == *revoked_by)
    };
    if items.fences.len() != revoked.chains.len() || !revoked.chains.iter().all(is_fenced) {
        let (fences, chains) = (items.fences.len(), revoked.chains.len());
        results.wrong.push(format!("the fences are not those of the revoked chains: {fences} of {chains}"));
    }
    let idempotent = || log.creations.iter().filter(|creation| creation.idempotent);
    let answered = idempotent().filter(|creation| matches!(creation.result, CreationResult::Created(_))).count();
    let applied = idempotent().filter(|creation| !matches!(creation.result, CreationResult::Created(_)));
    let possible = answered + applied.filter(|creation| creation.failures > 0).count();
    if !(answered..=possible).contains(&items.idempotency) {
        let found = items.idempotency;
        results.wrong.push(format!("{found} items of Idempotency-Keys for {answered} to {possible} answers"));
    }
}

/// Each 201 has exactly one record. Another answer has none, or one if a 500 preceded.
fn compare_records(creation: &Creation, records: &[&Item], revoked: &Revoked<'_>, results: &mut Results) {
    let name = &creation.name;
    let repeated = match (&creation.result, records) {
        (CreationResult::Created(key), [item]) => {
            results.created += 1;
            if let Err(attribute) = compare_record(item, creation, key, revoked) {
                results.wrong.push(format!("{name}: the record has another {attribute} than answered"));
            }
            creation.failures
        }
        (CreationResult::Refused, []) => {
            results.refused += 1;
            creation.failures
        }
        (CreationResult::Failed, []) => {
            results.failed += 1;
            creation.failures - 1
        }
        (CreationResult::Failed, [_]) => {
            results.failed += 1;
            results.unreturned += 1;
            creation.failures - 1
        }
        (CreationResult::Refused, [_]) if creation.failures > 0 => {
            results.refused += 1;
            results.unreturned += 1;
            creation.failures
        }
        (result, _) => {
            results.wrong.push(format!("{name}: {result:?} with {} records", records.len()));
            0
        }
    };
    results.repeated += repeated;
}

/// The record is the answered key's, and it is revoked exactly if the key was. The error is the wrong attribute.
fn compare_record(item: &Item, creation: &Creation, key: &ApiKey, revoked: &Revoked<'_>) -> Result<(), &'static str> {
    let check = |is_right: bool, attribute| if is_right { Ok(()) } else { Err(attribute) };
    check(text(item, "key") == key.key, "key")?;
    check(text(item, "chain") == creation.chain(key), "chain")?;
    let created_by = creation.parent.as_ref().map_or_else(|| "jwt".to_owned(), |parent| format!("key:{parent}"));
    check(text(item, "createdBy") == created_by, "createdBy")?;
    let stored = item.get("secretHash").and_then(|hash| hash.as_b().ok()).map(|blob| blob.as_ref());
    let revoked_by = revoked.keys.get(key.key.as_str()).copied();
    if let Some(revoked_by) = revoked_by {
        check(text(item, "revokedBy") == revoked_by, "revokedBy")?;
        check(item.contains_key("revokedAt"), "revokedAt")?;
        return check(stored == Some([0; 32].as_slice()), "secretHash");
    }
    check(!item.contains_key("revokedBy"), "revokedBy")?;
    check(!item.contains_key("revokedAt"), "revokedAt")?;
    let hash = Secret::from_hex(&key.secret).map(|secret| secret.hash());
    check(stored.is_some() && stored == hash.as_ref().map(|hash| hash.as_bytes().as_slice()), "secretHash")
}

fn text<'a>(item: &'a Item, attribute: &str) -> &'a str {
    item.get(attribute).and_then(|value| value.as_s().ok()).map_or("", String::as_str)
}
