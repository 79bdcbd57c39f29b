"""Runs every snippet of docs/contract.md, section "Calling the endpoints", unchanged against the stack of `local with`,
and FreeSewing's test of keys.

A proxy between client and stack can lose answers, to test that a snippet retries with the same Idempotency-Key and gets
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
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parents[3]
HERE = Path(__file__).resolve().parent
WORK = (ROOT / ".local/clients").resolve()
STACK = urlsplit(os.environ["APIKEYS_URL"])
CALLERS = {name: os.environ[f"APIKEYS_{name}"] for name in ("TOKEN", "KEY", "SECRET")}
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
        stack = http.client.HTTPConnection(STACK.hostname, STACK.port, timeout=10)
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


def snippets():
    """The only block of each language: `bash` lists, reads and revokes, the others create."""
    _, section = (ROOT / "docs/contract.md").read_text().split("\n## Calling the endpoints\n")
    blocks = re.findall(r"^```(\w+)\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)
    found = dict(blocks)
    known = {"sh", "bash", "js", "python", "toml", "rust", "http"}
    assert len(found) == len(blocks) and set(found) == known, list(found)
    return found


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or path.read_text() != text:
        path.write_text(text)
    return path


def write_snippets(found):
    """Writes each snippet to the folder of its client's dependencies, and returns a command for each."""
    curl = write(WORK / "curl/snippet.sh", found["sh"])
    javascript = write(WORK / "node/snippet.mjs", found["js"])
    python = write(WORK / "python-snippet/snippet.py", found["python"])
    rust = build(found["toml"], found["rust"])

    def http_file(environment):
        variable = lambda line: f"@{line[1]} = {environment[line[1].upper()]}"
        file = write(WORK / "node/snippet.http", re.sub(r"^@(\w+) =.*$", variable, found["http"], flags=re.MULTILINE))
        httpyac = WORK / "node/node_modules/.bin/httpyac"
        return [str(httpyac), "send", str(file), "--all", "--output", "body", "--no-color"]

    # The .http file contains its variables; the other clients read the environment.
    return {
        "curl": lambda _: ["bash", str(curl)],
        "axios": lambda _: ["node", str(javascript)],
        "requests": lambda _: [str(WORK / "python/bin/python"), str(python)],
        "ureq": lambda _: [str(rust)],
        "httpyac": http_file,
    }


def build(dependencies, program):
    """Builds the Rust snippet with the Cargo.lock next to this file."""
    package = '[package]\nname = "client"\nversion = "0.0.0"\nedition = "2024"\n\n[workspace]\n\n'
    manifest = write(WORK / "rust/Cargo.toml", package + dependencies)
    write(WORK / "rust/Cargo.lock", (HERE / "Cargo.lock").read_text())
    write(WORK / "rust/src/main.rs", program)
    target = WORK / "rust/target"
    subprocess.run(["cargo", "build", "--locked", "--manifest-path", manifest, "--target-dir", target], check=True)
    return target / "debug/client"


def run(command, trouble=None, **changed):
    """Runs a snippet with a new proxy."""
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


def send_request(method, path, authorization, body=None):
    """Sends a request to the stack, and returns the status and the body of the answer."""
    stack = http.client.HTTPConnection(STACK.hostname, STACK.port, timeout=10)
    stack.request(method, path, body, {"Authorization": authorization, "Content-Type": "application/json"})
    answer = stack.getresponse()
    return answer.status, json.loads(answer.read() or "null")


def check_life(client, command, trouble=None):
    """The calling key, a list and a key are printed, and the key is revoked."""
    bearer = f"Bearer {CALLERS['TOKEN']}"
    status, created = send_request("POST", "/apikeys/jwt", bearer, '{"name":"To be revoked","level":3,"expiresIn":60}')
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
    assert send_request("GET", path, bearer) == (404, {"result": "error", "error": "notFound"}), context


def check_freesewing():
    """FreeSewing's test of keys passes. It is copied, since Node.js resolves axios relative to a module."""
    test = write(WORK / "node/freesewing.mjs", (HERE / "freesewing.mjs").read_text())
    environment = {**os.environ, "API": STACK.geturl(), "TOKEN": CALLERS["TOKEN"]}
    ended = subprocess.run(["node", "--test", str(test)], env=environment, timeout=60, text=True, capture_output=True)
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
    found = snippets()
    life = write(WORK / "curl/life.sh", found["bash"])
    for trouble in (None, "lost", "busy"):
        check_life("curl", lambda _: ["bash", str(life)], trouble)
    check_refused("curl", lambda _: ["bash", str(life)], "authenticationFailed", SECRET="0" * 64, ID="no-key")
    check_refused("curl", lambda _: ["bash", str(life)], "notFound", ID="no-key")
    print("curl: lists, reads and revokes as documented", flush=True)
    for client, command in write_snippets(found).items():
        begun = time.monotonic()
        check_created(client, command)
        check_refused(client, command, "authenticationFailed", TOKEN="no.token.atall")
        check_refused(client, command, "authenticationFailed", SECRET="0" * 64)
        # An .http file has no retries.
        for trouble in ["lost", "busy"] if client != "httpyac" else []:
            check_created(client, command, trouble)
        print(f"{client}: as documented ({time.monotonic() - begun:.1f} s)", flush=True)


if __name__ == "__main__":
    try:
        main()
    except AssertionError as failed:
        sys.exit(f"make test-clients: {failed}")
