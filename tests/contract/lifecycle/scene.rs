//! One user's keys in every relation to a caller and in every state, and the callers of the rows.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes, PutRequest, WriteRequest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use shared::domain::Timestamp;
use shared::platform::{Call, Randomness};
use tests::dynamo::{Item, TABLE_NAME};
use tests::event::{Request, Source};
use tests::fault::Proxy;
use tests::host;
use tests::stored_key;
use tests::token::Claims;

use crate::support::{Answer, BODY, Endpoint, StoredKey, World, assert_form};

/// A role for each level of the rows.
pub(super) const ROLES: &str = r#"{"level0":0,"level3":3,"level4":4,"level8":8,"level9":9}"#;

/// The living keys of the user, newest first. `DH` lacks its hash, which the index does not show.
pub(super) const LISTED: [&str; 9] = ["P", "S", "C", "D", "G", "A", "A8", "Q", "DH"];
/// The living keys of the other user, newest first.
pub(super) const LISTED_OF_OTHER: [&str; 2] = ["O", "OC"];

/// The keys and callers of one row.
///
/// | Key | |
/// |---|---|
/// | `C` | the calling key; its level is the caller's |
/// | `P`, `S`, `D`, `G` | its parent (the first of the chain), its sibling, its child, its child's child |
/// | `Q` | its successor after a rotation |
/// | `A`, `A8` | other keys of the user, of levels 4 and 8, each the first of its chain |
/// | `O`, `OC` | keys of the other user; `OC` says that `C` created it |
/// | `X`, `R`, `F` | expired, revoked, of the revoked chain `Z`; `C` created them |
/// | `XO`, `RO` | expired, revoked, of the other user |
/// | `DL`, `DR` | without level, with level 12 |
/// | `DH`, `DX`, `DC`, `DB`, `DU` | without hash, expiry, chain, origin, owner |
/// | `DO` | without level, of the other user |
/// | `N` | not in the table |
pub(super) struct Scene<'a> {
    pub(super) world: &'a World,
    client: Client,
    keys: BTreeMap<&'static str, StoredKey>,
    absent: StoredKey,
    pub(super) user: u64,
    other: u64,
    fenced: String,
}

/// Who sends a request.
pub(super) struct Caller {
    pub(super) endpoint: Endpoint,
    pub(super) authorization: Option<String>,
    /// The caller as the evidence of a revocation and the log name it.
    pub(super) scope: String,
}

/// Every item of a scene, by its partition key.
pub(super) type Items = BTreeMap<String, Item>;

impl<'a> Scene<'a> {
    /// Puts the keys of a user and of the next one.
    pub(super) async fn new(world: &'a World, user: u64, level: i64) -> Self {
        let other = user + 1;
        let fenced = StoredKey::new().key;
        let scene = Self {
            world,
            client: world.dynamo.client(),
            keys: family(user, other, level, &fenced),
            absent: StoredKey::new(),
            user,
            other,
            fenced,
        };
        let mut items: Vec<Item> = scene.keys.values().map(|key| key.item.clone()).collect();
        items.push(fence(&scene.fenced, user));
        for items in items.chunks(25) {
            let put = |item: &Item| PutRequest::builder().set_item(Some(item.clone())).build().unwrap();
            let puts = items.iter().map(|item| WriteRequest::builder().put_request(put(item)).build()).collect();
            scene.client.batch_write_item().request_items(TABLE_NAME, puts).send().await.unwrap();
        }
        scene
    }

    pub(super) fn key(&self, name: &str) -> &StoredKey {
        if name == "N" { &self.absent } else { self.keys.get(name).unwrap_or_else(|| panic!("no key {name}")) }
    }

    /// The caller of a row: a token (`token4`, `other9`, `off4`) or a key (`key4`, `keyX`), or one that is refused.
    pub(super) fn caller(&self, who: &str) -> Caller {
        let level = who.chars().last().filter(char::is_ascii_digit);
        let token = |user: u64, status: i64| {
            let claims = Claims::new().id(user).with("status", status).role(&format!("level{}", level.unwrap_or('4')));
            (Some(self.world.bearer(&claims)), format!("jwt:{user}"))
        };
        let key = |name: &str| (Some(self.key(name).authorization()), format!("key:{}", self.key(name).key));
        let (authorization, scope) = match who {
            "tokenNone" | "keyNone" => (None, String::new()),
            "tokenWrong" => (Some("Bearer a.b.c".to_owned()), String::new()),
            "tokenBasic" => (Some(self.key("C").authorization()), String::new()),
            "keyBearer" => (token(self.user, 1).0, String::new()),
            "keyWrong" => {
                let wrong = StoredKey { secret: "0".repeat(64), ..self.key("C").clone() };
                (Some(wrong.authorization()), String::new())
            }
            _ if who.starts_with("token") => token(self.user, 1),
            _ if who.starts_with("other") => token(self.other, 1),
            _ if who.starts_with("off") => token(self.user, 0),
            _ if level.is_some() && who.len() == 4 => key("C"),
            _ => key(who.strip_prefix("key").unwrap_or_else(|| panic!("no caller {who}"))),
        };
        let endpoint = if who.starts_with("key") { Endpoint::Key } else { Endpoint::Jwt };
        Caller { endpoint, authorization, scope }
    }

    /// A text with the names in braces replaced: `{A}` by the id of a key, `{A|upper}` by another spelling of the id,
    /// `{cursor A}` by the position of a key, `{U}` and `{V}` by the users, `{f}` by the function's name.
    pub(super) fn fill(&self, text: &str, endpoint: Endpoint) -> String {
        let mut filled = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let (name, after) = after.split_once('}').unwrap();
            filled.push_str(before);
            filled.push_str(&self.value(name, endpoint));
            rest = after;
        }
        filled + rest
    }

    fn value(&self, name: &str, endpoint: Endpoint) -> String {
        if let Some(position) = name.strip_prefix("cursor ") {
            return match position {
                "0" => cursor(0, &self.absent.key),
                "max" => cursor(u64::MAX, &self.absent.key),
                name => cursor(number(&self.key(name).item, "createdAt"), &self.key(name).key),
            };
        }
        let (name, form) = name.split_once('|').unwrap_or((name, ""));
        let id = match name {
            "U" => return self.user.to_string(),
            "V" => return self.other.to_string(),
            "f" => return endpoint.name().to_owned(),
            "long" => return "7".repeat(300),
            "hex" => return "0f".repeat(32),
            "Z" => self.fenced.clone(),
            name => self.key(name).key.clone(),
        };
        match form {
            "" => id,
            "upper" => id.to_uppercase(),
            "plain" => id.replace('-', ""),
            "braces" => format!("{{{id}}}"),
            "urn" => format!("urn:uuid:{id}"),
            "short" => id[1..].to_owned(),
            form => panic!("no form {form}"),
        }
    }

    /// A request with the caller's credential, from a text such as `GET /apikeys/{A}/jwt?limit=5`.
    pub(super) fn request(&self, text: &str, caller: &Caller) -> Request {
        let (method, target) = text.split_once(' ').unwrap();
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let fill = |text: &str| self.fill(text, caller.endpoint);
        let mut request = Request::new(method, &fill(path));
        if method == "POST" {
            request = request.header("Content-Type", "application/json").body(BODY);
        }
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap();
            request = request.query(&fill(name), &fill(value));
        }
        match &caller.authorization {
            Some(authorization) => request.header("Authorization", authorization),
            None => request,
        }
    }

    /// Sends a request through an HTTP API.
    pub(super) async fn ask(&self, who: &str, text: &str) -> Answer {
        let caller = self.caller(who);
        self.send(caller.endpoint, &self.request(text, &caller), Source::HttpApi).await
    }

    /// Asserts the status of an answer.
    pub(super) async fn expect(&self, who: &str, text: &str, status: u64) -> Answer {
        let answer = self.ask(who, text).await;
        assert_eq!(answer.status, status, "{text} by {who}: {}", answer.body);
        answer
    }

    /// The item of a key.
    pub(super) async fn item(&self, name: &str) -> Option<Item> {
        self.world.dynamo.item(&self.key(name).key).await
    }

    /// Sends a request. The headers of the answer are checked.
    pub(super) async fn send(&self, endpoint: Endpoint, request: &Request, source: Source) -> Answer {
        self.send_with(endpoint, request, source, Call::at(Timestamp::now(), 10_000, Randomness::draw())).await
    }

    pub(super) async fn send_with(&self, endpoint: Endpoint, request: &Request, source: Source, call: Call) -> Answer {
        let response = self.world.invoke_raw(endpoint, &request.event(source), call).await;
        let answer = Answer::read(&response.unwrap_or_else(|code| panic!("an invocation error: {code}")));
        assert_form(endpoint, &answer);
        answer
    }

    /// The items of the scene's keys, and of the fences of their chains.
    pub(super) async fn items(&self) -> Items {
        let ids = self.keys.values().chain([&self.absent]).map(|key| key.key.clone());
        let chains = self.keys.values().chain([&self.absent]).filter_map(|key| key.item.get("chain")?.as_s().ok());
        let fences: BTreeSet<String> = chains.map(|chain| format!("fence#{chain}")).collect();
        let keys: Vec<Item> = ids.chain(fences).map(partition_key).collect();
        let mut items = Items::new();
        for keys in keys.chunks(100) {
            let request = KeysAndAttributes::builder().set_keys(Some(keys.to_vec())).consistent_read(true);
            let call = self.client.batch_get_item().request_items(TABLE_NAME, request.build().unwrap());
            for item in call.send().await.unwrap().responses.unwrap_or_default().into_values().flatten() {
                items.insert(item["key"].as_s().unwrap().clone(), item);
            }
        }
        items
    }
}

/// A world whose DynamoDB is behind a proxy.
pub(super) async fn proxied() -> (World, Proxy) {
    let store = World::new().await;
    let proxy = Proxy::to(store.dynamo.port()).await;
    let variables = [("AWS_ENDPOINT_URL_DYNAMODB", proxy.endpoint()), ("ROLE_LEVELS", ROLES.to_owned())];
    let mut world = World::with(&variables.each_ref().map(|(name, value)| (*name, value.as_str()))).await;
    world.dynamo = store.dynamo;
    (world, proxy)
}

/// A world for scenes.
pub(super) async fn world() -> World {
    World::with(&[("ROLE_LEVELS", ROLES)]).await
}

fn family(user: u64, other: u64, level: i64, fenced: &str) -> BTreeMap<&'static str, StoredKey> {
    let number = |value: u64| i64::try_from(value).unwrap();
    let of_user = || StoredKey::new().number("userId", number(user));
    let of_other = || StoredKey::new().number("userId", number(other));
    let parent = of_user().level(8);
    let caller = of_chain(of_user().level(level), &parent.key, &parent.key);
    let own = || of_chain(of_user(), &caller.key, &parent.key);
    let child = own();
    let first = |key: StoredKey| {
        let id = key.key.clone();
        key.with("chain", text(&id))
    };
    let names = [
        ("S", of_chain(of_user(), &parent.key, &parent.key)),
        ("G", of_chain(of_user(), &child.key, &parent.key)),
        ("D", child.clone()),
        ("A", of_user()),
        ("A8", of_user().level(8)),
        ("Q", own().with("createdBy", text(&format!("rotation:{}", caller.key)))),
        ("O", of_other()),
        ("OC", first(of_chain(of_other(), &caller.key, &caller.key))),
        ("X", own().expires_in(-1)),
        ("XO", of_other().expires_in(-1)),
        ("R", own().revoked()),
        ("RO", of_other().revoked()),
        ("F", of_chain(of_user(), &caller.key, fenced)),
        ("DL", own().without("level")),
        ("DR", own().level(12)),
        ("DH", own().without("secretHash")),
        ("DX", own().without("expiresAt")),
        ("DC", own().without("chain")),
        ("DB", own().without("createdBy")),
        ("DU", own().without("userId")),
        ("DO", of_other().without("level")),
        ("C", caller.clone()),
        ("P", parent),
    ];
    let position = |name: &str| LISTED.iter().chain(&LISTED_OF_OTHER).position(|listed| *listed == name);
    let newest = host::now() - 1_000;
    let placed = names.map(|(name, key)| {
        let age = i64::try_from(position(name).unwrap_or(99)).unwrap();
        let key = key.number("createdAt", newest - age);
        (name, key.with("name", text(&format!("key {name}"))))
    });
    placed.into_iter().collect()
}

/// Says that a key created the other one, and which key began their chain.
fn of_chain(key: StoredKey, creator: &str, first: &str) -> StoredKey {
    key.with("createdBy", text(&format!("key:{creator}"))).with("chain", text(first))
}

/// The item that ends a user's chain.
pub(super) fn fence(chain: &str, owner: u64) -> Item {
    let mut fence = stored_key::fence(chain);
    fence.insert("owner".to_owned(), AttributeValue::N(owner.to_string()));
    fence
}

pub(super) fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

pub(super) fn number(item: &Item, attribute: &str) -> u64 {
    item[attribute].as_n().unwrap().parse().unwrap()
}

fn partition_key(key: String) -> Item {
    HashMap::from([("key".to_owned(), AttributeValue::S(key))])
}

/// The cursor of a position.
pub(super) fn cursor(created_at: u64, key: &str) -> String {
    let id = uuid::Uuid::parse_str(key).unwrap();
    URL_SAFE_NO_PAD.encode([created_at.to_be_bytes().as_slice(), id.as_bytes()].concat())
}

/// The `apikey` object of a living key.
pub(super) fn apikey(item: &Item) -> String {
    let time = |attribute| Timestamp::from_millis(number(item, attribute) * 1_000).to_rfc3339();
    let text = |attribute: &str| item[attribute].as_s().unwrap();
    format!(
        concat!(
            r#"{{"key":"{}","level":{},"expiresAt":"{}","name":"{}","userId":{},"#,
            r#""createdAt":"{}","createdBy":"{}","chain":"{}"}}"#
        ),
        text("key"),
        number(item, "level"),
        time("expiresAt"),
        text("name"),
        number(item, "userId"),
        time("createdAt"),
        text("createdBy"),
        text("chain"),
    )
}
