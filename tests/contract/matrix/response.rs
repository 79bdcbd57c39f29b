//! Group K: what is in every answer, from every source. That it holds nothing else is checked for every row.

use tests::event::Source;

use super::{Endpoint, Expected, FAILED, REQUIRED, Rows, World, assert_rows};

#[tokio::test]
async fn every_answer_has_the_same_headers_and_the_same_form_from_every_source() {
    let world = World::new().await;
    assert_rows(&world, rows(&world)).await;
}

pub(super) fn rows(world: &World) -> Rows {
    let mut rows = Rows::new();
    for endpoint in Endpoint::ALL {
        let good = world.request(endpoint);
        for source in Source::ALL {
            for id in ["K01", "K02", "K06", "K07", "K09"] {
                let mut add = |request: &tests::event::Request, expected| {
                    rows.add_event(id, format!("{source:?}"), endpoint, request.event(source), expected);
                };
                add(&good, Expected::Created);
                add(&good.clone().body("{}"), Expected::Refused(400, "postBodyMissing"));
                add(&World::anonymous(endpoint), REQUIRED);
                add(&World::anonymous(endpoint).header("Authorization", "Bearer a, Basic b"), FAILED);
                add(&tests::event::Request::new("GET", endpoint.path()), Expected::Refused(405, "methodNotAllowed"));
            }
        }
        for (id, origin) in [("K12", "null"), ("K13", "https://example.com")] {
            rows.add_twice(id, origin, endpoint, &good.clone().header("Origin", origin), Expected::Created);
        }
    }
    rows
}
