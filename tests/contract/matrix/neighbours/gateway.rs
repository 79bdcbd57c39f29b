//! Neighbours in groups J and K: the event around a request, and the headers of every answer.

use serde_json::{Value, json};
use tests::event::{Request, Source};
use tests::token::Claims;

use crate::matrix::{Expected, NOT_ALLOWED, REQUIRED, Rows};
use crate::support::{BODY, Endpoint, StoredKey, World};

pub(super) async fn rows(world: &World) -> Rows {
    let mut rows = Rows::new();
    let damaged = StoredKey::new().without("name");
    world.dynamo.put_item(damaged.item.clone()).await;
    let lacking = world.bearer(&Claims::new().with("status", -1));
    for endpoint in Endpoint::ALL {
        envelopes(&mut rows, world, endpoint);
        headers(&mut rows, world, endpoint);
        for source in Source::ALL {
            let mut add = |id: &'static str, what: &str, request: &Request, expected| {
                rows.add_event(id, format!("{what}, {source:?}"), endpoint, request.event(source), expected);
            };
            let good = world.request(endpoint);
            for method in ["HEAD", "OPTIONS", "CONNECT"] {
                let request = Request::new(method, endpoint.path()).header("Origin", "https://example.com");
                add("K+1", method, &request, NOT_ALLOWED);
            }
            let id = |value: &str| good.clone().header("Idempotency-Key", value);
            add("K+2", "no UUID", &id("x"), Expected::Refused(400, "idempotencyKeyInvalid"));
            match endpoint {
                Endpoint::Jwt => {
                    let request = World::anonymous(endpoint).header("Authorization", &lacking);
                    add("K+2", "lacking", &request, Expected::Refused(403, "accountStatusLacking"));
                }
                Endpoint::Key => {
                    let request = World::anonymous(endpoint).header("Authorization", &damaged.authorization());
                    add("K+2", "damaged", &request, Expected::Refused(500, "createApikeyFailed"));
                }
            }
        }
    }
    rows
}

/// An HTTP request may have the members of any other event, and may have few members of its own.
fn envelopes(rows: &mut Rows, world: &World, endpoint: Endpoint) {
    let sqs = json!([{ "eventSource": "aws:sqs", "messageId": "a", "body": BODY }]);
    let others = json!({
        "Records": sqs, "detail-type": "x", "source": "y", "detail": { "name": "x" }, "Step": "createSecret",
        "SecretId": "a", "ClientRequestToken": "b", "name": "x", "level": 8, "expiresIn": 1, "deliverTo": "z",
        "idempotencyKey": "once", "authorization": world.authorization(endpoint), "Type": "Notification",
    });
    for source in [Source::HttpApi, Source::RestApi, Source::Alb] {
        let with = |request: &Request| {
            let mut event = request.event(source);
            event.as_object_mut().unwrap().extend(others.as_object().unwrap().clone());
            event
        };
        let what = format!("every other event's members, {source:?}");
        rows.add_event("J+4", &what, endpoint, with(&world.request(endpoint)), Expected::Created);
        rows.add_event("J+4", &what, endpoint, with(&World::anonymous(endpoint)), REQUIRED);
    }
    let authorization = world.authorization(endpoint);
    for context in [json!({ "http": { "method": "POST" } }), json!({ "elb": {} }), json!({})] {
        let mut event =
            json!({ "requestContext": context, "headers": { "AUTHORIZATION": authorization }, "body": BODY });
        if context.get("http").is_none() {
            event["httpMethod"] = "POST".into();
        }
        rows.add_event("J+5", format!("the least there is: {context}"), endpoint, event.clone(), Expected::Created);
        event["headers"] = Value::Null;
        rows.add_event("J+5", format!("no headers: {context}"), endpoint, event, REQUIRED);
    }
}

/// No request header changes the form of an answer, and no answer contains a request header.
fn headers(rows: &mut Rows, world: &World, endpoint: Endpoint) {
    for (name, value) in [
        ("Accept", "text/html"),
        ("Accept", "application/xml;q=1, */*;q=0"),
        ("Accept-Charset", "utf-16"),
        ("Accept-Encoding", "gzip, br"),
        ("Accept-Language", "nl"),
        ("Range", "bytes=0-1"),
        ("If-None-Match", "*"),
        ("Expect", "100-continue"),
        ("Prefer", "return=minimal"),
        ("Cookie", "session=x"),
        ("Set-Cookie", "session=x"),
        ("Idempotency-Replayed", "true"),
        ("X-Request-Id", "x\r\nSet-Cookie: a=b"),
        ("Content-Length", "0"),
        ("Transfer-Encoding", "chunked"),
        ("Content-Encoding", "gzip"),
    ] {
        rows.add_twice(
            "K+3",
            format!("{name}: {value}"),
            endpoint,
            &world.request(endpoint).header(name, value),
            Expected::Created,
        );
    }
}
