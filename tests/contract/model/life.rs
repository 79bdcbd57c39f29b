//! Draws lists, reads and revocations, and compares their answers with the model's.

use serde_json::{Value, json};
use shared::domain::Timestamp;
use shared::platform::{Call, Randomness};
use tests::event::{Request, Source};
use tests::fault::Fault;

use super::Key;
use super::access::{Act, Success};
use super::ask::Shown;
use super::walk::Walk;
use crate::support::{Answer, Endpoint, assert_refused, standing_still};

/// The operations that these requests call.
const READS: [&str; 3] = ["GetItem", "Query", "BatchGetItem"];
const WRITES: [&str; 2] = ["UpdateItem", "TransactWriteItems"];

impl Walk {
    /// Sends one request for keys that exist. Returns the name of the answer in the tally.
    pub(super) async fn live(&mut self) -> String {
        let mut shown = self.shown();
        if let Shown::Token { expires_at, .. } = &mut shown {
            *expires_at = self.now / 1000 + 600;
        }
        let act = self.act(&shown);
        self.doing = format!("{act:?} with {shown:?}");
        let expected = self.model.act(&shown, &act, self.now);
        // Every reply to a write is lost.
        let is_lost = matches!(act, Act::Revoke { .. }) && self.rng.one_in(30);
        if is_lost {
            for operation in WRITES {
                (1..=9).for_each(|nth| self.proxy.inject_at(operation, nth, Fault::ApplyThenLose));
            }
        } else if self.rng.one_in(5) {
            let fault = self.rng.one_of([Fault::Reset, Fault::ApplyThenLose, Fault::Truncate]);
            READS.iter().chain(&WRITES).for_each(|operation| self.proxy.inject_at(operation, 1, fault.clone()));
        }
        let label = match (&act, expected) {
            (Act::List { user, limit }, Ok(Success::Listed(keys))) => {
                self.list(&shown, *user, *limit, keys).await;
                "200 listed".to_owned()
            }
            (_, Ok(Success::Read(id))) => {
                let body = json_of(&id, &self.model.keys[&id]);
                let body = format!(r#"{{"result":"success","apikey":{body}}}"#);
                let answer = self.request(&shown, &act, None).await;
                assert_eq!((answer.status, answer.body), (200, body));
                "200 read".to_owned()
            }
            (Act::Revoke { id, with_chain }, Ok(Success::Revoked { keys, fence, by })) => {
                let is_applied = !is_lost || self.model.is_one_write(id, *with_chain, &keys, fence.as_ref());
                let answer = self.request(&shown, &act, None).await;
                if is_lost {
                    assert_refused(&answer, 500, act.failure(), "every reply was lost");
                } else {
                    assert_eq!((answer.status, answer.body.as_str()), (204, ""));
                }
                if is_applied {
                    self.model.revoke(&keys, fence.as_ref(), &by, self.now);
                }
                let what = if *with_chain { "chain" } else { "key" };
                let lost = if is_lost { ", reply lost" } else { "" };
                format!("{} {what} revoked{lost}", answer.status)
            }
            (_, Err((404, _))) if is_lost => {
                // The refusal of a single write is itself such a reply; a chain's key is looked up before.
                let answer = self.request(&shown, &act, None).await;
                let is_refused = answer.status == 404 || answer.status == 500 && answer.body.contains(act.failure());
                assert!(is_refused, "{answer:?}");
                format!("{} refused", answer.status)
            }
            (_, Err((status, code))) => {
                let answer = self.request(&shown, &act, None).await;
                assert_refused(&answer, status, code, "refused");
                format!("{status} {code}")
            }
            (_, Ok(success)) => unreachable!("{act:?}: {success:?}"),
        };
        self.proxy.heal();
        label
    }

    fn act(&mut self, shown: &Shown) -> Act {
        let user = self.rng.one_in(3).then(|| 61 + self.rng.below(3));
        match self.rng.below(10) {
            0..=1 => Act::List { user, limit: self.rng.one_of([0, 1, 2, 3, 7, 25, 100, 101]) },
            2 => match shown {
                Shown::Key { .. } => Act::Whoami,
                _ => Act::Read { id: self.target(shown) },
            },
            3..=4 => Act::Read { id: self.target(shown) },
            5..=7 => Act::Revoke { id: self.target(shown), with_chain: false },
            _ => {
                let with_chain = !matches!(shown, Shown::Key { .. }) || self.rng.one_in(4);
                Act::Revoke { id: self.target(shown), with_chain }
            }
        }
    }

    /// The id of a key: the caller's own, one that the caller created, one of its user, or any.
    fn target(&mut self, shown: &Shown) -> String {
        let own = match shown {
            Shown::Key { id, .. } => Some(id.clone()),
            _ => None,
        };
        let user = match shown {
            Shown::Token { user, .. } => Some(*user),
            _ => own.as_ref().and_then(|id| self.model.keys.get(id)).map(|key| key.user),
        };
        let scope = own.as_ref().map(|id| format!("key:{id}"));
        let among: Vec<_> = match self.rng.below(8) {
            0 | 1 if own.is_some() => own.into_iter().collect(),
            2..=4 if scope.is_some() => self.ids(|key| Some(&key.created_by) == scope.as_ref()),
            0..=6 => self.ids(|key| Some(key.user) == user),
            _ => self.ids(|_| true),
        };
        let lives: Vec<_> = among.iter().filter(|id| self.model.lives(id, self.now)).cloned().collect();
        let among = if lives.is_empty() || self.rng.one_in(5) { among } else { lives };
        let any = self.rng.pick(&among).cloned();
        match self.rng.below(16) {
            0 => any.unwrap_or_default().to_ascii_uppercase() + "-",
            _ => any.unwrap_or_else(|| self.uuid()),
        }
    }

    fn ids(&self, is_meant: impl Fn(&Key) -> bool) -> Vec<String> {
        self.model.keys.iter().filter(|(_, key)| is_meant(key)).map(|(id, _)| id.clone()).collect()
    }

    /// Reads all pages. The order of keys of one second is not determined.
    async fn list(&mut self, shown: &Shown, user: Option<u64>, limit: u64, expected: Vec<String>) {
        let (mut keys, mut cursor) = (Vec::new(), None);
        loop {
            let answer = self.request(shown, &Act::List { user, limit }, cursor.as_deref()).await;
            assert_eq!(answer.status, 200, "{answer:?}");
            let body: Value = serde_json::from_str(&answer.body).unwrap();
            let page = body["apikeys"].as_array().unwrap();
            assert!(page.len() as u64 <= limit, "{answer:?}");
            keys.extend(page.clone());
            cursor = body["cursor"].as_str().map(str::to_owned);
            if cursor.is_none() {
                break;
            }
        }
        let created: Vec<_> = keys.iter().map(|key| key["createdAt"].as_str().unwrap()).collect();
        assert!(created.is_sorted_by(|newer, older| newer >= older), "{created:?}");
        let mut shown: Vec<_> = keys.iter().map(|key| key["key"].as_str().unwrap().to_owned()).collect();
        shown.sort_unstable();
        assert_eq!(shown, expected);
        for key in &keys {
            let id = key["key"].as_str().unwrap();
            assert_eq!(*key, serde_json::from_str::<Value>(&json_of(id, &self.model.keys[id])).unwrap());
        }
    }

    async fn request(&mut self, shown: &Shown, act: &Act, cursor: Option<&str>) -> Answer {
        let endpoint = match shown {
            Shown::Token { .. } => Endpoint::Jwt,
            Shown::Key { .. } => Endpoint::Key,
            _ => self.rng.one_of(Endpoint::ALL),
        };
        let by = endpoint.name();
        let mut request = match act {
            Act::List { user, limit } => {
                let request = Request::new("GET", &format!("/apikeys/{by}")).query("limit", &limit.to_string());
                user.iter().fold(request, |request, user| request.query("userId", &user.to_string()))
            }
            Act::Read { id } => Request::new("GET", &format!("/apikeys/{id}/{by}")),
            Act::Whoami => Request::new("GET", "/whoami/key"),
            Act::Revoke { id, with_chain } => {
                let request = Request::new("DELETE", &format!("/apikeys/{id}/{by}"));
                if *with_chain { request.query("chain", "true") } else { request }
            }
        };
        if let Some(cursor) = cursor {
            request = request.query("cursor", cursor);
        }
        if let Some(authorization) = self.authorization(endpoint, shown) {
            request = request.header("Authorization", &authorization);
        }
        let call = Call::at(Timestamp::from_millis(self.now), 60_000, Randomness::draw()).patient();
        let event = request.event(Source::HttpApi);
        Answer::read(&self.world.invoke_raw(endpoint, &event, standing_still(call)).await.unwrap())
    }
}

/// The metadata of a key.
fn json_of(id: &str, key: &Key) -> String {
    let time = |second: u64| json!(Timestamp::from_millis(second * 1000).to_rfc3339());
    let members = [
        ("key", json!(id)),
        ("level", json!(key.level)),
        ("expiresAt", time(key.expires_at)),
        ("name", json!(key.name)),
        ("userId", json!(key.user)),
        ("createdAt", time(key.created_at)),
        ("createdBy", json!(key.created_by)),
        ("chain", json!(key.chain)),
    ];
    format!("{{{}}}", members.map(|(name, value)| format!(r#""{name}":{value}"#)).join(","))
}
