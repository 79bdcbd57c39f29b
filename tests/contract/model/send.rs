//! Sends a request of the model to the service.
//!
//! The time does not advance during a request, so that a request can be in the last millisecond of a key.

use shared::domain::Timestamp;
use shared::platform::{Call, Randomness};
use tests::event::{Request, Source};
use tests::fault::Fault;
use tests::stored_key::basic;
use tests::token::{Claims, Signer};

use super::ask::{Ask, Shown, Trouble};
use super::walk::Walk;
use crate::support::{Answer, Endpoint, standing_still};

impl Walk {
    /// Plans the faults for the calls of one request.
    pub(super) fn plan(&self, trouble: &Trouble) {
        let plan = |operations: &[&str], calls, fault: &Fault| {
            for operation in operations {
                (1..=calls).for_each(|nth| self.proxy.inject_at(operation, nth, fault.clone()));
            }
        };
        let writes = ["PutItem", "TransactWriteItems"];
        match trouble {
            Trouble::None => {}
            Trouble::Once(fault) => plan(&["GetItem", "PutItem", "TransactWriteItems"], 1, fault),
            Trouble::Overtaken => {
                let busy = Fault::dynamodb(400, "TransactionInProgressException");
                (2..=3).for_each(|nth| self.proxy.inject_at("TransactWriteItems", nth, busy.clone()));
                self.proxy.inject_at("TransactWriteItems", 1, Fault::ApplyThenLose);
            }
            Trouble::Reads(fault) => plan(&["GetItem"], 9, fault),
            Trouble::Writes(fault) => plan(&writes, 9, fault),
            Trouble::Replies => plan(&writes, 9, &Fault::ApplyThenLose),
        }
    }

    pub(super) async fn send(&mut self, ask: &Ask, secret: [[u8; 16]; 2]) -> Answer {
        let endpoint = match ask.shown {
            Shown::Token { .. } => Endpoint::Jwt,
            Shown::Key { .. } => Endpoint::Key,
            _ => self.rng.one_of(Endpoint::ALL),
        };
        let mut request = Request::post(endpoint.path(), ask.body());
        if let Some(authorization) = self.authorization(endpoint, &ask.shown) {
            request = request.header("Authorization", &authorization);
        }
        if let Some(value) = &ask.value {
            request = request.header("Idempotency-Key", value);
        }
        let [first, spare] = ask.ids.each_ref().map(|id| uuid::Uuid::parse_str(id).unwrap().into_bytes());
        let [secret, secret_end] = secret;
        let randomness = Randomness::from_random_bytes([first, spare, secret, secret_end, self.bytes(), self.bytes()]);
        let call = standing_still(Call::at(Timestamp::from_millis(self.now), 60_000, Ok(randomness)).patient());
        self.world.invoke_with(endpoint, &request.event(Source::HttpApi), call).await.unwrap()
    }

    pub(super) fn authorization(&self, endpoint: Endpoint, shown: &Shown) -> Option<String> {
        let (scheme, other) = if endpoint == Endpoint::Jwt { ("Bearer", "Basic") } else { ("Basic", "Bearer") };
        match shown {
            Shown::Nothing => None,
            Shown::OtherScheme => Some(format!("{other} eA==")),
            Shown::Malformed => Some(format!("{scheme} eA==")),
            Shown::Several => Some(format!("{}, Basic eA==", self.world.bearer(&Claims::new()))),
            Shown::Token { user, role, status, expires_at, genuine } => {
                let role = role.map_or_else(|| "writer".to_owned(), |role| role.to_string());
                let claims = Claims::new().id(*user).role(&role).with("status", *status);
                let claims = claims.without("iat").with("exp", *expires_at);
                let stranger = Signer::hs256(b"a secret that is not the issuer's own");
                let token = claims.sign(if *genuine { self.world.signer() } else { &stranger });
                Some(format!("Bearer {token}"))
            }
            Shown::Key { id, genuine } => {
                let secret = self.secrets.get(id).filter(|_| *genuine).cloned();
                Some(basic(id, &secret.unwrap_or_else(|| "ab".repeat(32))))
            }
        }
    }
}
