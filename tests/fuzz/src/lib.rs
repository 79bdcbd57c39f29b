//! Sends arbitrary input to both functions and checks every answer: no panic, no 500, one of the contract's forms.
//!
//! Both functions run unchanged in this process, over a real DynamoDB on a socket. The fuzz targets and the property
//! tests share this file.

use jwt::TokenVerifier;
use key::KeyVerifier;
use serde_json::Value;
use serde_json::value::RawValue;
use shared::domain::Timestamp;
use shared::lambda::{Authenticator, Function};
use shared::platform::config::{Config, Environment};
use shared::platform::{Call, Randomness};
use tests::dynamo::Dynamo;
use tests::event::{Request, Source};
use tests::function::Function as Endpoint;
use tests::local::events::EventFile;
use tests::stored_key::StoredKey;
use tests::token::{Claims, Signer, Token};

/// The secret that signs tokens: that of the matrix, whose rows are seeds.
const JWT_SECRET: &str = "a test's own secret, known to all who read this";

/// The caller's key.
const KNOWN_KEY: &str = "7eba7d5c-0b9c-4d0a-8d6f-2a4d1c6a3b52";

/// A deadline that no run reaches.
const TEN_YEARS: i64 = 315_360_000;

/// The documented request.
const BODY: &str = r#"{"name":"My first API key","level":3,"expiresIn":3600}"#;

/// The values of `Content-Type`.
const CONTENT_TYPES: [Option<&str>; 4] =
    [Some("application/json"), None, Some("application/json; charset=utf-8"), Some("application/problem+json")];

/// Both functions and their callers.
pub struct Target {
    runtime: tokio::runtime::Runtime,
    jwt: Function<TokenVerifier>,
    key: Function<KeyVerifier>,
    signer: Signer,
    bearer: String,
    basic: String,
    _dynamo: Dynamo,
}

impl Target {
    /// Starts everything.
    ///
    /// # Panics
    ///
    /// Panics if anything doesn't start.
    #[must_use]
    pub fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime starts");
        let dynamo = runtime.block_on(Dynamo::in_memory());
        let mut variables = Endpoint::Jwt.environment(&dynamo.endpoint(), JWT_SECRET);
        for (name, value) in [
            ("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:1"),
            ("AWS_LAMBDA_FUNCTION_NAME", "hostile"),
            ("AWS_LAMBDA_FUNCTION_VERSION", "1"),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"),
            ("ALLOW_PLAINTEXT_RESULT", "true"),
            ("LOG_LEVEL", "ERROR"),
        ] {
            variables.push((name.to_owned(), value.to_owned()));
        }
        let environment: Environment = variables.into_iter().collect();
        let config = Config::read(&environment).expect("the configuration is good");
        let verifiers = (TokenVerifier::configure(&environment), KeyVerifier::configure(&environment));
        let (Ok(tokens), Ok(keys)) = verifiers else { panic!("the configuration is good") };
        let jwt = runtime.block_on(Function::new(tokens, &config)).expect("the function starts");
        let key = runtime.block_on(Function::new(keys, &config)).expect("the function starts");
        let caller = known_key();
        runtime.block_on(dynamo.put_item(caller.item.clone()));
        let signer = Signer::hs256(JWT_SECRET.as_bytes());
        let bearer = format!("Bearer {}", claims().sign(&signer));
        Self { runtime, jwt, key, signer, bearer, basic: caller.authorization(), _dynamo: dynamo }
    }

    /// An event of Lambda. Input that is not JSON is ignored, since Lambda never sends it.
    pub fn event(&self, payload: &[u8]) {
        if let Ok(payload) = serde_json::from_slice::<Box<RawValue>>(payload) {
            self.invoke(Endpoint::Jwt, &payload);
            self.invoke(Endpoint::Key, &payload);
        }
    }

    /// A value of `Authorization`.
    pub fn authorization(&self, value: &[u8]) {
        for endpoint in Endpoint::ALL {
            let request = Request::post(endpoint.path(), BODY).header("Authorization", &String::from_utf8_lossy(value));
            self.send(endpoint, &request);
        }
    }

    /// A token. The first byte selects its form: 0 is a whole token; 1 is a header, a zero byte and a payload; any
    /// other value is only a payload. Headers and payloads are signed with a valid signature.
    pub fn token(&self, bytes: &[u8]) {
        let Some((how, rest)) = bytes.split_first() else { return };
        let token = match how {
            0 => String::from_utf8_lossy(rest).into_owned(),
            1 => {
                let mut parts = rest.splitn(2, |byte| *byte == 0);
                let (header, payload) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
                Token::new(&Claims::new()).header(header).payload(payload).sign(&self.signer)
            }
            _ => Token::new(&Claims::new()).payload(rest).sign(&self.signer),
        };
        let request = Request::post(Endpoint::Jwt.path(), BODY).header("Authorization", &format!("Bearer {token}"));
        self.send(Endpoint::Jwt, &request);
    }

    /// A body with a valid credential. The first byte selects how it is sent: the lowest bit base64, the next bit the
    /// function, the next two bits the `Content-Type`.
    pub fn body(&self, bytes: &[u8]) {
        let Some((how, body)) = bytes.split_first() else { return };
        let (endpoint, credential) = match how & 2 {
            0 => (Endpoint::Jwt, &self.bearer),
            _ => (Endpoint::Key, &self.basic),
        };
        let mut request = Request::new("POST", endpoint.path()).header("Authorization", credential);
        if let Some(content_type) = CONTENT_TYPES[usize::from(how >> 2) % CONTENT_TYPES.len()] {
            request = request.header("Content-Type", content_type);
        }
        let request = match how & 1 {
            0 => request.body(String::from_utf8_lossy(body)),
            _ => request.binary_body(body),
        };
        self.send(endpoint, &request);
    }

    /// The seeds, by the name of their target.
    #[must_use]
    pub fn seeds(&self) -> Vec<(&'static str, Vec<u8>)> {
        let mut seeds = Vec::new();
        for (endpoint, credential) in [(Endpoint::Jwt, &self.bearer), (Endpoint::Key, &self.basic)] {
            let request = Request::post(endpoint.path(), BODY).header("Authorization", credential);
            let once = request.clone().header("Idempotency-Key", "7eba7d5c-0b9c-4d0a-8d6f-2a4d1c6a3b52");
            for source in Source::ALL {
                for request in [&request, &once] {
                    seeds.push(("event", request.event(source).to_string().into_bytes()));
                }
                let binary =
                    Request::new("POST", endpoint.path()).header("Authorization", credential).binary_body(BODY);
                seeds.push(("event", binary.event(source).to_string().into_bytes()));
            }
            seeds.push(("authorization", credential.clone().into_bytes()));
            seeds.push(("authorization", credential.replacen(' ', "   ", 1).to_ascii_lowercase().into_bytes()));
            let direct = serde_json::json!({
                "name": "a", "level": 3, "expiresIn": 60, "authorization": credential,
                "idempotencyKey": "7eba7d5c-0b9c-4d0a-8d6f-2a4d1c6a3b52", "deliverTo": "ci",
            });
            let text = direct.to_string();
            let envelopes = [
                text.clone(),
                format!(r#"{{"version":"0","id":"1","detail-type":"a","source":"b","detail":{text}}}"#),
                serde_json::json!({"Records": [{"EventSource": "aws:sns", "Sns": {"MessageId": "1", "Message": text}}]})
                    .to_string(),
                serde_json::json!({"Records": [{"eventSource": "aws:sqs", "messageId": "1", "body": text}]}).to_string(),
            ];
            seeds.extend(envelopes.map(|envelope| ("event", envelope.into_bytes())));
        }
        seeds.push((
            "event",
            br#"{"Step":"createSecret","SecretId":"a","ClientRequestToken":"7eba7d5c-0b9c-4d0a-8d6f-2a4d1c6a3b52"}"#
                .to_vec(),
        ));
        let payload = claims().to_json();
        seeds.push(("token", [b"\0", self.bearer.as_bytes()[7..].as_ref()].concat()));
        seeds.push((
            "token",
            [b"\x01", br#"{"alg":"HS256","typ":"JWT"}"#.as_slice(), b"\0", payload.as_bytes()].concat(),
        ));
        seeds.push(("token", [b"\x02", payload.as_bytes()].concat()));
        for how in 0..16_u8 {
            seeds.push(("body", [[how].as_slice(), BODY.as_bytes()].concat()));
        }
        seeds.extend(self.event_files().map(|event| ("event", event.into_bytes())));
        seeds
    }

    /// The events of `events`, with valid credentials.
    fn event_files(&self) -> impl Iterator<Item = String> {
        let files = EventFile::all().expect("the files have names").into_iter();
        files.filter_map(|file| std::fs::read_to_string(file.path).ok()).map(|text| {
            text.replace("{{bearer}}", &self.bearer).replace("{{basic}}", &self.basic).replace("{{id}}", KNOWN_KEY)
        })
    }

    fn send(&self, endpoint: Endpoint, request: &Request) {
        let event = serde_json::value::to_raw_value(&request.event(Source::HttpApi)).expect("an event is JSON");
        self.invoke(endpoint, &event);
    }

    fn invoke(&self, endpoint: Endpoint, payload: &RawValue) {
        let call = Call::at(Timestamp::now(), 10_000, Randomness::draw());
        let answer = match endpoint {
            Endpoint::Jwt => self.runtime.block_on(invoke(&self.jwt, payload, call)),
            Endpoint::Key => self.runtime.block_on(invoke(&self.key, payload, call)),
        };
        if let Err(problem) = answer.and_then(|answer| check(&answer)) {
            panic!("{endpoint:?}: {problem}: {payload}");
        }
    }
}

/// The claims of a user with the highest level, valid for ten years.
fn claims() -> Claims {
    Claims::new().role("admin").expires_in(TEN_YEARS)
}

/// A key that is the same in each run, so that findings can be reproduced.
fn known_key() -> StoredKey {
    let id = KNOWN_KEY.to_owned();
    let mut key = StoredKey::with_secret([7; 32])
        .level(8)
        .expires_in(TEN_YEARS)
        .chain_expires_in(TEN_YEARS)
        .with("key", aws_sdk_dynamodb::types::AttributeValue::S(id.clone()));
    key.key = id;
    key
}

async fn invoke<A: Authenticator>(function: &Function<A>, payload: &RawValue, call: Call) -> Result<Value, String> {
    match function.invoke_with(payload, "hostile", call).await {
        Ok(answer) => serde_json::from_str(answer.get()).map_err(|error| error.to_string()),
        // No service fails here, so no answer may be a fault.
        Err(error) if ["createApikeyFailed", "panic"].contains(&error.code) => Err(error.code.to_owned()),
        Err(_) => Ok(Value::Null),
    }
}

/// The answer to an HTTP request, or to an event: null, a batch response, or a key.
fn check(answer: &Value) -> Result<(), String> {
    let Some(status) = answer.get("statusCode") else {
        let known = answer.is_null() || answer.get("batchItemFailures").is_some() || answer["result"] == "success";
        return if known { Ok(()) } else { Err(format!("an answer of no known form: {answer}")) };
    };
    let text = answer["body"].as_str().ok_or("an answer without a body")?;
    let body: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let code = body["error"].as_str().unwrap_or_default();
    let refusal = format!(r#"{{"result":"error","error":"{code}"}}"#);
    match status.as_u64() {
        Some(201)
            if body["result"] == "success" && body["apikey"]["secret"].as_str().is_some_and(|s| s.len() == 64) =>
        {
            Ok(())
        }
        Some(400..=499)
            if text == refusal && !code.is_empty() && code.bytes().all(|byte| byte.is_ascii_alphabetic()) =>
        {
            Ok(())
        }
        _ => Err(format!("an answer of no known form: {answer}")),
    }
}
