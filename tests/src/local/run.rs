//! `make run`: runs the stack until it is stopped, and prints commands to paste.

use super::address::GATEWAY_PORT;
use super::settings::Settings;
use super::stack::Stack;
use crate::host;
use crate::token::Claims;

pub(super) async fn run(settings: &Settings) -> Result<(), String> {
    let mut stack = Stack::start(settings).await?;
    let token = Claims::new().role("curator").sign(&settings.signer());
    println!("{}\n\n{}", greeting(GATEWAY_PORT, &token), others(&host::relative(&settings.log())));
    Err(stack.run(settings).await)
}

/// Commands to paste for both functions at a port.
pub(super) fn greeting(port: u16, token: &str) -> String {
    format!(
        r#"
Both functions are ready:

    POST, GET    http://localhost:{port}/apikeys/jwt, /apikeys/key
    GET, DELETE  http://localhost:{port}/apikeys/<id>/jwt, /apikeys/<id>/key
    GET          http://localhost:{port}/whoami/key

Paste this into another terminal. A token of user 61 with the role curator, valid for an hour (see also `make token`):

    TOKEN='{token}'

A key made with the token:

    ANSWER=$(curl -sS http://localhost:{port}/apikeys/jwt -H "Authorization: Bearer $TOKEN" \
      -H 'Content-Type: application/json' -d '{{"name":"My first API key","level":4,"expiresIn":3600}}'); echo "$ANSWER"

A key made with that key:

    CREDENTIALS=$(echo "$ANSWER" | sed -E 's/.*"key":"([^"]*)","secret":"([^"]*)".*/\1:\2/')
    curl -sS http://localhost:{port}/apikeys/key -u "$CREDENTIALS" \
      -H 'Content-Type: application/json' -d '{{"name":"My second API key","level":3,"expiresIn":3600}}'; echo

The user's keys, then the end of the first key, and with `?chain=true` also of the second:

    curl -sS http://localhost:{port}/apikeys/jwt -H "Authorization: Bearer $TOKEN"; echo
    curl -sS -i -X DELETE "http://localhost:{port}/apikeys/${{CREDENTIALS%%:*}}/jwt?chain=true" \
      -H "Authorization: Bearer $TOKEN""#
    )
}

fn others(log: &str) -> String {
    format!(
        "To send an event: `make invoke EVENT=events/key-sqs-created.json`. To rotate a key: `make rotate`.

The functions log to {log}
and are rebuilt when a source file changes. Ctrl-C stops everything."
    )
}
