//! Tests of the built functions in the containers of `sam local`, run by `make test-sam`.
//!
//! Every test checks that no container is left behind, so the tests run one after the other.

mod authorizer;
mod commands;
mod support;

use std::collections::BTreeMap;

use futures_util::future::join_all;
use serde_json::Value;
use tests::local::events::{EventFile, Setup, Source};
use tests::local::sam::{SamLocal, Server};

use support::{Containers, SECRET, log};

#[tokio::test]
async fn every_event_file_gets_the_answer_in_its_name() {
    let before = Containers::now();
    // Otherwise Ctrl-C would end this program but not `sam`.
    tokio::select! {
        () = play_all() => before.assert_no_more(),
        _ = tokio::signal::ctrl_c() => panic!("interrupted"),
    }
}

async fn play_all() {
    let local = SamLocal::start(SECRET).await.unwrap();
    let (complete, lacking) = (log("complete"), log("lacking"));
    let started =
        tokio::join!(local.start_lambda(None, &complete), local.start_lambda(Some(Setup::EventsDisabled), &lacking));
    let (complete, lacking) = (started.0.unwrap(), started.1.unwrap());
    let files = EventFile::all().unwrap();
    assert!(files.len() > 80, "an empty folder proves nothing");
    let mut containers: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for file in &files {
        let event = local.fill(file).await.unwrap();
        containers.entry((file.setup().is_some(), file.logical_name())).or_default().push((file, event));
    }
    let before = local.delivered().await.unwrap();
    let played =
        containers.iter().map(|((is_lacking, _), events)| play(if *is_lacking { &lacking } else { &complete }, events));
    let failed: Vec<String> = join_all(played).await.concat();
    assert!(failed.is_empty(), "{} of {}:\n{}", failed.len(), files.len(), failed.join("\n"));
    let delivered = local.delivered().await.unwrap() - before;
    assert_eq!(delivered, files.iter().map(EventFile::deliveries).sum::<usize>());
    assert_other_function_answers_otherwise(&local, &complete, &files).await;
}

/// Sends the events of one container in order, and returns the answers that differ from the file's name.
async fn play(server: &Server<'_>, events: &[(&EventFile, Value)]) -> Vec<String> {
    let mut failed = Vec::new();
    for (file, event) in events {
        let answer = server.invoke(file.logical_name(), event).await;
        let answer = answer.map_err(|error| format!("{}: {error}", file.path.display()));
        failed.extend(answer.and_then(|answer| file.check(event, &answer)).err());
    }
    failed
}

/// Asserts that the functions of the HTTP API refuse events.
async fn assert_other_function_answers_otherwise(local: &SamLocal, server: &Server<'_>, files: &[EventFile]) {
    let direct = files.iter().find(|file| file.source == Source::Direct && file.deliveries() == 1).unwrap();
    let event = local.fill(direct).await.unwrap();
    let answer = server.invoke(direct.function.logical_name(), &event).await.unwrap();
    assert!(direct.check(&event, &answer).is_err(), "{answer}");
}
