//! The pages of a list: no key is skipped or repeated, whatever happens between two pages.

use std::collections::BTreeSet;
use std::slice;
use std::sync::LazyLock;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use shared::domain::Timestamp;
use shared::platform::{Call, Randomness};
use tests::event::Source;
use tests::host;
use tokio::time::Instant;

use super::scene::{Scene, cursor, world};
use crate::support::{Answer, StoredKey, World, assert_refused};

/// A user whose only keys are those of a test.
const LONELY: i64 = 7;
const LIST: &str = "GET /apikeys/jwt?userId=7";

/// The second of the newest key. It is constant, so that keys of different ages have different seconds.
static NEWEST: LazyLock<i64> = LazyLock::new(|| host::now() - 10_000);

struct Page {
    keys: Vec<String>,
    cursor: Option<String>,
}

impl Page {
    fn read(answer: &Answer) -> Self {
        let body: Value = serde_json::from_str(&answer.body).unwrap();
        let keys = body["apikeys"].as_array().unwrap_or_else(|| panic!("{body}"));
        let keys = keys.iter().map(|key| key["key"].as_str().unwrap().to_owned()).collect();
        Self { keys, cursor: body.get("cursor").map(|cursor| cursor.as_str().unwrap().to_owned()) }
    }
}

/// Puts a key, created some seconds ago.
async fn put(world: &World, age: i64, change: impl Fn(StoredKey) -> StoredKey) -> String {
    let key = change(StoredKey::new().number("userId", LONELY).number("createdAt", *NEWEST - age));
    world.dynamo.put_item(key.item).await;
    key.key
}

fn unchanged(key: StoredKey) -> StoredKey {
    key
}

fn expired(key: StoredKey) -> StoredKey {
    key.expires_in(-1)
}

/// Asks for one page.
async fn page(scene: &Scene<'_>, limit: u16, after: Option<&str>) -> Page {
    let after = after.map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
    Page::read(&scene.expect("token9", &format!("{LIST}&limit={limit}{after}"), 200).await)
}

/// Asks for every page.
async fn walk(scene: &Scene<'_>, limit: u16) -> Vec<Vec<String>> {
    let mut pages = Vec::new();
    let mut after = None;
    loop {
        let found = page(scene, limit, after.as_deref()).await;
        pages.push(found.keys);
        after = found.cursor;
        if after.is_none() {
            return pages;
        }
    }
}

fn lengths(pages: &[Vec<String>]) -> Vec<usize> {
    pages.iter().map(Vec::len).collect()
}

#[tokio::test]
async fn pages_are_full_and_newest_first_and_the_last_has_no_cursor() {
    let world = world().await;
    let scene = Scene::new(&world, 101, 4).await;
    let mut keys = Vec::new();
    for age in 0..12 {
        keys.push(put(&world, age, unchanged).await);
    }
    for (limit, expected) in [(5, vec![5, 5, 2]), (6, vec![6, 6]), (1, vec![1; 12]), (11, vec![11, 1]), (12, vec![12])]
    {
        let pages = walk(&scene, limit).await;
        assert_eq!(lengths(&pages), expected, "limit {limit}");
        assert_eq!(pages.concat(), keys, "limit {limit}");
    }
}

#[tokio::test]
async fn keys_of_the_same_second_are_each_listed_once() {
    let world = world().await;
    let scene = Scene::new(&world, 101, 4).await;
    let mut keys = BTreeSet::new();
    for _ in 0..12 {
        keys.insert(put(&world, 0, unchanged).await);
    }
    for limit in [1, 5, 12] {
        let listed = walk(&scene, limit).await.concat();
        assert_eq!((listed.len(), listed.iter().cloned().collect()), (12, keys.clone()), "limit {limit}");
    }
}

#[tokio::test]
async fn a_page_has_25_keys_unless_given_and_100_at_most() {
    let world = world().await;
    let scene = Scene::new(&world, 101, 4).await;
    for age in 0..101 {
        put(&world, age, unchanged).await;
    }
    let default = Page::read(&scene.expect("token9", LIST, 200).await);
    assert_eq!((default.keys.len(), default.cursor.is_some()), (25, true));
    assert_eq!(lengths(&walk(&scene, 100).await), [100, 1]);
    assert_refused(&scene.ask("token9", &format!("{LIST}&limit=101")).await, 400, "limitInvalid", "101");
}

#[tokio::test]
async fn dead_keys_before_a_living_one_do_not_end_the_list() {
    let world = world().await;
    let scene = Scene::new(&world, 101, 4).await;
    let change = |age: i64| if age % 2 == 0 { expired } else { StoredKey::revoked };
    for age in 0..250 {
        put(&world, age, change(age)).await;
    }
    let alive = put(&world, 250, unchanged).await;
    for age in 251..260 {
        put(&world, age, expired).await;
    }
    for limit in [1, 25, 100] {
        assert_eq!(walk(&scene, limit).await.concat(), slice::from_ref(&alive), "limit {limit}");
    }
    let first = page(&scene, 1, None).await;
    assert_eq!(first.keys, [alive], "one request looks further than its limit");
    let rest = page(&scene, 1, first.cursor.as_deref()).await;
    assert_eq!((rest.keys.len(), rest.cursor), (0, None), "only dead keys are left");
}

/// The call has used up its time, so each page looks at `limit` keys alone.
#[tokio::test]
async fn a_page_that_runs_out_of_time_may_be_empty_with_a_cursor() {
    let world = world().await;
    let scene = Scene::new(&world, 101, 4).await;
    for age in 0..4 {
        put(&world, age, expired).await;
    }
    let alive = put(&world, 4, unchanged).await;
    let mut pages = Vec::new();
    let mut after = String::new();
    loop {
        let caller = scene.caller("token9");
        let request = scene.request(&format!("{LIST}&limit=2{after}"), &caller);
        let mut call = Call::at(Timestamp::now(), 10_000, Randomness::draw());
        call.started = Instant::now().checked_sub(Duration::from_secs(2)).unwrap();
        let found = Page::read(&scene.send_with(caller.endpoint, &request, Source::HttpApi, call).await);
        pages.push(found.keys);
        match found.cursor {
            Some(cursor) => after = format!("&cursor={cursor}"),
            None => break,
        }
    }
    assert_eq!(pages, [vec![], vec![], vec![alive]]);
}

#[tokio::test]
async fn a_change_between_two_pages_skips_and_repeats_nothing() {
    let world = world().await;
    let scene = Scene::new(&world, 101, 4).await;
    let mut keys = Vec::new();
    for age in 0..6 {
        keys.push(put(&world, age, unchanged).await);
    }
    let first = page(&scene, 2, None).await;
    assert_eq!(first.keys, keys[..2]);
    // The position of the cursor, a key before it, and one after it.
    world.dynamo.delete_item(&keys[1]).await;
    scene.expect("token9", &format!("DELETE /apikeys/{}/jwt", keys[0]), 204).await;
    scene.expect("token9", &format!("DELETE /apikeys/{}/jwt", keys[3]), 204).await;
    put(&world, -5, unchanged).await;
    let second = page(&scene, 2, first.cursor.as_deref()).await;
    assert_eq!(second.keys, [keys[2].clone(), keys[4].clone()]);
    let third = page(&scene, 2, second.cursor.as_deref()).await;
    assert_eq!((third.keys.as_slice(), third.cursor), (&keys[5..], None));
}

#[tokio::test]
async fn a_cursor_with_any_bit_changed_lists_only_ones_own_keys() {
    let world = world().await;
    let scene = Scene::new(&world, 101, 4).await;
    let own: BTreeSet<_> = super::LISTED.iter().map(|name| scene.key(name).key.clone()).collect();
    let good = URL_SAFE_NO_PAD.decode(scene.fill("{cursor C}", scene.caller("token4").endpoint)).unwrap();
    for bit in 0..good.len() * 8 {
        let mut bytes = good.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        let text = URL_SAFE_NO_PAD.encode(bytes);
        let answer = scene.expect("token4", &format!("GET /apikeys/jwt?cursor={text}"), 200).await;
        let listed = Page::read(&answer).keys;
        assert!(listed.iter().all(|key| own.contains(key)), "bit {bit}: {}", answer.body);
    }
}

#[tokio::test]
async fn a_truncated_cursor_is_refused_at_every_length() {
    let world = world().await;
    let scene = Scene::new(&world, 101, 4).await;
    let good = scene.fill("{cursor C}", scene.caller("token4").endpoint);
    for length in 0..good.len() {
        let answer = scene.ask("token4", &format!("GET /apikeys/jwt?cursor={}", &good[..length])).await;
        assert_refused(&answer, 400, "cursorInvalid", &format!("{length} characters"));
    }
}

#[tokio::test]
async fn another_users_cursor_is_a_position_in_ones_own_list() {
    let world = world().await;
    let scene = Scene::new(&world, 101, 4).await;
    let mut keys = Vec::new();
    for age in [10, 20, 30] {
        keys.push(put(&world, age, unchanged).await);
    }
    let of_other = StoredKey::new().number("userId", 102).number("createdAt", *NEWEST - 25);
    world.dynamo.put_item(of_other.item.clone()).await;
    let position = cursor(super::number(&of_other.item, "createdAt"), &of_other.key);
    let found = page(&scene, 100, Some(&position)).await;
    assert_eq!((found.keys.as_slice(), found.cursor), (&keys[2..], None));
}

#[tokio::test]
async fn a_damaged_item_is_left_out_and_the_pages_go_on() {
    let world = world().await;
    let scene = Scene::new(&world, 101, 4).await;
    let first = put(&world, 0, unchanged).await;
    for (age, attribute) in [(1, "level"), (2, "name"), (3, "expiresAt"), (4, "createdBy"), (5, "chain")] {
        put(&world, age, |key| key.without(attribute)).await;
    }
    let last = put(&world, 6, unchanged).await;
    // Without the sort key, the item is in no index.
    put(&world, 7, |key| key.without("createdAt")).await;
    for limit in [1, 2, 3, 100] {
        assert_eq!(walk(&scene, limit).await.concat(), [first.clone(), last.clone()], "limit {limit}");
    }
}
