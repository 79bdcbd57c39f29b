//! `make sam-api`: runs `sam local start-api` until it is stopped, and prints commands to paste.

use super::SamLocal;
use crate::host;
use crate::local::address::check_port;
use crate::local::run::greeting;
use crate::local::settings::Settings;
use crate::token::Claims;

pub(in crate::local) async fn run(settings: &Settings, port: u16) -> Result<(), String> {
    check_port(port, "sam local start-api", "make sam-api")?;
    let settings = settings.with_log("logs/sam.log");
    let local = SamLocal::start(settings.secret()).await?;
    let mut server = local.listen("start-api", port, None, &settings.log()).await?;
    let token = Claims::new().role("curator").sign(&settings.signer());
    println!(
        "{}\n\nThe APIs of docs/protected-api.yaml, with the token and with the key (also rest, and reports):\n\n    \
         curl -sS http://localhost:{port}/jwt/http/caller -H \"Authorization: Bearer $TOKEN\"; echo\n    \
         curl -sS http://localhost:{port}/key/http/caller -u \"$CREDENTIALS\"; echo\n\n\
         The first request of each function starts its container. The functions log to {}.\nCtrl-C stops everything.",
        greeting(port, &token),
        host::relative(&settings.log())
    );
    Err(server.ended().await)
}
