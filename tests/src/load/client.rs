//! A client: creates keys with one function, and revokes some of them. It sends one request at a time, except for the
//! creation that it sends while it revokes the caller's chain.

use futures_util::future::try_join;

use super::api::{self, Answer, Api, ApiKey, Caller};
use super::log::{Creation, CreationResult, Log, Revocation};
use super::usage::ResourceUsage;
use crate::function::Function;

/// How many times the memory and descriptors of each program are measured.
const MEASUREMENTS: usize = 10;

/// One in so many creations has an `Idempotency-Key`, and is repeated after a 500.
const CREATIONS_PER_IDEMPOTENT: usize = 10;

/// One in so many keys is revoked.
const KEYS_PER_REVOCATION: usize = 4;

/// The number of keys that each calling key creates.
const KEYS_PER_CHAIN: usize = 10;

/// A client of the programs with its number.
pub(super) struct Client<'a> {
    api: &'a Api,
    function: Function,
    number: usize,
    count: usize,
    log: Log,
}

impl<'a> Client<'a> {
    /// A client that sends so many creations to a function.
    pub(super) fn new(api: &'a Api, function: Function, number: usize, count: usize) -> Self {
        Self { api, function, number, count, log: Log::default() }
    }

    pub(super) async fn run(mut self) -> Result<Log, String> {
        match self.function {
            Function::Jwt => self.use_token().await?,
            Function::Key => self.use_keys().await?,
        }
        Ok(self.log)
    }

    /// Creates keys with the token. Each begins a chain.
    async fn use_token(&mut self) -> Result<(), String> {
        while !self.is_done() {
            let created = self.create(Caller::Token, 3).await?;
            let number = self.log.creations.len();
            if let Some(key) = created.filter(|_| number.is_multiple_of(KEYS_PER_REVOCATION)) {
                let with_chain = number.is_multiple_of(2 * KEYS_PER_REVOCATION);
                let chain = with_chain.then(|| key.key.clone());
                self.revoke(Caller::Token, &key, chain).await?;
                self.expect_revoked(&[&key]).await?;
            }
        }
        Ok(())
    }

    /// Creates keys with one calling key after another. Every second chain is revoked.
    async fn use_keys(&mut self) -> Result<(), String> {
        for chain in 1.. {
            if self.is_done() {
                break;
            }
            let Some(caller) = self.create(Caller::Token, 4).await? else { continue };
            let mut children = Vec::new();
            while children.len() < KEYS_PER_CHAIN && !self.is_done() {
                let Some(child) = self.create(Caller::Key(&caller), 3).await? else { continue };
                children.push(child);
                self.revoke_child(&caller, &children).await?;
            }
            if chain % 2 == 0 && !self.is_done() {
                self.revoke_chain(&caller, children, chain).await?;
            }
        }
        Ok(())
    }

    /// Revokes some of the children, with their parent and with the token in turn. A key can't revoke a chain.
    async fn revoke_child(&mut self, caller: &ApiKey, children: &[ApiKey]) -> Result<(), String> {
        let Some(child) = children.last().filter(|_| children.len().is_multiple_of(KEYS_PER_REVOCATION)) else {
            return Ok(());
        };
        if children.len().is_multiple_of(2 * KEYS_PER_REVOCATION) {
            let request = api::revocation(Function::Key, &child.key, true);
            let (answer, _) = self.api.repeat(Caller::Key(caller), self.number, &request).await?;
            expect(&answer, 403, "insufficientAccessLevel", &child.key)?;
            self.revoke(Caller::Token, child, None).await?;
        } else {
            self.revoke(Caller::Key(caller), child, None).await?;
        }
        self.expect_revoked(&[child]).await
    }

    /// Revokes a chain, whichever key of it is named, while its first key creates another key.
    async fn revoke_chain(&mut self, caller: &ApiKey, children: Vec<ApiKey>, number: usize) -> Result<(), String> {
        let mut chain = children;
        chain.push(caller.clone());
        let named = chain[number / 2 % chain.len()].clone();
        let name = self.next_name();
        let (created, revoked) = try_join(
            self.send_creation(Caller::Key(caller), name, 3, true),
            self.send_revocation(Caller::Token, &named, Some(caller.key.clone())),
        )
        .await?;
        if let CreationResult::Created(key) = &created.result {
            chain.push(key.clone());
        }
        self.add(created);
        self.log.revocations.push(revoked);
        self.expect_revoked(&chain.iter().collect::<Vec<_>>()).await
    }

    async fn create(&mut self, caller: Caller<'_>, level: u64) -> Result<Option<ApiKey>, String> {
        let name = self.next_name();
        let creation = self.send_creation(caller, name, level, false).await?;
        let created = match &creation.result {
            CreationResult::Created(key) => Some(key.clone()),
            CreationResult::Failed | CreationResult::Refused => None,
        };
        self.add(creation);
        Ok(created)
    }

    async fn revoke(&mut self, caller: Caller<'_>, key: &ApiKey, chain: Option<String>) -> Result<(), String> {
        let revocation = self.send_revocation(caller, key, chain).await?;
        self.log.revocations.push(revocation);
        Ok(())
    }

    /// `while_revoked` is whether the caller's chain is being revoked, so that the caller may be refused.
    async fn send_creation(
        &self,
        caller: Caller<'_>,
        name: String,
        level: u64,
        while_revoked: bool,
    ) -> Result<Creation, String> {
        let idempotent = (self.log.creations.len() + 1).is_multiple_of(CREATIONS_PER_IDEMPOTENT);
        let request = api::creation(caller.function(), &name, level);
        let ((status, body), failures) = if idempotent {
            self.api.repeat(caller, self.number, &api::idempotent(request)).await?
        } else {
            let answer = self.api.send(caller, self.number, &request).await?;
            let failures = usize::from(answer.0 == 500);
            (answer, failures)
        };
        let result = match (status, body["error"].as_str()) {
            (201, _) => {
                let text = |member: &str| body["apikey"][member].as_str().unwrap_or_default().to_owned();
                CreationResult::Created(ApiKey { key: text("key"), secret: text("secret") })
            }
            (500, Some("createApikeyFailed")) => CreationResult::Failed,
            (403, Some("authenticationFailed")) if while_revoked => CreationResult::Refused,
            _ => return Err(format!("the creation of {name}: {status} {body}")),
        };
        let parent = match caller {
            Caller::Token => None,
            Caller::Key(key) => Some(key.key.clone()),
        };
        Ok(Creation { name, level, parent, idempotent, failures, result })
    }

    /// Repeats the revocation until it is answered with 204.
    async fn send_revocation(
        &self,
        caller: Caller<'_>,
        key: &ApiKey,
        chain: Option<String>,
    ) -> Result<Revocation, String> {
        let request = api::revocation(caller.function(), &key.key, chain.is_some());
        let (answer, failures) = self.api.repeat(caller, self.number, &request).await?;
        if answer != (204, serde_json::Value::Null) {
            return Err(format!("the revocation of {}: {} {}", key.key, answer.0, answer.1));
        }
        let revoked_by = match caller {
            Caller::Token => "jwt:61".to_owned(),
            Caller::Key(key) => format!("key:{}", key.key),
        };
        Ok(Revocation { key: key.key.clone(), chain, revoked_by, failures })
    }

    /// After the 204, no program accepts any of these keys; the next program is asked.
    async fn expect_revoked(&mut self, keys: &[&ApiKey]) -> Result<(), String> {
        for key in keys {
            if self.api.authenticates(key, self.number + 1).await? == Some(true) {
                self.log.wrong.push(format!("{} authenticates after the 204", key.key));
            }
        }
        Ok(())
    }

    fn is_done(&self) -> bool {
        self.log.creations.len() >= self.count
    }

    fn next_name(&self) -> String {
        format!("{} {} {}", self.function.name(), self.number, self.log.creations.len() + 1)
    }

    /// Adds a creation, and measures the program after each tenth of all.
    fn add(&mut self, creation: Creation) {
        self.log.creations.push(creation);
        let creations = self.log.creations.len();
        if creations.is_multiple_of((self.count / MEASUREMENTS).max(1)) {
            let process = self.api.program(self.function, self.number).id();
            self.log.usage.push(ResourceUsage::of(process, creations));
        }
    }
}

fn expect((status, body): &Answer, expected: u64, code: &str, key: &str) -> Result<(), String> {
    if *status == expected && body["error"] == code {
        Ok(())
    } else {
        Err(format!("{key}: {status} {body}, not {expected} {code}"))
    }
}
