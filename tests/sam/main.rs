//! The built functions in the containers of `sam local`, each with the answer that is promised. `make test-sam` runs this.
//!
//! Every test sees that no container is left, so the tests run one after the other.

mod commands;
mod support;

use tests::local::events::{EventFile, Need, Source};
use tests::local::sam::{SamLocal, Server};

use support::{Containers, SECRET, log};

#[tokio::test]
async fn every_event_file_gets_the_answer_in_its_name() {
    let before = Containers::now();
    // A Ctrl-C would else end this program and leave `sam` behind.
    tokio::select! {
        () = play_all() => before.assert_no_more(),
        _ = tokio::signal::ctrl_c() => panic!("interrupted"),
    }
}

async fn play_all() {
    let local = SamLocal::start(SECRET).await.unwrap();
    let (complete, lacking) = (log("complete"), log("lacking"));
    let started = tokio::join!(local.start_lambda(None, &complete), local.start_lambda(Some(Need::NoEvents), &lacking));
    let (complete, lacking) = (started.0.unwrap(), started.1.unwrap());
    let files = EventFile::all().unwrap();
    let mut failed = Vec::new();
    for file in &files {
        let server = if file.need().is_some() { &lacking } else { &complete };
        failed.extend(play(&local, server, file).await.err());
    }
    assert!(failed.is_empty(), "{} of {}:\n{}", failed.len(), files.len(), failed.join("\n"));
    assert!(files.len() > 80, "an empty folder proves nothing");
    assert_other_function_answers_otherwise(&local, &complete, &files).await;
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

/// The functions behind the HTTP API serve no events: which function an event goes to decides on the answer.
async fn assert_other_function_answers_otherwise(local: &SamLocal, server: &Server<'_>, files: &[EventFile]) {
    let direct = files.iter().find(|file| file.source == Source::Direct && file.deliveries() == 1).unwrap();
    let event = local.fill(direct).await.unwrap();
    let answer = server.invoke(direct.function.logical_name(), &event).await.unwrap();
    assert!(direct.check(&event, &answer).is_err(), "{answer}");
}
