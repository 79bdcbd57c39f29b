//! The built functions in the containers of `sam local`, each with the answer that is promised. `make test-sam` runs this.
//!
//! Every test ends its containers and sees that none is left, so the tests run one after the other.

mod commands;
mod support;

use tests::local::events::{EventFile, Need, Source};
use tests::local::sam::{SamLocal, Server};

use support::{SECRET, assert_no_containers, log};

#[tokio::test]
async fn every_event_file_gets_the_answer_in_its_name() {
    let local = SamLocal::start(SECRET).await.unwrap();
    let complete = local.start_lambda(None, &log("complete")).await.unwrap();
    let lacking = local.start_lambda(Some(Need::NoEvents), &log("lacking")).await.unwrap();
    let files = EventFile::all().unwrap();
    let mut failed = Vec::new();
    for file in &files {
        let server = if file.need().is_some() { &lacking } else { &complete };
        failed.extend(play(&local, server, file).await.err());
    }
    assert!(failed.is_empty(), "{} of {}:\n{}", failed.len(), files.len(), failed.join("\n"));
    assert!(files.len() > 80, "an empty folder proves nothing");
    drop((complete, lacking));
    assert_no_containers();
}

/// Sends one file, and compares the answer and the number of delivered secrets with its name.
async fn play(local: &SamLocal, server: &Server<'_>, file: &EventFile) -> Result<(), String> {
    let event = local.fill(file).await?;
    let before = local.delivered().await?;
    let answer = server.invoke(file.logical_name(), &event).await;
    file.check(&event, &answer.map_err(|error| format!("{}: {error}", file.path.display()))?)?;
    let delivered = local.delivered().await? - before;
    let line = || format!("{}: {delivered} secrets were delivered", file.path.display());
    (delivered == file.deliveries()).then_some(()).ok_or_else(line)
}

#[tokio::test]
async fn the_function_of_another_source_gives_another_answer() {
    let local = SamLocal::start(SECRET).await.unwrap();
    let server = local.start_lambda(None, &log("other")).await.unwrap();
    let files = EventFile::all().unwrap();
    let direct = files.iter().find(|file| file.source == Source::Direct && file.deliveries() == 1).unwrap();
    let event = local.fill(direct).await.unwrap();
    let answer = server.invoke("KeyFunction", &event).await.unwrap();
    assert!(direct.check(&event, &answer).is_err(), "{answer}");
}
