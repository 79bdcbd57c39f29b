"""Runs the clients of docs/clients unchanged against the stack of `local with`, and FreeSewing's test of keys.

A proxy between client and stack can lose answers, to test that a client retries with the same Idempotency-Key and gets
the key that was created.
"""

import http.client
import json
import os
import re
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import verifiers
from stack import BEARER, CALLERS, CLIENTS, FUNCTIONS, HERE, PYTHON, ROOT, WORK, copy, send_request

PATHS = {"/apikeys/jwt", "/apikeys/key"}
HANDED_ON = ("Authorization", "Content-Type", "Idempotency-Key")
HANDED_BACK = ("content-type", "idempotency-replayed")


@dataclass
class Seen:
    """The requests and keys that the proxy has seen."""

    # The fault of the first try of each request: "lost" loses the answer, "busy" does not forward the request.
    trouble: str | None
    # By Idempotency-Key; a request that creates no key by its method and path.
    tries: dict = field(default_factory=dict)
    created: list = field(default_factory=list)


class Proxy(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def relay(self):
        seen = self.server.seen
        body = self.rfile.read(int(self.headers["Content-Length"] or 0))
        request = self.headers["Idempotency-Key"] if self.command == "POST" else f"{self.command} {self.path}"
        tries = seen.tries.setdefault(request, [])
        tries.append((self.path, self.headers["Content-Type"], body))
        if seen.trouble == "busy" and len(tries) == 1:
            return self.give(503, [("content-type", "application/json")], b'{"message":"Service Unavailable"}')
        stack = http.client.HTTPConnection(FUNCTIONS.hostname, FUNCTIONS.port, timeout=10)
        headers = {name: self.headers[name] for name in HANDED_ON if name in self.headers}
        stack.request(self.command, self.path, body, headers)
        answer = stack.getresponse()
        content = answer.read()
        stack.close()
        if seen.trouble == "lost" and len(tries) == 1:
            self.close_connection = True
            return None
        if answer.status == 201:
            seen.created.append((json.loads(content)["apikey"]["key"], answer.headers["idempotency-replayed"]))
        headers = [(name, value) for name, value in answer.getheaders() if name.lower() in HANDED_BACK]
        return self.give(answer.status, headers, content)

    do_DELETE = do_GET = do_POST = relay

    def give(self, status, headers, content):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *arguments):
        pass


class Server(ThreadingHTTPServer):
    def handle_error(self, request, client_address):
        """A client may end before its connection is closed."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


def http_file(environment):
    """Writes the .http file with its variables filled in."""
    variable = lambda line: f"@{line[1]} = {environment[line[1].upper()]}"
    text = (CLIENTS / "create-key.http").read_text()
    file = WORK / "create-key.http"
    file.write_text(re.sub(r"^@(\w+) =.*$", variable, text, flags=re.MULTILINE))
    return [str(WORK / "node/node_modules/.bin/httpyac"), "send", str(file), "--all", "--output", "body", "--no-color"]


def rust():
    """Builds the Rust client."""
    manifest, target = CLIENTS / "rust/Cargo.toml", WORK / "rust/target"
    subprocess.run(["cargo", "build", "--locked", "--manifest-path", manifest, "--target-dir", target], check=True)
    return str(target / "debug/create-key")


def run(command, trouble=None, **changed):
    """Runs a client with a new proxy."""
    server = Server(("127.0.0.1", 0), Proxy)
    server.seen = Seen(trouble)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    environment = {"API": f"http://127.0.0.1:{server.server_port}", **CALLERS, **changed}
    ended = subprocess.run(
        command(environment),
        env={**os.environ, **environment},
        cwd=WORK,
        timeout=60,
        text=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    server.shutdown()
    server.server_close()
    return ended.returncode, ended.stdout, server.seen


def check_created(client, command, trouble=None):
    """Both keys are created and printed, each with one Idempotency-Key for all its tries."""
    code, output, seen = run(command, trouble)
    context = f"{client}, {trouble}: exit {code}\n{output}"
    tries = 2 if trouble else 1
    assert code == 0, context
    assert None not in seen.tries, context
    assert [len(of_one) for of_one in seen.tries.values()] == [tries, tries], f"{seen.tries}\n{context}"
    assert all(len(set(of_one)) == 1 for of_one in seen.tries.values()), context
    assert {of_one[0][0] for of_one in seen.tries.values()} == PATHS, context
    assert all(of_one[0][1].startswith("application/json") for of_one in seen.tries.values()), context
    assert len(seen.created) == 2 and all(key in output for key, _ in seen.created), context
    replayed = "true" if trouble == "lost" else None
    assert [of_one for _, of_one in seen.created] == [replayed, replayed], context


def check_life(client, command, trouble=None):
    """The calling key, a list and a key are printed, and the key is revoked."""
    status, created = send_request("POST", "/apikeys/jwt", BEARER, '{"name":"To be revoked","level":3,"expiresIn":60}')
    assert status == 201, created
    key = created["apikey"]["key"]
    path = f"/apikeys/{key}/jwt"
    code, output, seen = run(command, trouble, ID=key)
    context = f"{client}, {trouble}: exit {code}\n{output}"
    assert code == 0, context
    requests = ["GET /whoami/key", "GET /apikeys/jwt?limit=100", f"GET {path}", f"DELETE {path}"]
    assert list(seen.tries) == requests, f"{list(seen.tries)}\n{context}"
    tries = 2 if trouble else 1
    assert all(len(of_one) == tries for of_one in seen.tries.values()), context
    # The calling key is shown and listed, the other is listed and read.
    assert output.count(f'"key":"{CALLERS["KEY"]}"') == output.count(f'"key":"{key}"') == 2, context
    assert send_request("GET", path, BEARER) == (404, {"result": "error", "error": "notFound"}), context


def check_freesewing():
    """FreeSewing's test of keys passes."""
    test = copy(HERE / "freesewing.mjs")
    environment = {**os.environ, "API": FUNCTIONS.geturl(), "TOKEN": CALLERS["TOKEN"]}
    ended = subprocess.run(["node", "--test", test], env=environment, timeout=60, text=True, capture_output=True)
    assert ended.returncode == 0, f"FreeSewing's test: {ended.stdout}{ended.stderr}"
    assert re.search(r"^\S+ pass 8$", ended.stdout, re.MULTILINE), ended.stdout


def check_refused(client, command, error, **changed):
    """The error code is printed, no request is retried, and the program fails."""
    code, output, seen = run(command, **changed)
    context = f"{client}, {error}: exit {code}\n{output}"
    assert code != 0 and error in output, context
    assert all(len(of_one) == 1 for of_one in seen.tries.values()), context


def main():
    check_freesewing()
    print("FreeSewing's test of keys: passed", flush=True)
    verifiers.check_all()
    manage_keys = lambda _: ["bash", str(CLIENTS / "manage-keys.sh")]
    for trouble in (None, "lost", "busy"):
        check_life("manage-keys.sh", manage_keys, trouble)
    check_refused("manage-keys.sh", manage_keys, "authenticationFailed", SECRET="0" * 64, ID="no-key")
    check_refused("manage-keys.sh", manage_keys, "notFound", ID="no-key")
    print("manage-keys.sh: as documented", flush=True)
    javascript, program = copy(CLIENTS / "create-key.mjs"), rust()
    # The .http file contains its variables; the other clients read the environment.
    commands = {
        "create-key.sh": lambda _: ["bash", str(CLIENTS / "create-key.sh")],
        "create-key.mjs": lambda _: ["node", javascript],
        "create_key.py": lambda _: [*PYTHON, str(CLIENTS / "create_key.py")],
        "rust": lambda _: [program],
        "create-key.http": http_file,
    }
    for client, command in commands.items():
        begun = time.monotonic()
        check_created(client, command)
        check_refused(client, command, "authenticationFailed", TOKEN="no.token.atall")
        check_refused(client, command, "authenticationFailed", SECRET="0" * 64)
        # An .http file has no retries.
        for trouble in ["lost", "busy"] if client != "create-key.http" else []:
            check_created(client, command, trouble)
        print(f"{client}: as documented ({time.monotonic() - begun:.1f} s)", flush=True)


if __name__ == "__main__":
    try:
        main()
    except AssertionError as failed:
        sys.exit(f"make test-clients: {failed}")
