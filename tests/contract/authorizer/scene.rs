//! Both functions as authorizers, and credentials in every state.

use std::collections::BTreeMap;

use serde_json::Value;
use shared::domain::Timestamp;
use shared::platform::{Call, Randomness};
use tests::dynamo::Item;
use tests::fault::Proxy;
use tests::host;
use tests::stored_key::fence;
use tests::token::{Claims, Signer};

use crate::support::{Endpoint, StoredKey, World};

/// A role for each level.
const ROLES: &str = r#"{"level0":0,"level1":1,"level2":2,"level3":3,"level4":4,"level5":5,"level6":6,"level7":7,"level8":8,"level9":9}"#;

/// Both functions, and one key for each credential.
///
/// | Credential | |
/// |---|---|
/// | `level0` to `level9` | valid, of that level; keys have levels up to 8 |
/// | `later` | a valid key of level 4 that is not the first of its chain |
/// | `fraction` | a valid token whose `exp` has a fraction |
/// | `inactive` | a token of an account that is not active |
/// | `expired`, `future`, `milliseconds` | a token or key that has expired; tokens with another wrong time |
/// | `revoked`, `fenced` | a revoked key; a later key of a revoked chain |
/// | `unknown`, `wrong` | a key without a record or a token without a known role; a wrong secret or signature |
/// | `damaged`, `damagedWrong` | a key whose record has no level; the same with a wrong secret |
/// | `none`, `empty`, `scheme`, `foreign` | no value, an empty one, the scheme alone, another scheme |
/// | `lower`, `upper`, `spaces`, `before`, `after`, `tab` | a valid value in another spelling |
/// | `joined`, `twice`, `mixed` | two valid values: joined by a comma, apart, of two schemes |
/// | `long`, `control`, `umlaut`, `bare` | over 8,192 bytes, with a control character, not ASCII, without a scheme |
pub(super) struct Scene {
    world: World,
    keys: BTreeMap<&'static str, StoredKey>,
    /// A valid `Authorization` of another caller, of the key function.
    pub(super) other: String,
}

/// A credential as it is sent, and the caller that it identifies.
pub(super) struct Credential {
    /// The values of `Authorization`.
    pub(super) values: Vec<String>,
    pub(super) principal_id: String,
    pub(super) key_id: Option<String>,
    pub(super) level: u64,
    pub(super) expires_at: u64,
}

impl Scene {
    /// A scene with a configuration as a row has it.
    pub(super) async fn with(config: &str) -> Self {
        let pairs = config.split(' ').filter_map(|pair| pair.split_once('='));
        let variables: Vec<_> = pairs.map(|(name, value)| (format!("AUTHORIZER_{name}"), value)).collect();
        let variables = variables.iter().map(|(name, value)| (name.as_str(), *value));
        Self::of(World::with(&variables.chain([("ROLE_LEVELS", ROLES)]).collect::<Vec<_>>()).await).await
    }

    /// A scene whose functions call DynamoDB through a proxy.
    pub(super) async fn proxied() -> (Self, Proxy) {
        let store = World::new().await;
        let proxy = Proxy::to(store.dynamo.port()).await;
        let variables = [("AWS_ENDPOINT_URL_DYNAMODB", proxy.endpoint()), ("ROLE_LEVELS", ROLES.to_owned())];
        let mut world = World::with(&variables.each_ref().map(|(name, value)| (*name, value.as_str()))).await;
        world.dynamo = store.dynamo;
        (Self::of(world).await, proxy)
    }

    async fn of(world: World) -> Self {
        let mut keys: BTreeMap<_, _> =
            (0..=8).zip(LEVELS).map(|(level, name)| (name, StoredKey::new().level(level))).collect();
        let revoked = StoredKey::new().revoked();
        keys.extend([
            ("later", keys["level4"].child()),
            ("fenced", revoked.child()),
            ("expired", StoredKey::new().expires_in(0)),
            ("damaged", StoredKey::new().without("level")),
        ]);
        world.dynamo.put_item(fence(&revoked.key)).await;
        keys.insert("revoked", revoked);
        for key in keys.values() {
            world.dynamo.put_item(key.item.clone()).await;
        }
        let other = keys["level5"].authorization();
        Self { world, keys, other }
    }

    pub(super) async fn items(&self) -> Vec<Item> {
        self.world.dynamo.items().await
    }

    /// Invokes a function. An invocation error is returned as its code.
    pub(super) async fn invoke(&self, endpoint: Endpoint, event: &Value) -> Result<Value, &'static str> {
        let call = Call::at(Timestamp::now(), 10_000, Randomness::draw());
        self.world.invoke_raw(endpoint, event, call).await
    }

    pub(super) fn credential(&self, endpoint: Endpoint, name: &str) -> Credential {
        match endpoint {
            Endpoint::Jwt => self.token(name),
            Endpoint::Key => self.key(name),
        }
    }

    fn token(&self, name: &str) -> Credential {
        let now = u64::try_from(host::now()).unwrap();
        let claims = |role: &str| Claims::new().role(role).with("exp", now + 3_600);
        let (level, claims, signer) = match name {
            name if LEVELS.contains(&name) => (name[5..].parse().unwrap(), claims(name), self.world.signer()),
            "fraction" => (4, claims("level4").with("exp", now as f64 + 3_600.9), self.world.signer()),
            "inactive" => (4, claims("level4").with("status", 0), self.world.signer()),
            "expired" => (4, claims("level4").expires_in(0), self.world.signer()),
            "future" => (4, claims("level4").with("nbf", now + 600), self.world.signer()),
            "milliseconds" => (4, claims("level4").with("exp", (now + 3_600) * 1_000), self.world.signer()),
            "unknown" => (4, claims("nobody"), self.world.signer()),
            "wrong" => (4, claims("level4"), &Signer::hs256(b"a secret that the function does not have, at all")),
            _ => (4, claims("level4"), self.world.signer()),
        };
        let value = format!("Bearer {}", claims.sign(signer));
        Credential {
            values: spelled(name, &value, &self.other),
            principal_id: "jwt:61".to_owned(),
            key_id: None,
            level,
            expires_at: now + 3_600,
        }
    }

    fn key(&self, name: &str) -> Credential {
        let wrong = |key: &StoredKey| tests::stored_key::basic(&key.key, &StoredKey::new().secret);
        let key = self.keys.get(name.trim_end_matches("Wrong")).unwrap_or(&self.keys["level4"]);
        let value = match name {
            "unknown" => StoredKey::new().authorization(),
            "wrong" | "damagedWrong" => wrong(key),
            _ => key.authorization(),
        };
        let number =
            |attribute: &str| key.item.get(attribute).map_or(0, |value| value.as_n().unwrap().parse().unwrap());
        let bearer = self.world.bearer(&Claims::new().role("level4"));
        Credential {
            values: spelled(name, &value, &bearer),
            principal_id: format!("key:{}", key.key),
            key_id: Some(key.key.clone()),
            level: number("level"),
            expires_at: number("expiresAt"),
        }
    }
}

const LEVELS: [&str; 10] =
    ["level0", "level1", "level2", "level3", "level4", "level5", "level6", "level7", "level8", "level9"];

/// A valid value in the spelling that a credential's name says. `foreign` is a value of the other function's scheme.
fn spelled(name: &str, value: &str, foreign: &str) -> Vec<String> {
    let (scheme, credential) = value.split_once(' ').unwrap();
    let one = match name {
        "none" => return Vec::new(),
        "twice" => return vec![value.to_owned(), value.to_owned()],
        "mixed" => return vec![foreign.to_owned(), value.to_owned()],
        "empty" => String::new(),
        "scheme" => scheme.to_owned(),
        "foreign" => foreign.to_owned(),
        "lower" => format!("{} {credential}", scheme.to_lowercase()),
        "upper" => format!("{} {credential}", scheme.to_uppercase()),
        "spaces" => format!("{scheme}   {credential}"),
        "before" => format!(" {value}"),
        "after" => format!("{value} "),
        "tab" => format!("{scheme}\t{credential}"),
        "joined" => format!("{value},{value}"),
        "long" => format!("{value}{}", "A".repeat(8_192)),
        "control" => format!("{value}\u{1}"),
        "umlaut" => format!("{value}ä"),
        "bare" => credential.to_owned(),
        _ => value.to_owned(),
    };
    vec![one]
}
