//! Group K: the headers and the form of every answer, for every source.

use tests::event::Source;

use super::{Endpoint, Expected, FAILED, NOT_ALLOWED, REQUIRED, Request, Rows, World, assert_rows};

#[tokio::test]
async fn every_source_gets_answers_with_the_same_headers_and_form() {
    let world = World::new().await;
    assert_rows(&world, rows(&world)).await;
}

pub(super) fn rows(world: &World) -> Rows {
    let mut rows = Rows::new();
    for endpoint in Endpoint::ALL {
        let good = world.request(endpoint);
        for source in Source::ALL {
            // The check of each row includes the form of the body (K01, K02) and every header (K06, K07, K09).
            let mut add = |id, request: &Request, expected| {
                rows.add_event(id, format!("{source:?}"), endpoint, request.event(source), expected);
            };
            add("K02", &good, Expected::Created);
            add("K01", &good.clone().body("{}"), Expected::Refused(400, "postBodyMissing"));
            add("K06", &World::anonymous(endpoint), REQUIRED);
            add("K07", &World::anonymous(endpoint).header("Authorization", "Bearer a, Basic b"), FAILED);
            add("K09", &Request::new("DELETE", endpoint.path()), NOT_ALLOWED);
        }
        for (id, origin) in [("K12", "null"), ("K13", "https://example.com")] {
            rows.add_twice(id, origin, endpoint, &good.clone().header("Origin", origin), Expected::Created);
        }
    }
    rows
}
