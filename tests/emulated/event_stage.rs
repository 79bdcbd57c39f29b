//! A stage with a Secrets Manager, and events of every source.

use serde_json::{Value, json};
use shared::domain::Secret;
use tests::emulator::Emulator;
use tests::fault::Proxy;
use tests::function::Function;
use tests::secrets_manager::{Secrets, SecretsManager, Version, new_token, unique_prefix};
use tests::stored_key::StoredKey;
use tests::token::Claims;

use crate::support::Stage;

/// The services behind functions for events.
pub(crate) struct EventStage {
    pub(crate) stage: Stage,
    pub(crate) secrets: Secrets,
    pub(crate) prefix: String,
    pub(crate) provisioner: StoredKey,
    pub(crate) provisioner_arn: String,
    pub(crate) to_secrets: Proxy,
    pub(crate) to_dynamo: Proxy,
}

impl EventStage {
    pub(crate) async fn new() -> Self {
        let (stage, secrets) = (Stage::new().await, SecretsManager::shared());
        let (to_secrets, to_dynamo) = (Proxy::to(secrets.port()).await, Proxy::to(stage.dynamo.port()).await);
        let provisioner = StoredKey::new().level(8);
        stage.dynamo.put_item(provisioner.item.clone()).await;
        let value = json!({ "key": provisioner.key, "secret": provisioner.secret }).to_string();
        let provisioner_arn = secrets.create(&format!("{}provisioner", unique_prefix()), &value).await;
        Self { stage, secrets, prefix: unique_prefix(), provisioner, provisioner_arn, to_secrets, to_dynamo }
    }

    /// A function for every kind of event, with these variables changed.
    pub(crate) async fn start(&self, function: Function, variables: &[(&str, &str)]) -> Emulator {
        let (secrets, dynamo) = (self.to_secrets.endpoint(), self.to_dynamo.endpoint());
        let mut all = vec![
            ("AWS_ENDPOINT_URL_SECRETS_MANAGER", secrets.as_str()),
            ("AWS_ENDPOINT_URL_DYNAMODB", &dynamo),
            ("DELIVERY_PREFIX", &self.prefix),
            ("PROVISIONER_SECRET_ARN", &self.provisioner_arn),
        ];
        all.retain(|(name, _)| !variables.iter().any(|(other, _)| other == name));
        all.extend(variables);
        self.stage.start(function, &all).await
    }

    /// A request in an event of a function; requests to the key function have no credential.
    pub(crate) fn request(&self, function: Function) -> Value {
        let id = new_token();
        let mut request = json!({
            "name": "An event's key", "level": 3, "expiresIn": 3600, "deliverTo": id, "idempotencyKey": id,
        });
        if function == Function::Jwt {
            request["authorization"] = self.stage.bearer(&Claims::new()).into();
        }
        request
    }

    /// Asserts that a request's key was delivered: the secret exists, and the table holds its key's record.
    pub(crate) async fn assert_delivered(&self, request: &Value, created_by: &str, context: &str) {
        let name = format!("{}61/{}", self.prefix, request["deliverTo"].as_str().unwrap());
        let value = self.secrets.value(&name, Version::CURRENT).await;
        let value: Value = serde_json::from_str(&value.unwrap_or_else(|| panic!("{context}: no {name}"))).unwrap();
        for member in ["name", "level", "expiresIn"] {
            assert_eq!(value[member], request[member], "{context}");
        }
        let item = self.stage.dynamo.item(value["key"].as_str().unwrap()).await;
        let item = item.unwrap_or_else(|| panic!("{context}: no record"));
        let hash = Secret::from_hex(value["secret"].as_str().unwrap()).unwrap().hash();
        assert_eq!(item["secretHash"].as_b().unwrap().as_ref(), hash.as_bytes(), "{context}");
        assert_eq!(item["createdBy"].as_s().unwrap(), created_by, "{context}");
    }
}

/// An event of EventBridge.
pub(crate) fn event_bridge(detail: &Value) -> Value {
    json!({
        "version": "0", "id": new_token(), "detail-type": "Key wanted", "source": "ci", "account": "123456789012",
        "time": "2026-11-06T15:57:30Z", "region": "us-east-1", "resources": [], "detail": detail,
    })
}

/// An event of an SNS topic.
pub(crate) fn sns(messages: &[&Value]) -> Value {
    let record = |message: &&Value| {
        let sns = json!({ "Type": "Notification", "MessageId": new_token(), "Message": message.to_string() });
        json!({ "EventSource": "aws:sns", "EventVersion": "1.0", "Sns": sns })
    };
    json!({ "Records": messages.iter().map(record).collect::<Vec<_>>() })
}

/// An SNS notification in the body of an SQS message.
pub(crate) fn notification(message: &Value) -> Value {
    json!({ "Type": "Notification", "TopicArn": "x", "MessageId": new_token(), "Message": message.to_string() })
}

/// An event of an SQS queue, from message ids and bodies.
pub(crate) fn sqs(messages: &[(&str, String)]) -> Value {
    let record = |(id, body): &(&str, String)| json!({ "eventSource": "aws:sqs", "messageId": id, "body": body, "receiptHandle": "x", "attributes": {} });
    json!({ "Records": messages.iter().map(record).collect::<Vec<_>>() })
}

/// The source of an event, and whether the caller can read the answer.
pub(crate) fn every_way(request: &Value) -> Vec<(&'static str, Value)> {
    let event = event_bridge(request);
    vec![
        ("direct", request.clone()),
        ("eventBridge", event.clone()),
        ("sns", sns(&[request])),
        ("sns", sns(&[&event])),
        ("sqs", sqs(&[("m", request.to_string())])),
        ("sqs", sqs(&[("m", event.to_string())])),
        ("sqs", sqs(&[("m", notification(request).to_string())])),
    ]
}
