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
use tests::event::{AuthorizerKind, Request, Source};
use tests::function::Function as Endpoint;
use tests::local::events::EventFile;
use tests::stored_key::StoredKey;
use tests::token::{Claims, Signer, Token};

/// The secret that signs tokens: that of the matrix, whose rows are seeds.
const JWT_SECRET: &str = "a test's own secret, known to all who read this";

/// The caller's key.
const KNOWN_KEY: &str = "7eba7d5c-0b9c-4d0a-8d6f-2a4d1c6a3b52";

/// The cursor of a list: 24 zero bytes.
const CURSOR: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

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
    dynamo: Dynamo,
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
        Self { runtime, jwt, key, signer, bearer, basic: caller.authorization(), dynamo }
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

    /// A method, a path and a query, each on its own line, with a valid credential. The first byte selects how they are
    /// sent: the lowest bit the function, the other bits the source. A query that no gateway splits is sent as it is.
    pub fn route(&self, bytes: &[u8]) {
        let Some((how, rest)) = bytes.split_first() else { return };
        let (endpoint, credential) = match how & 1 {
            0 => (Endpoint::Jwt, &self.bearer),
            _ => (Endpoint::Key, &self.basic),
        };
        let source = Source::ALL[usize::from(how >> 1) % Source::ALL.len()];
        let text = String::from_utf8_lossy(rest);
        let mut lines = text.splitn(3, '\n');
        let mut line = || lines.next().unwrap_or_default();
        let (method, path, query) = (line(), line(), line());
        let mut request = Request::new(method, path).header("Authorization", credential);
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            request = request.query(name, value);
        }
        let mut event = request.event(source);
        if event["rawQueryString"].is_string() {
            event["rawQueryString"] = query.into();
        }
        // An earlier input may have revoked the caller.
        self.runtime.block_on(self.dynamo.put_item(known_key().item));
        let answer = self.answer(endpoint, &serde_json::value::to_raw_value(&event).expect("an event is JSON"));
        if let Err(problem) = answer.and_then(|answer| check_route(method, &answer)) {
            panic!("{endpoint:?}: {problem}: {event}");
        }
    }

    /// The event of an authorizer with a valid credential. The first byte selects the function and the kind. The lines
    /// that follow replace its type, format, ARN and identity source, each of which is JSON or a text.
    pub fn authorizer(&self, bytes: &[u8]) {
        let Some((how, rest)) = bytes.split_first() else { return };
        let (endpoint, credential) = match how & 1 {
            0 => (Endpoint::Jwt, &self.bearer),
            _ => (Endpoint::Key, &self.basic),
        };
        let kind = AuthorizerKind::ALL[usize::from(how >> 1) % AuthorizerKind::ALL.len()];
        let mut event = Request::new("GET", "/orders").header("Authorization", credential).authorizer_event(kind);
        let text = String::from_utf8_lossy(rest);
        let arn = if event["routeArn"].is_string() { "routeArn" } else { "methodArn" };
        for (member, line) in ["type", "version", arn, "identitySource"].into_iter().zip(text.lines()) {
            if !line.is_empty() {
                event[member] = serde_json::from_str(line).unwrap_or_else(|_| line.into());
            }
        }
        let payload = serde_json::value::to_raw_value(&event).expect("an event is JSON");
        let answer = self.answer(endpoint, &payload);
        let checked = answer.and_then(|answer| match admitted_resource(&answer) {
            Some(resource) if !is_stage_of(resource, event[arn].as_str().unwrap_or_default()) => {
                Err(format!("a policy for another stage: {answer}"))
            }
            _ => check(&answer),
        });
        if let Err(problem) = checked {
            panic!("{endpoint:?}: {problem}: {event}");
        }
    }

    /// The seeds of `authorizer`: each function, each kind, and each line.
    fn authorizers() -> Vec<Vec<u8>> {
        let arn = "arn:aws:execute-api:us-east-1:123456789012:a1b2c3d4e5/$default/GET/";
        let lines =
            ["\n\n\n".to_owned(), format!("REQUEST\n\"2.0\"\n{arn}\n[\"a\"]"), format!("TOKEN\n1.0\n{arn}\na,b")];
        (0..10).flat_map(|how: u8| lines.each_ref().map(|text| [&[how], text.as_bytes()].concat())).collect()
    }

    /// The seeds of `route`: each route, for each source.
    fn routes() -> Vec<Vec<u8>> {
        let mut seeds = Vec::new();
        let queries = [
            "",
            "chain=true",
            "chain=false&chain=true",
            "limit=1&userId=61",
            "limit=100&cursor=AAAAAGXSxIAAAAAAAABAAIAAAAAAAAAA",
            "cursor=%41",
        ];
        for how in 0..12_u8 {
            let by = ["jwt", "key"][usize::from(how & 1)];
            for method in ["GET", "DELETE", "POST", "HEAD", "PATCH"] {
                for path in [
                    format!("/apikeys/{by}"),
                    format!("/stage/apikeys/{by}/"),
                    format!("/apikeys/{KNOWN_KEY}/{by}"),
                    format!("/apikeys/00000000-0000-4000-8000-000000000000/{by}"),
                    format!("/whoami/{by}"),
                ] {
                    let query = queries[(path.len() + usize::from(how) + method.len()) % queries.len()];
                    seeds.push([[how].as_slice(), format!("{method}\n{path}\n{query}").as_bytes()].concat());
                }
            }
        }
        seeds
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
            let function = endpoint.name();
            for (method, path) in [
                ("GET", format!("/apikeys/{function}")),
                ("GET", format!("/apikeys/{KNOWN_KEY}/{function}")),
                ("GET", format!("/whoami/{function}")),
                ("DELETE", format!("/apikeys/{KNOWN_KEY}/{function}")),
            ] {
                let request = Request::new(method, &path).header("Authorization", credential);
                let query = [("limit", "1"), ("cursor", CURSOR), ("userId", "61"), ("chain", "true")];
                let asked = query.iter().fold(request.clone(), |request, (name, value)| request.query(name, value));
                let chain = request.clone().query("chain", "true");
                for source in Source::ALL {
                    let events = [&request, &asked, &chain].map(|request| request.event(source).to_string());
                    seeds.extend(events.map(|event| ("event", event.into_bytes())));
                }
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
        seeds.extend(Self::routes().into_iter().map(|route| ("route", route)));
        seeds.extend(Self::authorizers().into_iter().map(|event| ("authorizer", event)));
        seeds.extend(self.event_files().map(|event| ("event", event.into_bytes())));
        seeds
    }

    /// The events of `events`, with valid credentials.
    fn event_files(&self) -> impl Iterator<Item = String> {
        let files = EventFile::all().expect("the files have names").into_iter();
        files.filter_map(|file| std::fs::read_to_string(file.path).ok()).map(|text| {
            let text = text.replace("{{bearer}}", &self.bearer).replace("{{basic}}", &self.basic);
            ["{{id}}", "{{key}}", "{{own}}"].iter().fold(text, |text, id| text.replace(id, KNOWN_KEY))
        })
    }

    fn send(&self, endpoint: Endpoint, request: &Request) {
        let event = serde_json::value::to_raw_value(&request.event(Source::HttpApi)).expect("an event is JSON");
        self.invoke(endpoint, &event);
    }

    fn answer(&self, endpoint: Endpoint, payload: &RawValue) -> Result<Value, String> {
        let call = Call::at(Timestamp::now(), 10_000, Randomness::draw());
        match endpoint {
            Endpoint::Jwt => self.runtime.block_on(invoke(&self.jwt, payload, call)),
            Endpoint::Key => self.runtime.block_on(invoke(&self.key, payload, call)),
        }
    }

    fn invoke(&self, endpoint: Endpoint, payload: &RawValue) {
        match self.answer(endpoint, payload).and_then(|answer| check(&answer).map(|()| answer)) {
            Ok(answer) if answer["statusCode"] == 204 => self.restore(),
            Ok(_) => {}
            Err(problem) => panic!("{endpoint:?}: {problem}: {payload}"),
        }
    }

    /// Makes the caller's key valid again, which an input may have revoked.
    fn restore(&self) {
        self.runtime.block_on(async {
            self.dynamo.put_item(known_key().item).await;
            self.dynamo.delete_item(&format!("fence#{KNOWN_KEY}")).await;
        });
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
        .with("key", aws_sdk_dynamodb::types::AttributeValue::S(id.clone()))
        .with("chain", aws_sdk_dynamodb::types::AttributeValue::S(id.clone()));
    key.key = id;
    key
}

async fn invoke<A: Authenticator>(function: &Function<A>, payload: &RawValue, call: Call) -> Result<Value, String> {
    match function.invoke_with(payload, "hostile", call).await {
        Ok(answer) => serde_json::from_str(answer.get()).map_err(|error| error.to_string()),
        // No service fails here, so no answer may be a fault.
        Err(error) if ["createApikeyFailed", "authorizeFailed", "panic"].contains(&error.code) => {
            Err(error.code.to_owned())
        }
        Err(_) => Ok(Value::Null),
    }
}

/// Whether an answer is the decision of an authorizer: a policy of one stage, or its simple form. Only a caller that is
/// admitted has a context.
fn is_decision(answer: &Value) -> bool {
    let members: Vec<&str> = answer.as_object().into_iter().flatten().map(|(name, _)| name.as_str()).collect();
    let statement = &answer["policyDocument"]["Statement"][0];
    let resource = statement["Resource"].as_str().unwrap_or_default();
    match members[..] {
        ["isAuthorized"] => answer["isAuthorized"] == false,
        ["context", "isAuthorized"] => answer["isAuthorized"] == true,
        ["policyDocument", "principalId"] => statement["Effect"] == "Deny" && answer["principalId"] == "refused",
        ["context", "policyDocument", "principalId"] => {
            statement["Effect"] == "Allow" && resource.find(['*', '?', '{']) == Some(resource.len() - 1)
        }
        _ => false,
    }
}

/// The resource of a policy that admits a caller.
fn admitted_resource(answer: &Value) -> Option<&str> {
    let statement = &answer["policyDocument"]["Statement"][0];
    statement["Resource"].as_str().filter(|_| statement["Effect"] == "Allow")
}

/// Whether a resource is the whole stage of an ARN.
fn is_stage_of(resource: &str, arn: &str) -> bool {
    let stage = resource.strip_suffix("/*").and_then(|stage| arn.strip_prefix(stage));
    stage.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The answer to an HTTP request, or to an event: null, a batch response, a key, or an authorizer's decision.
fn check(answer: &Value) -> Result<(), String> {
    let Some(status) = answer.get("statusCode") else {
        let known = answer.is_null()
            || is_decision(answer)
            || answer.get("batchItemFailures").is_some()
            || answer["result"] == "success";
        return if known { Ok(()) } else { Err(format!("an answer of no known form: {answer}")) };
    };
    if let Some(known) = check_success(answer) {
        return known;
    }
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

/// The answer to a request of any method: 200 only for `GET`, 204 only for `DELETE`, 201 only for `POST`, and `Allow`
/// for 405.
fn check_route(method: &str, answer: &Value) -> Result<(), String> {
    check(answer)?;
    let has_header = |name: &str| ["headers", "multiValueHeaders"].iter().any(|map| !answer[map][name].is_null());
    let is_known = match answer["statusCode"].as_u64() {
        // Not an HTTP request: a load balancer's event has a method that is text.
        None => answer.is_null(),
        Some(200) => method == "GET",
        Some(201) => method == "POST",
        Some(204) => method == "DELETE",
        Some(404) => ["GET", "DELETE"].contains(&method),
        Some(405) => has_header("allow"),
        Some(_) => true,
    };
    if is_known { Ok(()) } else { Err(format!("an answer to another method than {method}: {answer}")) }
}

/// The answer to a list, a read or a revocation; `None` for another status.
fn check_success(answer: &Value) -> Option<Result<(), String>> {
    let status = answer["statusCode"].as_u64().filter(|status| [200, 204].contains(status))?;
    let text = answer["body"].as_str().unwrap_or_default();
    let body: Value = serde_json::from_str(text).unwrap_or_default();
    let is_key = |key: &Value| {
        let members = ["chain", "createdAt", "createdBy", "expiresAt", "key", "level", "name", "userId"];
        key.as_object().is_some_and(|key| {
            let mut names: Vec<_> = key.keys().map(String::as_str).collect();
            names.sort_unstable();
            names == members
        })
    };
    let types = ["headers", "multiValueHeaders"].map(|map| &answer[map]["content-type"]);
    let is_known = match (status, body["apikeys"].as_array()) {
        (204, _) => text.is_empty() && types.iter().all(|value| value.is_null()),
        (_, Some(keys)) => body["result"] == "success" && keys.len() <= 100 && keys.iter().all(is_key),
        (_, None) => body["result"] == "success" && is_key(&body["apikey"]),
    };
    Some(if is_known { Ok(()) } else { Err(format!("an answer of no known form: {answer}")) })
}
