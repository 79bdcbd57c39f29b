//! The programs of both functions, and the requests that clients send to them.

use hyper::body::Bytes;
use serde_json::{Value, json};

use crate::event::{Request, Source};
use crate::fault::Proxy;
use crate::function::Function;
use crate::host;
use crate::sandbox::Sandbox;
use crate::stored_key::basic;
use crate::token::{Claims, Signer};

/// The secret that signs tokens.
const JWT_SECRET: &str = "a load's own secret, known to all who read this";

/// How often a request may be answered with 500 before it is given up.
const REPETITIONS: usize = 10;

/// The status of an answer, and its body; null without a body.
pub(super) type Answer = (u64, Value);

/// A key and its secret, as a 201 has returned them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ApiKey {
    pub(super) key: String,
    pub(super) secret: String,
}

impl ApiKey {
    pub(super) fn authorization(&self) -> String {
        basic(&self.key, &self.secret)
    }
}

/// The caller of a request: the user with a token, or a key.
#[derive(Clone, Copy, Debug)]
pub(super) enum Caller<'a> {
    Token,
    Key(&'a ApiKey),
}

impl Caller<'_> {
    /// The function that authenticates the caller.
    pub(super) const fn function(self) -> Function {
        match self {
            Self::Token => Function::Jwt,
            Self::Key(_) => Function::Key,
        }
    }
}

/// The programs. Those with the same number belong to the clients of this number.
pub(super) struct Api {
    jwt: Vec<Sandbox>,
    key: Vec<Sandbox>,
    bearer: String,
}

impl Api {
    pub(super) async fn start(programs: usize, proxy: &Proxy) -> Result<Self, String> {
        let claims = Claims::new().expires_in(86_400);
        let bearer = format!("Bearer {}", claims.sign(&Signer::hs256(JWT_SECRET.as_bytes())));
        let mut api = Self { jwt: Vec::new(), key: Vec::new(), bearer };
        for _ in 0..programs {
            api.jwt.push(start(Function::Jwt, proxy).await?);
            api.key.push(start(Function::Key, proxy).await?);
        }
        Ok(api)
    }

    /// The number of programs of each function.
    pub(super) fn programs(&self) -> usize {
        self.jwt.len()
    }

    /// A program. The number is taken modulo the number of programs.
    pub(super) fn program(&self, function: Function, number: usize) -> &Sandbox {
        match function {
            Function::Jwt => &self.jwt[number % self.jwt.len()],
            Function::Key => &self.key[number % self.key.len()],
        }
    }

    /// Sends a request to a program and returns the answer.
    pub(super) async fn send(&self, caller: Caller<'_>, number: usize, request: &Request) -> Result<Answer, String> {
        let authorization = match caller {
            Caller::Token => self.bearer.clone(),
            Caller::Key(key) => key.authorization(),
        };
        let event = request.clone().header("Authorization", &authorization).event(Source::HttpApi);
        let answered = self.program(caller.function(), number).invoke(Bytes::from(event.to_string())).await?;
        let answer: Value = serde_json::from_slice(&answered.body).map_err(|error| error.to_string())?;
        let status = answer["statusCode"].as_u64().unwrap_or(0);
        Ok((status, answer["body"].as_str().and_then(|body| serde_json::from_str(body).ok()).unwrap_or_default()))
    }

    /// Sends a request until the answer is no 500. Returns the last answer, and the number of answers of 500.
    pub(super) async fn repeat(
        &self,
        caller: Caller<'_>,
        number: usize,
        request: &Request,
    ) -> Result<(Answer, usize), String> {
        let mut failures = 0;
        loop {
            let answer = self.send(caller, number, request).await?;
            if answer.0 != 500 {
                return Ok((answer, failures));
            }
            failures += 1;
            if failures > REPETITIONS {
                return Ok((answer, failures));
            }
        }
    }

    /// Whether a key authenticates, according to a program; `None` if its DynamoDB failed.
    pub(super) async fn authenticates(&self, key: &ApiKey, number: usize) -> Result<Option<bool>, String> {
        let (status, body) = self.send(Caller::Key(key), number, &Request::new("GET", "/whoami/key")).await?;
        match (status, body["error"].as_str()) {
            (200, _) if body["apikey"]["key"] == key.key.as_str() => Ok(Some(true)),
            (403, Some("authenticationFailed")) => Ok(Some(false)),
            (500, Some("readApikeyFailed")) => Ok(None),
            _ => Err(format!("whoami of {}: {status} {body}", key.key)),
        }
    }
}

async fn start(function: Function, proxy: &Proxy) -> Result<Sandbox, String> {
    let program = [function.program().display().to_string()];
    let mut sandbox = Sandbox::spawn(&program, &function.environment(&proxy.endpoint(), JWT_SECRET), None).await?;
    sandbox.ready().await?;
    Ok(sandbox)
}

/// The request that creates a key.
pub(super) fn creation(function: Function, name: &str, level: u64) -> Request {
    let body = json!({ "name": name, "level": level, "expiresIn": 86_400 }).to_string();
    Request::post(function.path(), body)
}

/// The same with a new `Idempotency-Key`.
pub(super) fn idempotent(request: Request) -> Request {
    let value = uuid::Builder::from_random_bytes(host::random()).into_uuid().to_string();
    request.header("Idempotency-Key", &value)
}

/// The request that revokes a key, alone or with its chain.
pub(super) fn revocation(function: Function, key: &str, with_chain: bool) -> Request {
    let request = Request::new("DELETE", &format!("/apikeys/{key}/{}", function.name()));
    if with_chain { request.query("chain", "true") } else { request }
}
