//! A model of the contract: the expected answer to each request.
//!
//! The model does not use the code under test. `walk` compares the answers of both.

mod access;
mod ask;
mod audit;
mod draw;
mod life;
mod send;
mod walk;

use std::collections::BTreeMap;

use ask::{Ask, NO_UUID, Shown, Trouble};

/// A status and a code.
type Refusal = (u64, &'static str);

const REQUIRED: Refusal = (401, "authenticationRequired");
const UNPROVEN: Refusal = (403, "authenticationFailed");
const FAILED: Refusal = (500, "createApikeyFailed");

#[derive(Clone, Debug, PartialEq, Eq)]
struct Key {
    name: String,
    level: i64,
    user: u64,
    created_at: u64,
    expires_at: u64,
    created_by: String,
    chain: String,
    chain_expires_at: u64,
    revoked: Option<Mark>,
}

/// The second of a revocation, and the caller: `jwt:<userId>` or `key:<uuid>`.
type Mark = (u64, String);

/// The stored answer to a request with an `Idempotency-Key`.
#[derive(Clone, Debug)]
struct Memo {
    asked: (String, i64, i64),
    expires_at: u64,
    id: String,
}

/// The caller's scope, and the idempotency key.
type MemoId = (String, String);

/// A new key and its stored answer.
#[derive(Clone, Debug)]
struct Issue {
    id: String,
    key: Key,
    memo: Option<(MemoId, Memo)>,
}

#[derive(Clone, Debug)]
enum Expected {
    Created(Issue),
    Replayed(String),
    /// The key is created, but the answer is a 500.
    Lost(Issue),
    Refused(Refusal),
}

struct Caller {
    level: i64,
    user: u64,
    scope: String,
    created_by: String,
    /// The chain that the new key joins, and its end.
    chain: Option<(String, u64)>,
}

/// The contents of the table, and the limit on `expiresIn`.
#[derive(Debug)]
struct Model {
    limit: i64,
    keys: BTreeMap<String, Key>,
    memos: BTreeMap<MemoId, Memo>,
    /// The owners and the marks of revoked chains.
    fences: BTreeMap<String, (u64, Mark)>,
}

impl Model {
    /// The expected answer at a time in milliseconds.
    fn expect(&self, ask: &Ask, now: u64) -> Expected {
        self.judge(ask, now).unwrap_or_else(Expected::Refused)
    }

    fn judge(&self, ask: &Ask, now: u64) -> Result<Expected, Refusal> {
        let caller = self.caller(ask, now)?;
        if caller.level < 4 {
            return Err((403, "insufficientAccessLevel"));
        }
        let level = ask.level.number(["levelMissing", "levelNotNumeric", "invalidLevel"], 0)?;
        if level > 8 {
            return Err((400, "invalidLevel"));
        }
        let lifetime = ["expiresInMissing", "expiresInNotNumeric", "invalidExpiresIn"];
        let lifetime = ask.expires_in.number(lifetime, 1)?;
        if lifetime > self.limit {
            return Err((400, "expiresInHigherThanMaximum"));
        }
        if ask.value.as_deref() == Some(NO_UUID) {
            return Err((400, "idempotencyKeyInvalid"));
        }
        if level > caller.level {
            return Err((403, "keyLevelExceedsRoleLevel"));
        }
        self.issue(ask, &caller, level, lifetime, now)
    }

    fn caller(&self, ask: &Ask, now: u64) -> Result<Caller, Refusal> {
        let is_read = matches!(ask.shown, Shown::Key { .. });
        if is_read && matches!(ask.trouble, Trouble::Reads(_)) { Err(FAILED) } else { self.known(&ask.shown, now) }
    }

    fn known(&self, shown: &Shown, now: u64) -> Result<Caller, Refusal> {
        match shown {
            Shown::Nothing | Shown::OtherScheme => Err(REQUIRED),
            Shown::Several | Shown::Malformed => Err(UNPROVEN),
            Shown::Token { user, role, status, expires_at, genuine } => {
                let level = role.filter(|_| *genuine && is_ahead(*expires_at, now)).ok_or(UNPROVEN)?;
                if *status < 1 {
                    return Err((403, "accountStatusLacking"));
                }
                Ok(Caller { level, user: *user, scope: format!("jwt:{user}"), created_by: "jwt".into(), chain: None })
            }
            Shown::Key { id, genuine } => {
                let key = self.keys.get(id).filter(|_| *genuine && self.lives(id, now)).ok_or(UNPROVEN)?;
                let scope = format!("key:{id}");
                let chain = Some((key.chain.clone(), key.chain_expires_at));
                Ok(Caller { level: key.level, user: key.user, created_by: scope.clone(), scope, chain })
            }
        }
    }

    /// Whether a key is stored, and neither expired nor revoked, alone or with its chain.
    fn lives(&self, id: &str, now: u64) -> bool {
        self.keys.get(id).is_some_and(|key| {
            let is_fenced = key.chain != id && self.fences.contains_key(&key.chain);
            is_ahead(key.expires_at, now) && key.revoked.is_none() && !is_fenced
        })
    }

    fn issue(&self, ask: &Ask, caller: &Caller, level: i64, lifetime: i64, now: u64) -> Result<Expected, Refusal> {
        // A lifetime begins at the next whole second, so that no key lives shorter than requested.
        let begins = now.div_ceil(1000);
        let expires_at = begins + lifetime.unsigned_abs();
        let chain_expires_at = caller.chain.as_ref().map_or(begins + self.limit.unsigned_abs(), |(_, end)| *end);
        let outlives = expires_at > chain_expires_at;
        if !outlives && matches!(ask.trouble, Trouble::Writes(_)) {
            return Err(FAILED);
        }
        let memo_id = ask.value.clone().map(|value| (caller.scope.clone(), value));
        let asked = (ask.name.clone(), level, lifetime);
        // A retry with a stored answer is not refused at the end of the chain.
        let memo = memo_id.as_ref().and_then(|id| self.memos.get(id)).filter(|memo| is_ahead(memo.expires_at, now));
        match memo {
            Some(_) if !outlives && matches!(ask.trouble, Trouble::Replies) => return Err(FAILED),
            Some(memo) if memo.asked == asked => return Ok(Expected::Replayed(memo.id.clone())),
            Some(_) => return Err((400, "idempotencyKeyReused")),
            None if outlives => return Err((400, "expiresInHigherThanMaximum")),
            None => {}
        }
        let lost = matches!(ask.trouble, Trouble::Replies);
        // If the reply is lost, the function does not know that the id is taken.
        let ids = if lost { &ask.ids[..1] } else { &ask.ids[..] };
        let id = ids.iter().find(|id| !self.keys.contains_key(*id)).ok_or(FAILED)?.clone();
        let key = Key {
            name: ask.name.clone(),
            level,
            user: caller.user,
            created_at: now / 1000,
            expires_at,
            created_by: caller.created_by.clone(),
            chain: caller.chain.as_ref().map_or_else(|| id.clone(), |(chain, _)| chain.clone()),
            chain_expires_at,
            revoked: None,
        };
        let memo = Memo { asked, expires_at: begins + 86_400, id: id.clone() };
        let issue = Issue { id, key, memo: memo_id.map(|id| (id, memo)) };
        Ok(if lost { Expected::Lost(issue) } else { Expected::Created(issue) })
    }

    /// Updates the table after a request.
    fn learn(&mut self, expected: &Expected) {
        if let Expected::Created(issue) | Expected::Lost(issue) = expected {
            self.keys.insert(issue.id.clone(), issue.key.clone());
            self.memos.extend(issue.memo.clone());
        }
    }
}

/// Whether a second has not begun yet.
const fn is_ahead(second: u64, now: u64) -> bool {
    second * 1000 > now
}
