//! `make sam-invoke`: sends one event file with `sam local invoke`.
//!
//! `sam` exits with 0 even if the function did not start, so the answer is compared with the file's name.

use std::io::Read as _;
use std::path::Path;

use serde_json::Value;

use super::SamLocal;
use crate::local::delivered::DeliveredKey;
use crate::local::events::{EventFile, Source};
use crate::local::invoke::readable;
use crate::local::settings::Settings;

pub(in crate::local) async fn run(settings: &Settings, file: &Path) -> Result<(), String> {
    let file = EventFile::named(file)?;
    let local = SamLocal::start(settings.secret()).await?;
    let event = local.fill(&file).await?;
    let known = DeliveredKey::names(&local.secrets).await?;
    println!("sam local invoke {}", file.logical_name());
    let answer = local.invoke(&file, &event).await?;
    println!("\n{}", readable(&answer));
    if !matches!(file.source, Source::Http { .. }) {
        DeliveredKey::show_new(&local.secrets, &known).await?;
    }
    file.check(&event, &answer)
}

impl SamLocal {
    /// Invokes the function of an event in a new container.
    ///
    /// # Errors
    ///
    /// Returns one line if the function gives no answer.
    pub async fn invoke(&self, file: &EventFile, event: &Value) -> Result<Value, String> {
        let mut command = self.command("invoke", file.setup())?;
        let (mut reader, writer) = std::io::pipe().map_err(|error| error.to_string())?;
        command.arg("--event").arg(self.folder.write("event.json", &event.to_string())?);
        command.arg(file.logical_name()).stdout(writer);
        let mut running = self.spawn(command)?;
        // A thread reads the output, so that a long answer does not block `sam`.
        let output = std::thread::spawn(move || {
            let mut text = String::new();
            reader.read_to_string(&mut text).map(|_| text)
        });
        running.ended().await;
        let text =
            output.join().map_err(|_| "the reader of the answer panicked")?.map_err(|error| error.to_string())?;
        serde_json::from_str(text.trim()).map_err(|_| format!("the function gave no answer: {}", text.trim()))
    }
}
