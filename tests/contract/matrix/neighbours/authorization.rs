//! Neighbours in group A: the method and the `Authorization` header, at both endpoints.

use serde_json::{Value, json};
use tests::event::{Request, Source};

use crate::matrix::{Expected, FAILED, NOT_ALLOWED, REQUIRED, Rows};
use crate::support::{Endpoint, World};

pub(super) fn rows(world: &World) -> Rows {
    let mut rows = Rows::new();
    for endpoint in Endpoint::ALL {
        methods(&mut rows, world, endpoint);
        resources(&mut rows, endpoint);
        two_maps(&mut rows, world, endpoint);
        odd_types(&mut rows, world, endpoint);
        spellings(&mut rows, world, endpoint);
        lengths(&mut rows, world, endpoint);
    }
    rows
}

fn with(endpoint: Endpoint, authorization: &str) -> Request {
    World::anonymous(endpoint).header("Authorization", authorization)
}

fn methods(rows: &mut Rows, world: &World, endpoint: Endpoint) {
    for name in ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"] {
        let put = Request::new("PUT", endpoint.path()).header("Authorization", &world.authorization(endpoint));
        rows.add_twice("A+1", name, endpoint, &put.header(name, "POST"), NOT_ALLOWED);
        for other in ["GET", "DELETE"] {
            rows.add_twice("A+1", name, endpoint, &world.request(endpoint).header(name, other), Expected::Created);
        }
    }
    for (own, other, expected) in
        [("POST", "GET", Expected::Created), ("POST", "PUT", Expected::Created), ("PUT", "POST", NOT_ALLOWED)]
    {
        let mut event = world.request(endpoint).event(Source::HttpApi);
        event["requestContext"]["http"]["method"] = own.into();
        event["httpMethod"] = other.into();
        rows.add_event("A+2", format!("{own} of payload 2.0, {other} beside it"), endpoint, event, expected);
        let mut event = world.request(endpoint).event(Source::RestApi);
        event["httpMethod"] = own.into();
        event["requestContext"]["httpMethod"] = other.into();
        rows.add_event("A+2", format!("{own}, {other} in the context"), endpoint, event, expected);
    }
}

/// Each resource has its own methods, before a look at the credential. A stage, a base path and one slash at the end
/// change nothing.
fn resources(rows: &mut Rows, endpoint: Endpoint) {
    let (own, other) = match endpoint {
        Endpoint::Jwt => ("jwt", "key"),
        Endpoint::Key => ("key", "jwt"),
    };
    let id = "7eba7d5c-0b9c-4d0a-8d6f-2a4d1c6a3b52";
    let not_found = Expected::Refused(404, "notFound");
    let mut add = |methods: &[&str], path: &str, expected| {
        for method in methods {
            let request = Request::new(method, path);
            rows.add_twice("A+9", format!("{method:?} {path}"), endpoint, &request, expected);
        }
    };
    for base in ["", "/prod", "/a/b"] {
        for end in ["", "/"] {
            let key = format!("{base}/apikeys/{id}/{own}{end}");
            add(&["POST", "PUT", "HEAD", "OPTIONS", "", "get"], &key, Expected::NotAllowed("GET, DELETE"));
            add(&["GET", "DELETE"], &key, REQUIRED);
            let keys = format!("{base}/apikeys/{own}{end}");
            add(&["DELETE", "PUT", "HEAD"], &keys, NOT_ALLOWED);
            add(&["GET", "POST"], &keys, REQUIRED);
            let caller = format!("{base}/whoami/{own}{end}");
            add(&["POST", "DELETE", "HEAD"], &caller, Expected::NotAllowed("GET"));
            add(&["GET"], &caller, if endpoint == Endpoint::Key { REQUIRED } else { not_found });
        }
    }
    // Only POST has a route on a path that names nothing else.
    for path in ["/", "", "/apikeys", &format!("/apikeys/{other}"), &format!("/apikeys/{own}//"), &format!("/{own}")] {
        add(&["PUT", "HEAD", ""], path, Expected::NotAllowed("POST"));
        add(&["GET", "DELETE"], path, not_found);
        add(&["POST"], path, REQUIRED);
    }
}

/// Payload 1.0 contains each header twice.
fn two_maps(rows: &mut Rows, world: &World, endpoint: Endpoint) {
    let good = world.authorization(endpoint);
    for source in [Source::RestApi, Source::HttpApiV1] {
        for (listed, single) in [(good.as_str(), "Bearer x"), ("Basic x", &good), (&good, ""), ("", &good)] {
            let event = with(endpoint, listed).raw_header("Authorization", single).event(source);
            rows.add_event("A+3", format!("{listed}|{single}, {source:?}"), endpoint, event, FAILED);
        }
        for absent in ["headers", "multiValueHeaders"] {
            let mut event = world.request(endpoint).event(source);
            event[absent] = Value::Null;
            rows.add_event("A+4", format!("no {absent}, {source:?}"), endpoint, event, Expected::Created);
            let mut event = world.request(endpoint).event(source);
            event[absent]["Authorization"] = json!([]);
            rows.add_event("A+4", format!("none in {absent}, {source:?}"), endpoint, event, Expected::Created);
        }
    }
}

fn odd_types(rows: &mut Rows, world: &World, endpoint: Endpoint) {
    let good = world.authorization(endpoint);
    for source in [Source::HttpApi, Source::Alb] {
        let mut value = |value: Value, expected| {
            let mut event = World::anonymous(endpoint).event(source);
            event["headers"]["authorization"] = value.clone();
            rows.add_event("A+5", format!("{value}, {source:?}"), endpoint, event, expected);
        };
        for odd in [json!(7), json!(true), json!({ "0": good }), json!([null]), json!([[good]]), json!([good, 7])] {
            value(odd, FAILED);
        }
        for none in [json!(null), json!([]), json!([""]), json!(["", "  "])] {
            value(none, REQUIRED);
        }
        value(json!([good]), Expected::Created);
        for odd in [json!(null), json!([["authorization", good]]), json!(good), json!(7)] {
            let mut event = World::anonymous(endpoint).event(source);
            event["headers"] = odd.clone();
            rows.add_event("A+5", format!("headers {odd}"), endpoint, event, REQUIRED);
        }
    }
}

fn spellings(rows: &mut Rows, world: &World, endpoint: Endpoint) {
    let good = world.authorization(endpoint);
    let (scheme, credential) = good.split_once(' ').unwrap();
    for name in ["authorization ", " authorization", "author\u{131}zation", "authorization\0", "http_authorization"] {
        let request = World::anonymous(endpoint).raw_header(name, &good);
        for source in [Source::HttpApi, Source::RestApi, Source::AlbMultiValue] {
            rows.add_event("A+6", format!("{name:?}, {source:?}"), endpoint, request.event(source), REQUIRED);
        }
    }
    for value in [
        scheme.to_owned(),
        format!("{scheme} "),
        format!("{scheme}    "),
        format!("{scheme}={credential}"),
        format!(" {good}"),
        format!("\t{good}"),
        format!("{good}, x=1"),
        format!("\"{good}\""),
        format!("{scheme} {good}"),
    ] {
        rows.add_twice("A+7", format!("{value:?}"), endpoint, &with(endpoint, &value), FAILED);
    }
}

/// A scheme can be followed by many spaces, so the longest value can contain a valid credential.
fn lengths(rows: &mut Rows, world: &World, endpoint: Endpoint) {
    let good = world.authorization(endpoint);
    let (scheme, credential) = good.split_once(' ').unwrap();
    for (length, expected) in [(8_191, Expected::Created), (8_192, Expected::Created), (8_193, FAILED)] {
        let spaces = " ".repeat(length - scheme.len() - credential.len());
        let request = with(endpoint, &format!("{scheme}{spaces}{credential}"));
        rows.add_twice("A+8", format!("{length} bytes"), endpoint, &request, expected);
    }
}
