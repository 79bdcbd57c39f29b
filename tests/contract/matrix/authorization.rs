//! Group A: the method and the `Authorization` header, at both endpoints.

use tests::event::Source;

use super::{Endpoint, Expected, FAILED, NOT_ALLOWED, REQUIRED, Request, Rows, World, assert_rows};

#[tokio::test]
async fn the_method_and_the_authorization_header_are_checked_first() {
    let world = World::new().await;
    assert_rows(&world, rows(&world)).await;
}

pub(super) fn rows(world: &World) -> Rows {
    let mut rows = Rows::new();
    for endpoint in Endpoint::ALL {
        schemes(&mut rows, world, endpoint);
        several_values(&mut rows, world, endpoint);
        elsewhere(&mut rows, world, endpoint);
        odd_values(&mut rows, world, endpoint);
        methods(&mut rows, world, endpoint);
        odd_gateways(&mut rows, world, endpoint);
    }
    rows
}

fn with(endpoint: Endpoint, authorization: &str) -> Request {
    World::anonymous(endpoint).header("Authorization", authorization)
}

fn split(authorization: &str) -> (&str, &str) {
    authorization.split_once(' ').unwrap()
}

fn schemes(rows: &mut Rows, world: &World, endpoint: Endpoint) {
    let authorization = world.authorization(endpoint);
    let (scheme, credential) = split(&authorization);
    rows.add_twice("A01", "no header", endpoint, &World::anonymous(endpoint), REQUIRED);
    for value in ["", " ", "   "] {
        rows.add_twice("A02", format!("{value:?}"), endpoint, &with(endpoint, value), REQUIRED);
    }
    let other = if endpoint == Endpoint::Jwt { Endpoint::Key } else { Endpoint::Jwt };
    rows.add_twice("A03", "the other scheme", endpoint, &with(endpoint, &world.authorization(other)), REQUIRED);
    for value in [
        "Negotiate YWJj",
        r#"Digest username="Mufasa", realm="a, Bearer b", uri="/", response="c""#,
        "AWS4-HMAC-SHA256 Credential=a/20221106/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=b",
        &format!("{scheme}{credential}"),
    ] {
        rows.add_twice("A04", value, endpoint, &with(endpoint, value), REQUIRED);
    }
    for spelling in [scheme.to_lowercase(), scheme.to_uppercase()] {
        rows.add_twice(
            "A06",
            &spelling,
            endpoint,
            &with(endpoint, &format!("{spelling} {credential}")),
            Expected::Created,
        );
    }
    rows.add_twice(
        "A06",
        "two spaces",
        endpoint,
        &with(endpoint, &format!("{scheme}  {credential}")),
        Expected::Created,
    );
    rows.add_twice("A07", "a tab", endpoint, &with(endpoint, &format!("{scheme}\t{credential}")), FAILED);
    rows.add_twice("A07", "a space and a tab", endpoint, &with(endpoint, &format!("{scheme} \t{credential}")), FAILED);
}

fn several_values(rows: &mut Rows, world: &World, endpoint: Endpoint) {
    let good = world.authorization(endpoint);
    for value in [
        format!("{good},{good}"),
        format!("{good}, Digest a"),
        format!("Digest a=b, {good}"),
        format!("Digest a=\"b, {good}"),
        format!("\",{good}"),
        format!(",{good}"),
        format!("{good},"),
    ] {
        rows.add_twice("A09", &value, endpoint, &with(endpoint, &value), FAILED);
    }
    for (first, second) in
        [(good.as_str(), good.as_str()), (&good, ""), ("", &good), (&good, "Digest a"), ("Digest a", &good)]
    {
        let request = with(endpoint, first).header("Authorization", second);
        let spelled = with(endpoint, first).raw_header("AUTHORIZATION", second);
        for source in [Source::RestApi, Source::HttpApiV1, Source::AlbMultiValue] {
            rows.add_event("A10", format!("{first}|{second}, {source:?}"), endpoint, request.event(source), FAILED);
        }
        for source in [Source::HttpApi, Source::FunctionUrl, Source::Alb, Source::AlbMultiValue] {
            rows.add_event(
                "A10",
                format!("two spellings {first}|{second}, {source:?}"),
                endpoint,
                spelled.event(source),
                FAILED,
            );
        }
    }
}

fn elsewhere(rows: &mut Rows, world: &World, endpoint: Endpoint) {
    let authorization = world.authorization(endpoint);
    let (_, credential) = split(&authorization);
    let anonymous = World::anonymous(endpoint);
    let query = anonymous.clone().query("access_token", "x").query("authorization", "Bearer");
    rows.add_twice("A12", "in the query string", endpoint, &query, REQUIRED);
    let cookie = anonymous.clone().cookie(&format!("authorization={credential}"));
    rows.add_twice("A13", "in a cookie", endpoint, &cookie, REQUIRED);
    let body = format!(
        r#"{{"name":"a","level":1,"expiresIn":60,"authorization":{authorization:?},"access_token":{credential:?}}}"#
    );
    rows.add_twice("A13", "in the body", endpoint, &anonymous.clone().body(body), REQUIRED);
    let proxy = anonymous.header("Proxy-Authorization", &authorization).header("X-Authorization", &authorization);
    rows.add_twice("A13", "in other headers", endpoint, &proxy, REQUIRED);
}

fn odd_values(rows: &mut Rows, world: &World, endpoint: Endpoint) {
    let authorization = world.authorization(endpoint);
    let (scheme, _) = split(&authorization);
    let other = if endpoint == Endpoint::Jwt { "Basic é" } else { "Bearer é" };
    rows.add_twice("A15", other, endpoint, &with(endpoint, other), REQUIRED);
    for value in [
        "é".to_owned(),
        format!("{scheme} é"),
        format!("{authorization}é"),
        format!("{authorization}\0"),
        format!("{authorization}\r\n"),
        format!("{authorization}\u{7f}"),
    ] {
        rows.add_twice("A15", format!("{value:?}"), endpoint, &with(endpoint, &value), FAILED);
    }
    let padding = |length: usize| format!("{scheme} {}", "A".repeat(length - scheme.len() - 1));
    for length in [8_192, 8_193, 100_000] {
        rows.add_twice("A16", format!("{length} bytes"), endpoint, &with(endpoint, &padding(length)), FAILED);
    }
    rows.add_twice("A16", "a long value of another scheme", endpoint, &with(endpoint, &"A".repeat(8_193)), REQUIRED);
}

fn methods(rows: &mut Rows, world: &World, endpoint: Endpoint) {
    for method in ["PUT", "PATCH", "DELETE", "HEAD", "TRACE", "post", "POST ", "get", "delete", "", "FOO"] {
        let request = Request::new(method, endpoint.path());
        rows.add_twice("A18", method, endpoint, &request, NOT_ALLOWED);
        let authenticated = request.header("Authorization", &world.authorization(endpoint)).body("not JSON");
        rows.add_twice("A18", method, endpoint, &authenticated, NOT_ALLOWED);
    }
    let preflight = Request::new("OPTIONS", endpoint.path()).header("Origin", "https://example.com");
    rows.add_twice("A19", "OPTIONS", endpoint, &preflight.header("Access-Control-Request-Method", "POST"), NOT_ALLOWED);
}

fn odd_gateways(rows: &mut Rows, world: &World, endpoint: Endpoint) {
    for source in Source::ALL {
        for value in ["a b", "https, http", "", "é", "\0"] {
            let request = world.request(endpoint).only_header("X-Forwarded-Proto", value);
            rows.add_event("A21", format!("{value:?}, {source:?}"), endpoint, request.event(source), Expected::Created);
        }
        for value in ["a b", "x:99999", "[::1", "", "é", "\0"] {
            let request = world.request(endpoint).only_header("Host", value);
            rows.add_event("A22", format!("{value:?}, {source:?}"), endpoint, request.event(source), Expected::Created);
        }
    }
}
