//! The operations of the API, and requests for them.

use shared::domain::Timestamp;
use shared::platform::{Call, Randomness};
use tests::event::{Request, Source};

use crate::support::{Answer, BODY, Endpoint, World};

/// What an operation does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    Create,
    List,
    Read,
    ReadCaller,
    Revoke,
}

/// An action by one kind of caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Operation {
    pub(super) action: Action,
    pub(super) endpoint: Endpoint,
}

impl Operation {
    /// Every operation. Only a key can read its caller.
    pub(super) const ALL: [Self; 9] = [
        Self::new(Action::Create, Endpoint::Jwt),
        Self::new(Action::Create, Endpoint::Key),
        Self::new(Action::List, Endpoint::Jwt),
        Self::new(Action::List, Endpoint::Key),
        Self::new(Action::Read, Endpoint::Jwt),
        Self::new(Action::Read, Endpoint::Key),
        Self::new(Action::ReadCaller, Endpoint::Key),
        Self::new(Action::Revoke, Endpoint::Jwt),
        Self::new(Action::Revoke, Endpoint::Key),
    ];

    pub(super) const fn new(action: Action, endpoint: Endpoint) -> Self {
        Self { action, endpoint }
    }

    pub(super) const fn method(self) -> &'static str {
        match self.action {
            Action::Create => "POST",
            Action::List | Action::Read | Action::ReadCaller => "GET",
            Action::Revoke => "DELETE",
        }
    }

    /// The documented path, with `{id}` for the id of a key.
    pub(super) const fn path(self) -> &'static str {
        match (self.action, self.endpoint) {
            (Action::Create | Action::List, Endpoint::Jwt) => "/apikeys/jwt",
            (Action::Create | Action::List, Endpoint::Key) => "/apikeys/key",
            (Action::Read | Action::Revoke, Endpoint::Jwt) => "/apikeys/{id}/jwt",
            (Action::Read | Action::Revoke, Endpoint::Key) => "/apikeys/{id}/key",
            (Action::ReadCaller, Endpoint::Jwt) => panic!("a token has no key"),
            (Action::ReadCaller, Endpoint::Key) => "/whoami/key",
        }
    }

    /// The status of success.
    pub(super) const fn status(self) -> u64 {
        match self.action {
            Action::Create => 201,
            Action::List | Action::Read | Action::ReadCaller => 200,
            Action::Revoke => 204,
        }
    }

    /// A request for the key of this id, without a credential.
    pub(super) fn request(self, id: &str) -> Request {
        let path = self.path().replace("{id}", id);
        match self.action {
            Action::Create => Request::post(&path, BODY),
            _ => Request::new(self.method(), &path),
        }
    }

    /// The same with an `Authorization`.
    pub(super) fn request_by(self, authorization: &str, id: &str) -> Request {
        self.request(id).header("Authorization", authorization)
    }

    /// Sends a request. The caller compares all of the answer with the document.
    pub(super) async fn send(self, world: &World, request: &Request) -> Answer {
        let call = Call::at(Timestamp::now(), 10_000, Randomness::draw());
        let event = request.event(Source::HttpApi);
        Answer::read(&world.invoke_raw(self.endpoint, &event, call).await.unwrap())
    }
}
