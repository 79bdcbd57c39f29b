//! The callers: tokens of two users, and new keys for each row.
//!
//! All credentials are valid for longer than an answer is stored.

use serde_json::json;
use tests::host;
use tests::stored_key::basic;
use tests::token::{Claims, Signer};

use super::Told;
use crate::support::{StoredKey, World};

const DAYS: i64 = 3 * 86_400;

/// The keys of one row.
pub(super) struct Callers {
    /// A key of user 61. `sibling` is another key of user 61, and `stranger` is a key of user 7.
    pub(super) caller: StoredKey,
    sibling: StoredKey,
    stranger: StoredKey,
}

impl Callers {
    pub(super) async fn new(world: &World) -> Self {
        let key = || StoredKey::new().level(8).expires_in(DAYS);
        let callers = Self { caller: key(), sibling: key(), stranger: key().number("userId", 7) };
        for key in [&callers.caller, &callers.sibling, &callers.stranger] {
            world.dynamo.put_item(key.item.clone()).await;
        }
        callers
    }

    /// The `Authorization` of a caller. `first` is the answer with the key that the row created.
    pub(super) fn authorization(&self, world: &World, who: &str, first: Option<&Told>) -> Option<String> {
        let claims = Claims::new().expires_in(DAYS);
        Some(match who {
            "nobody" => return None,
            "caller" => self.caller.authorization(),
            "sibling" => self.sibling.authorization(),
            "stranger" => self.stranger.authorization(),
            "created" => {
                let apikey = &first.unwrap().outcome.as_ref().unwrap()["apikey"];
                basic(apikey["key"].as_str().unwrap(), apikey["secret"].as_str().unwrap())
            }
            "user" | "tester" | "curator" | "admin" | "writer" => world.bearer(&claims.role(who)),
            "other" => world.bearer(&claims.id(7)),
            "later" => world.bearer(&claims.expires_in(DAYS + 60).with("iat", host::now() - 60).without("username")),
            "sub" => world.bearer(&claims.without("_id").with("sub", "061")),
            "float" => world.bearer(&claims.with("_id", json!(61.0))),
            "inactive" => world.bearer(&claims.with("status", 0)),
            "expired" => world.bearer(&claims.expires_in(-1)),
            "forged" => format!("Bearer {}", claims.sign(&Signer::hs256(&host::random::<32>()))),
            _ => panic!("unknown caller: {who}"),
        })
    }
}
