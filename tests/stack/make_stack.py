"""`make stack`: deploys the stack and prints commands to paste.

make_stack.py FOLDER    deploys the build in FOLDER, and serves the stack until it is stopped
"""

import os
import secrets
import signal
import sys
from pathlib import Path

from deployed_stack import SOURCE, STACK, DeployedStack
from emulator import REGION, REPOSITORY, Unavailable

PORT = 4566  # the default port of MiniStack and LocalStack
SECRET_FILE = REPOSITORY / ".local/jwt-secret"


def local_secret() -> str:
    """The secret of `make run` and `make token`; made if missing."""
    SECRET_FILE.parent.mkdir(exist_ok=True)
    try:
        descriptor = os.open(SECRET_FILE, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return SECRET_FILE.read_text(encoding="utf-8")
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_hex(32))
    return SECRET_FILE.read_text(encoding="utf-8")


def greeting(stack: DeployedStack) -> str:
    outputs = "\n".join(f"    {name}={value}" for name, value in sorted(stack.outputs.items()))
    return f"""
The stack `{STACK}` of template.yaml is deployed to MiniStack at {stack.url}. Its outputs:

{outputs}

Paste this into another terminal. A token of user 61 with the role curator, valid for an hour (see also `make token`):

    TOKEN='{stack.token("curator")}'
    URL={stack.api}

A key made with the token:

    ANSWER=$(curl -sS "$URL/apikeys/jwt" -H "Authorization: Bearer $TOKEN" \\
      -H 'Content-Type: application/json' -d '{{"name":"My first API key","level":4,"expiresIn":3600}}'); echo "$ANSWER"

A key made with that key:

    CREDENTIALS=$(echo "$ANSWER" | sed -E 's/.*"key":"([^"]*)","secret":"([^"]*)".*/\\1:\\2/')
    curl -sS "$URL/apikeys/key" -u "$CREDENTIALS" \\
      -H 'Content-Type: application/json' -d '{{"name":"My second API key","level":3,"expiresIn":3600}}'; echo

The user's keys, then the end of the first key, and with `?chain=true` also of the second:

    curl -sS "$URL/apikeys/jwt" -H "Authorization: Bearer $TOKEN"; echo
    curl -sS -i -X DELETE "$URL/apikeys/${{CREDENTIALS%%:*}}/jwt?chain=true" -H "Authorization: Bearer $TOKEN"

To check the deployed stack: TOKEN="$TOKEN" make smoke URL="$URL"

For events (docs/events.md), any AWS client can use the topic {stack.topic}
and the bus `default` with the source {SOURCE}:

    export AWS_ENDPOINT_URL={stack.url} AWS_REGION={REGION} AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test

Ctrl-C stops everything and deletes all data."""


def main(built: str) -> None:
    """Serves the stack until it is stopped."""
    for end in (signal.SIGINT, signal.SIGTERM):  # a shell ignores SIGINT for background jobs
        signal.signal(end, signal.default_int_handler)
    if not Path(built, "template.yaml").is_file():
        raise Unavailable(f"{built} holds no build: run `make build-local`")
    print(f"Deploying template.yaml to MiniStack on port {PORT} (some seconds)", flush=True)
    stack = DeployedStack(Path(built), local_secret(), PORT)
    try:
        print(greeting(stack), flush=True)
        stack.process.wait()
        raise Unavailable("MiniStack has ended unexpectedly")
    finally:
        stack.stop()


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except Unavailable as problem:
        raise SystemExit(f"make stack: {problem}") from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None
