//! Revocation under faults and races: what is answered with 204 is done and stays done.

mod chain;
mod deliveries;
mod faults;
mod fence;
mod races;
mod rotations;

use std::sync::Arc;
use std::time::Duration;

use shared::domain::Timestamp;
use shared::platform::{Call, Randomness};
use tests::dynamo::Item;
use tests::event::{Request, Source};
use tests::fault::{Fault, Proxy};
use tests::token::Claims;
use tokio::task::JoinHandle;

use crate::idempotency::broken;
use crate::support::{Answer, Endpoint, StoredKey, World};

/// Both functions behind a proxy. DynamoDB holds one chain: a first key, its child `parent`, and two children of that.
struct Scene {
    world: World,
    proxy: Proxy,
    first: StoredKey,
    parent: StoredKey,
    child: StoredKey,
    sibling: StoredKey,
}

impl Scene {
    async fn new() -> Arc<Self> {
        let (world, proxy) = broken().await;
        let first = StoredKey::new().level(8);
        let parent = first.child();
        let (child, sibling) = (parent.child(), parent.child());
        let scene = Self { world, proxy, first, parent, child, sibling };
        scene.store().await;
        Arc::new(scene)
    }

    /// Puts the four items as they were in the beginning, and removes the fence.
    async fn store(&self) {
        for key in self.keys() {
            self.world.dynamo.put_item(key.item.clone()).await;
        }
        self.world.dynamo.delete_item(&self.fence_id()).await;
    }

    fn keys(&self) -> [&StoredKey; 4] {
        [&self.first, &self.parent, &self.child, &self.sibling]
    }

    fn fence_id(&self) -> String {
        format!("fence#{}", self.first.key)
    }

    async fn fence(&self) -> Option<Item> {
        self.world.dynamo.item(&self.fence_id()).await
    }

    async fn item(&self, key: &StoredKey) -> Option<Item> {
        self.world.dynamo.item(&key.key).await
    }

    async fn is_marked(&self, key: &StoredKey) -> bool {
        self.item(key).await.is_some_and(|item| item.contains_key("revokedAt"))
    }

    /// A token of the owner.
    fn owner(&self) -> String {
        self.world.bearer(&Claims::new())
    }

    /// A token of an administrator, user 7.
    fn administrator(&self) -> String {
        self.world.bearer(&Claims::new().id(7).role("admin"))
    }

    fn revoke(&self, key: &StoredKey) -> Ask {
        Ask::new(Endpoint::Jwt, "DELETE", &format!("/apikeys/{}/jwt", key.key), &self.owner())
    }

    fn revoke_chain(&self, key: &StoredKey) -> Ask {
        let ask = self.revoke(key);
        Ask { request: ask.request.query("chain", "true"), ..ask }
    }

    async fn send(&self, ask: &Ask) -> Answer {
        let call = Call::at(Timestamp::now(), 30_000, Randomness::draw()).patient();
        self.send_with(ask, call).await
    }

    async fn send_with(&self, ask: &Ask, call: Call) -> Answer {
        let event = ask.request.event(Source::HttpApi);
        let answer = Box::pin(self.world.invoke_raw(ask.endpoint, &event, call)).await;
        let answer = Answer::read(&answer.unwrap_or_else(|code| panic!("{ask:?}: an invocation error: {code}")));
        assert_eq!(answer.status == 204, answer.body.is_empty(), "{ask:?}: {answer:?}");
        answer
    }

    /// Sends a request whose nth call of an operation stops before DynamoDB, and waits until it has stopped.
    async fn hold(self: &Arc<Self>, ask: Ask, operation: &str, nth: usize) -> JoinHandle<Answer> {
        let is_held = |proxy: &Proxy| proxy.requests().iter().filter(|request| request.fault == Fault::Hold).count();
        let held = is_held(&self.proxy);
        self.proxy.inject_at(operation, nth, Fault::Hold);
        let scene = Arc::clone(self);
        let running = tokio::spawn(async move { scene.send(&ask).await });
        while is_held(&self.proxy) == held {
            assert!(!running.is_finished(), "there is no call {nth} of {operation}");
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        running
    }

    /// Lets the stopped request continue.
    async fn release(&self, running: JoinHandle<Answer>) -> Answer {
        self.proxy.release();
        running.await.unwrap()
    }

    /// Whether a key authenticates, at `GET /whoami/key`.
    async fn authenticates(&self, authorization: &str) -> bool {
        let answer = self.send(&Ask::new(Endpoint::Key, "GET", "/whoami/key", authorization)).await;
        match (answer.status, answer.body.as_str()) {
            (200, _) => true,
            (403, r#"{"result":"error","error":"authenticationFailed"}"#) => false,
            _ => panic!("{answer:?}"),
        }
    }

    /// Which of the first key, the parent, the child and its sibling authenticate.
    async fn living(&self) -> [bool; 4] {
        let [first, parent, child, sibling] = self.keys().map(StoredKey::authorization);
        [
            self.authenticates(&first).await,
            self.authenticates(&parent).await,
            self.authenticates(&child).await,
            self.authenticates(&sibling).await,
        ]
    }
}

/// A request to a function.
#[derive(Clone, Debug)]
struct Ask {
    endpoint: Endpoint,
    request: Request,
}

impl Ask {
    fn new(endpoint: Endpoint, method: &str, path: &str, authorization: &str) -> Self {
        Self { endpoint, request: Request::new(method, path).header("Authorization", authorization) }
    }

    /// A creation with a key.
    fn create(authorization: &str) -> Self {
        let request = Request::post("/apikeys/key", r#"{"name":"new","level":4,"expiresIn":60}"#);
        Self { endpoint: Endpoint::Key, request: request.header("Authorization", authorization) }
    }

    /// The same with an `Idempotency-Key`.
    fn once(self) -> Self {
        let value = uuid::Builder::from_random_bytes(tests::host::random()).into_uuid().to_string();
        Self { request: self.request.header("Idempotency-Key", &value), ..self }
    }
}

/// The code of an error, or an empty text.
fn code(answer: &Answer) -> String {
    let body: serde_json::Value = serde_json::from_str(&answer.body).unwrap_or_default();
    body["error"].as_str().unwrap_or_default().to_owned()
}

fn text<'a>(item: &'a Item, attribute: &str) -> &'a str {
    item[attribute].as_s().unwrap()
}
