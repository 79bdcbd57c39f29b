//! Both functions over one DynamoDB, with a caller for each, and the checks of every answer.

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use jwt::TokenVerifier;
use key::KeyVerifier;
use serde_json::Value;
use serde_json::value::to_raw_value;
use shared::domain::{Secret, Timestamp};
use shared::lambda::{Authenticator, Function};
use shared::platform::config::{Config, Environment};
use shared::platform::{Call, Randomness};
use tests::dynamo::{Dynamo, REGION, TABLE_NAME};
use tests::event::{Request, Source};
pub(crate) use tests::function::Function as Endpoint;
pub(crate) use tests::stored_key::StoredKey;
use tests::stored_key::basic;
use tests::token::{AUDIENCE, Claims, ISSUER, Signer};

/// The secret that verifies the tokens of these tests.
pub(crate) const JWT_SECRET: &str = "a test's own secret, known to all who read this";

/// The body of FreeSewing's documented example.
pub(crate) const BODY: &str = r#"{"name":"My first API key","level":3,"expiresIn":3600}"#;

/// Every value of `Allow`.
const ALLOW: [&str; 4] = ["POST", "GET, POST", "GET, DELETE", "GET"];

/// The `WWW-Authenticate` of an endpoint.
pub(crate) const fn challenge(endpoint: Endpoint) -> &'static str {
    match endpoint {
        Endpoint::Jwt => r#"Bearer realm="apikeys""#,
        Endpoint::Key => r#"Basic realm="apikeys", charset="UTF-8""#,
    }
}

/// The answer of a function.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u64,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Answer {
    /// Reads the response for a gateway, with its `headers` or `multiValueHeaders`.
    pub(crate) fn read(response: &Value) -> Self {
        let mut headers: Vec<(String, String)> = Vec::new();
        for map in ["headers", "multiValueHeaders"] {
            for (name, value) in response[map].as_object().into_iter().flatten() {
                let values = value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]);
                headers.extend(values.iter().map(|value| (name.clone(), value.as_str().unwrap_or("?").to_owned())));
            }
        }
        headers.sort();
        headers.dedup();
        Self {
            status: response["statusCode"].as_u64().unwrap_or(0),
            headers,
            body: response["body"].as_str().unwrap_or("").to_owned(),
        }
    }

    /// Whether the answer repeats the answer to an earlier attempt.
    pub(crate) fn replayed(&self) -> bool {
        self.status == 201 && self.headers.contains(&("idempotency-replayed".to_owned(), "true".to_owned()))
    }

    /// The value of `Allow`.
    pub(crate) fn allow(&self) -> Option<&str> {
        self.headers.iter().find(|(name, _)| name == "allow").map(|(_, value)| value.as_str())
    }

    /// A member of `apikey`.
    pub(crate) fn apikey(&self, member: &str) -> Value {
        serde_json::from_str::<Value>(&self.body).unwrap()["apikey"][member].clone()
    }

    /// The new key and secret as an `Authorization` of the scheme Basic.
    pub(crate) fn basic(&self) -> String {
        let text = |member| self.apikey(member).as_str().unwrap().to_owned();
        basic(&text("key"), &text("secret"))
    }
}

/// Both functions, one DynamoDB, and a caller for each function.
pub(crate) struct World {
    pub(crate) dynamo: Dynamo,
    jwt: Function<TokenVerifier>,
    key: Function<KeyVerifier>,
    signer: Signer,
    basic: String,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(&[]).await
    }

    /// A world with additional environment variables.
    pub(crate) async fn with(variables: &[(&str, &str)]) -> Self {
        let dynamo = Dynamo::in_memory().await;
        let mut variables = variables.to_vec();
        let endpoint = dynamo.endpoint();
        if !variables.iter().any(|(name, _)| *name == "AWS_ENDPOINT_URL_DYNAMODB") {
            variables.push(("AWS_ENDPOINT_URL_DYNAMODB", &endpoint));
        }
        let environment = environment(&variables);
        let config = Config::read(&environment).unwrap();
        let jwt = Function::new(TokenVerifier::configure(&environment).unwrap(), &config).await.unwrap();
        let key = Function::new(KeyVerifier::configure(&environment).unwrap(), &config).await.unwrap();
        let caller = StoredKey::new().level(8).chain_expires_in(2 * 31_536_000);
        dynamo.put_item(caller.item.clone()).await;
        Self { dynamo, jwt, key, signer: Signer::hs256(JWT_SECRET.as_bytes()), basic: caller.authorization() }
    }

    /// The issuer's signer.
    pub(crate) const fn signer(&self) -> &Signer {
        &self.signer
    }

    /// A token as the value of `Authorization`.
    pub(crate) fn bearer(&self, claims: &Claims) -> String {
        format!("Bearer {}", claims.sign(&self.signer))
    }

    /// An `Authorization` of the highest level for the endpoint.
    pub(crate) fn authorization(&self, endpoint: Endpoint) -> String {
        match endpoint {
            Endpoint::Jwt => self.bearer(&Claims::new().role("admin")),
            Endpoint::Key => self.basic.clone(),
        }
    }

    /// The documented request, without a credential.
    pub(crate) fn anonymous(endpoint: Endpoint) -> Request {
        Request::post(endpoint.path(), BODY)
    }

    /// The documented request, with a valid credential.
    pub(crate) fn request(&self, endpoint: Endpoint) -> Request {
        Self::anonymous(endpoint).header("Authorization", &self.authorization(endpoint))
    }

    /// Sends a request as an HTTP API event.
    pub(crate) async fn send(&self, endpoint: Endpoint, request: &Request) -> Answer {
        self.invoke(endpoint, &request.event(Source::HttpApi)).await
    }

    /// Sends an event. The answer must have a form of the contract.
    pub(crate) async fn invoke(&self, endpoint: Endpoint, event: &Value) -> Answer {
        self.invoke_at(endpoint, event, Timestamp::now())
            .await
            .unwrap_or_else(|code| panic!("an invocation error: {code}"))
    }

    /// Sends an event at a given time. An invocation error is returned as its code.
    pub(crate) async fn invoke_at(
        &self,
        endpoint: Endpoint,
        event: &Value,
        now: Timestamp,
    ) -> Result<Answer, &'static str> {
        let call = Call::at(now, 10_000, Randomness::draw());
        self.invoke_with(endpoint, event, call).await
    }

    /// Sends an event with a given call.
    pub(crate) async fn invoke_with(
        &self,
        endpoint: Endpoint,
        event: &Value,
        call: Call,
    ) -> Result<Answer, &'static str> {
        let answer = Answer::read(&self.invoke_raw(endpoint, event, call).await?);
        assert_form(endpoint, &answer);
        Ok(answer)
    }

    /// Sends an event, and returns the answer without checks.
    pub(crate) async fn invoke_raw(
        &self,
        endpoint: Endpoint,
        event: &Value,
        call: Call,
    ) -> Result<Value, &'static str> {
        match endpoint {
            Endpoint::Jwt => invoke(&self.jwt, event, call).await,
            Endpoint::Key => invoke(&self.key, event, call).await,
        }
    }

    /// Asserts that an answer is a 201 with a record in the table.
    pub(crate) async fn assert_created(&self, answer: &Answer, context: &str) {
        assert_eq!(answer.status, 201, "{context}: {}", answer.body);
        let key = answer.apikey("key").as_str().unwrap().to_owned();
        let item = self.dynamo.item(&key).await.unwrap_or_else(|| panic!("{context}: no record"));
        let secret = Secret::from_hex(answer.apikey("secret").as_str().unwrap()).unwrap();
        assert_eq!(item["secretHash"], AttributeValue::B(Blob::new(secret.hash().as_bytes())), "{context}");
        assert_eq!(item["name"], AttributeValue::S(answer.apikey("name").as_str().unwrap().to_owned()), "{context}");
        assert_eq!(item["level"], AttributeValue::N(answer.apikey("level").to_string()), "{context}");
        assert_eq!(item["userId"], AttributeValue::N(answer.apikey("userId").to_string()), "{context}");
        let ttl: u64 = item["expiresAt"].as_n().unwrap().parse().unwrap();
        assert_eq!(answer.apikey("expiresAt"), Timestamp::from_millis(ttl * 1000).to_rfc3339(), "{context}");
    }
}

/// Asserts that an answer has exactly this status and code.
pub(crate) fn assert_refused(answer: &Answer, status: u64, code: &str, context: &str) {
    let body = format!(r#"{{"result":"error","error":"{code}"}}"#);
    assert_eq!((answer.status, &answer.body), (status, &body), "{context}");
}

/// A call whose time does not advance: its start is an hour in the future, so no time has passed.
pub(crate) fn standing_still(mut call: Call) -> Call {
    call.started = tokio::time::Instant::now() + std::time::Duration::from_secs(3_600);
    call
}

/// The environment of a function. It is valid unless `variables` change that.
pub(crate) fn environment(variables: &[(&str, &str)]) -> Environment {
    let defaults = [
        ("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:1"),
        ("AWS_LAMBDA_FUNCTION_NAME", "test"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "1"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"),
        ("AWS_REGION", REGION),
        ("AWS_ACCESS_KEY_ID", "local"),
        ("AWS_SECRET_ACCESS_KEY", "local"),
        ("TABLE_NAME", TABLE_NAME),
        ("JWT_ISSUER", ISSUER),
        ("JWT_AUDIENCE", AUDIENCE),
        ("JWT_SECRET", JWT_SECRET),
        ("LOG_LEVEL", "ERROR"),
    ];
    defaults.iter().chain(variables).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// Invokes a function in this process.
pub(crate) async fn invoke<A: Authenticator>(
    function: &Function<A>,
    event: &Value,
    call: Call,
) -> Result<Value, &'static str> {
    let payload = to_raw_value(event).unwrap();
    let response = function.invoke_with(&payload, "test", call).await.map_err(|error| error.code)?;
    Ok(serde_json::from_str(response.get()).unwrap())
}

/// Asserts what holds for every answer: exactly these headers, and the form of the body.
pub(crate) fn assert_form(endpoint: Endpoint, answer: &Answer) {
    let mut headers = vec![
        ("cache-control", "no-store"),
        ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
        ("pragma", "no-cache"),
        ("referrer-policy", "no-referrer"),
        ("strict-transport-security", "max-age=31536000; includeSubDomains"),
        ("x-content-type-options", "nosniff"),
    ];
    if answer.status != 204 {
        headers.push(("content-type", "application/json; charset=utf-8"));
    }
    match answer.status {
        401 => headers.push(("www-authenticate", challenge(endpoint))),
        // `Allow` depends on the resource.
        405 => {
            headers.extend(ALLOW.into_iter().find(|allow| answer.allow() == Some(allow)).map(|allow| ("allow", allow)))
        }
        _ => {}
    }
    if answer.replayed() {
        headers.push(("idempotency-replayed", "true"));
    }
    headers.sort_unstable();
    let shown: Vec<_> = answer.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(shown, headers, "{answer:?}");
    if answer.status == 204 {
        return assert_eq!(answer.body, "");
    }
    let body: Value = serde_json::from_str(&answer.body).unwrap();
    match answer.status {
        200 => assert_read_form(&answer.body, &body),
        201 => assert_created_form(&answer.body, &body),
        _ => {
            let code = body["error"].as_str().unwrap();
            assert!(code.bytes().all(|byte| byte.is_ascii_alphabetic()), "{}", answer.body);
            assert_eq!(answer.body, format!(r#"{{"result":"error","error":"{code}"}}"#));
        }
    }
}

/// The body of a list or of one key: exactly the members of the contract, in its order.
fn assert_read_form(text: &str, body: &Value) {
    let expected = match body["apikeys"].as_array() {
        Some(keys) => {
            let keys = keys.iter().map(metadata).collect::<Vec<_>>().join(",");
            let cursor = body["cursor"].as_str().map(|cursor| format!(r#","cursor":"{cursor}""#)).unwrap_or_default();
            format!(r#"{{"result":"success","apikeys":[{keys}]{cursor}}}"#)
        }
        None => format!(r#"{{"result":"success","apikey":{}}}"#, metadata(&body["apikey"])),
    };
    assert_eq!(text, expected);
}

/// The metadata of a key, as the answers write it.
fn metadata(apikey: &Value) -> String {
    let members = ["key", "level", "expiresAt", "name", "userId", "createdAt", "createdBy", "chain"];
    let members = members.map(|member| format!(r#""{member}":{}"#, apikey[member]));
    format!("{{{}}}", members.join(","))
}

pub(crate) fn assert_created_form(text: &str, body: &Value) {
    let apikey = &body["apikey"];
    let string = |member: &str| apikey[member].as_str().unwrap();
    let key = uuid::Uuid::parse_str(string("key")).unwrap();
    assert_eq!((key.to_string().as_str(), key.get_version_num()), (string("key"), 4));
    assert!(Secret::from_hex(string("secret")).is_some());
    let expected = format!(
        r#"{{"result":"success","apikey":{{"key":"{key}","secret":"{}","level":{},"expiresAt":"{}","name":{},"userId":{}}}}}"#,
        string("secret"),
        apikey["level"],
        string("expiresAt"),
        apikey["name"],
        apikey["userId"],
    );
    assert_eq!(text, expected);
}
