//! The files of `events/`: each gets the answer that its name says.

use tests::event::Source;
use tests::fault::Proxy;
use tests::local::events::EventFile;

use crate::support::{World, assert_refused};

#[tokio::test]
async fn every_event_file_gets_the_answer_in_its_name() {
    let store = World::new().await;
    let proxy = Proxy::to(store.dynamo.port()).await;
    let mut world = World::with(&[("AWS_ENDPOINT_URL_DYNAMODB", &proxy.endpoint())]).await;
    world.dynamo = store.dynamo;
    let files = EventFile::all().unwrap();
    for file in &files {
        let event = file.fill(world.dynamo.table(), world.signer()).await.unwrap();
        if file.needs_a_broken_store() {
            proxy.refuse().await;
        }
        let answer = world.invoke(file.function, &event).await;
        proxy.accept().await;
        let context = file.path.display().to_string();
        match file.error_code() {
            None => world.assert_created(&answer, &context).await,
            Some(code) => assert_refused(&answer, file.status.into(), &code, &context),
        }
    }
    // One file a source for both functions, and more than a few refusals: an empty folder proves nothing.
    assert_eq!(files.iter().filter(|file| file.status == 201).count(), 2 * Source::ALL.len());
    assert!(files.len() > 30);
}
