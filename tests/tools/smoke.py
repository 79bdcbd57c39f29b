"""Checks both endpoints of a running stack: `make smoke URL=https://... TOKEN=...`.

URL is the API's address without /apikeys, TOKEN is a token of a user who may create keys. Both are environment
variables, so that no process list shows the token. The checks create four keys, which expire within two minutes, and
revoke them all, also after a failure. The output is one line per check, without secrets or bodies.
"""

import base64
import json
import os
import re
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid

TIMEOUT_SECONDS = 15
# The index of the list lags behind the table, by less than a second as a rule.
INDEX_SECONDS = 10
HEADERS = {
    "content-type": "application/json; charset=utf-8",
    "cache-control": "no-store",
    "pragma": "no-cache",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "strict-transport-security": "max-age=31536000; includeSubDomains",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
}
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
SECRET = re.compile(r"[0-9a-f]{64}")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z")


class Answer:
    """A response, with header names in lower case."""

    def __init__(self, status: int, headers, body: bytes):
        self.status = status
        self.headers = {name.lower(): value for name, value in headers.items()}
        self.body = body
        try:
            self.json = json.loads(body)
        except ValueError:
            self.json = None

    def code(self):
        """The error code."""
        return self.json.get("error") if isinstance(self.json, dict) else "no JSON object"

    def key(self):
        """The new or read key."""
        apikey = self.json.get("apikey") if isinstance(self.json, dict) else None
        return apikey if isinstance(apikey, dict) else {}


class NoRedirect(urllib.request.HTTPRedirectHandler):
    """Follows no redirect, so that credentials are sent only to URL."""

    def redirect_request(self, *_):
        return None


class Smoke:
    """The checks and the number of failures."""

    def __init__(self, url: str, token: str):
        self.url = url
        self.token = f"Bearer {token}"
        self.opener = urllib.request.build_opener(NoRedirect)
        self.failed = 0
        self.living = []  # the ids of the keys to revoke

    def run(self) -> bool:
        """Runs every check and revokes every key; True if all passed."""
        try:
            self.check_all()
        finally:
            self.revoke_all()
        return self.failed == 0

    def check_all(self) -> None:
        for path, challenge in (("jwt", 'Bearer realm="apikeys"'), ("key", 'Basic realm="apikeys", charset="UTF-8"')):
            answer = self.call(path, {})
            self.refused(f"{path}: no credential is 401", answer, 401, "authenticationRequired")
            # In responses of REST API integrations, API Gateway renames this header.
            shown = [answer.headers.get(prefix + "www-authenticate") for prefix in ("", "x-amzn-remapped-")]
            self.check(f"{path}: 401 has WWW-Authenticate", challenge in shown)
            answer = self.call(path, method="PATCH")
            self.refused(f"{path}: PATCH is 405", answer, 405, "methodNotAllowed")
            self.check(f"{path}: 405 has Allow: GET, POST", answer.headers.get("allow") == "GET, POST")
            answer = self.call(f"{uuid.uuid4()}/{path}", method="DELETE")
            self.refused(f"{path}: revoking without a credential is 401", answer, 401, "authenticationRequired")
        self.refused("jwt: an invalid token is 403", self.call("jwt", {}, "Bearer x"), 403, "authenticationFailed")

        parent = self.create("jwt: a token creates a key", self.call("jwt", request(4, 120), self.token), 4)
        if not parent:
            return
        basic = credential(parent["key"], parent["secret"])
        wrong = credential(parent["key"], "0" * 64)
        answer = self.call("key", request(0, 60), wrong)
        self.refused("key: a wrong secret is 403", answer, 403, "authenticationFailed")
        answer = self.call("key", request(5, 60), basic)
        self.refused("key: a level above the caller's is 403", answer, 403, "keyLevelExceedsRoleLevel")
        child = self.create("key: a key creates a key", self.call("key", request(0, 60), basic), 0)
        self.check("key: the new key has the same user", bool(child) and child.get("userId") == parent.get("userId"))
        if child:
            answer = self.call("key", request(0, 60), credential(child["key"], child["secret"]))
            self.refused("key: a key of level 0 creates no key", answer, 403, "insufficientAccessLevel")
            self.check_life(parent, child, basic)

        for path, authorization in (("jwt", self.token), ("key", basic)):
            value = str(uuid.uuid4())
            first = self.call(path, request(0, 60), authorization, value)
            self.create(f"{path}: an Idempotency-Key is accepted", first, 0)
            again = self.call(path, request(0, 60), authorization, value)
            replayed = again.headers.get("idempotency-replayed") == "true"
            self.check(f"{path}: a retry gets the same answer", replayed and again.body == first.body)

    def check_life(self, parent: dict, child: dict, basic: str) -> None:
        """Lists, reads and revokes a key that another key has created."""
        by_child = credential(child["key"], child["secret"])
        known = {name: child[name] for name in ("key", "level", "expiresAt", "name", "userId")}
        for what, path, authorization in (
            ("jwt: a token reads a key", f"{child['key']}/jwt", self.token),
            ("key: a key reads the key it has created", f"{child['key']}/key", basic),
            ("key: a key reads itself", "/whoami/key", by_child),
        ):
            answer = self.call(path, authorization=authorization, method="GET")
            lineage = {"createdBy": f"key:{parent['key']}", "chain": parent["key"]}
            read = {"createdAt": answer.key().get("createdAt"), **known, **lineage}
            holds = answer.status == 200 and answer.json == {"result": "success", "apikey": read}
            self.check(what, holds, f"was {answer.status} {answer.code() or 'with another body'}")
            self.has_headers(what, answer)
        for path, authorization in (("jwt", self.token), ("key", basic)):
            is_listed = self.eventually_lists(path, authorization, {parent["key"], child["key"]})
            self.check(f"{path}: both keys are listed", is_listed)

        answer = self.call(f"{parent['key']}/key", authorization=by_child, method="DELETE")
        self.refused("key: a key of level 0 revokes no other key", answer, 403, "insufficientAccessLevel")
        self.revoke("key: a key revokes the key it has created", f"{child['key']}/key", basic)
        answer = self.call("/whoami/key", authorization=by_child, method="GET")
        self.refused("key: a revoked key is 403", answer, 403, "authenticationFailed")
        answer = self.call(f"{child['key']}/jwt", authorization=self.token, method="GET")
        self.refused("jwt: a revoked key is 404", answer, 404, "notFound")

    def eventually_lists(self, path: str, authorization: str, keys: set) -> bool:
        """Whether the newest keys of the user soon include these."""
        deadline = time.monotonic() + INDEX_SECONDS
        while True:
            answer = self.call(f"{path}?limit=100", authorization=authorization, method="GET")
            listed = answer.json.get("apikeys") if isinstance(answer.json, dict) else None
            if answer.status == 200 and keys <= {key.get("key") for key in listed or ()}:
                return True
            if answer.status != 200 or time.monotonic() > deadline:
                return False
            time.sleep(0.5)

    def revoke(self, what: str, path: str, authorization: str) -> None:
        """Revokes a key."""
        answer = self.call(path, authorization=authorization, method="DELETE")
        self.check(what, answer.status == 204 and not answer.body, f"was {answer.status} {answer.code()}")
        self.has_headers(what, answer)

    def revoke_all(self) -> None:
        """Revokes every key that was created, each by itself: a revoked chain would leave its fence in the table."""
        for number, key in enumerate(self.living, 1):
            self.revoke(f"jwt: a token revokes key {number} of {len(self.living)}", f"{key}/jwt", self.token)

    def call(self, path: str, body=None, authorization=None, idempotency_key=None, method="POST") -> Answer:
        """Sends a request to a path below /apikeys, or to one that begins with a slash. A failure to reach the API ends
        the program."""
        headers = {"User-Agent": "apikeys-smoke"}
        if method == "POST":
            headers["Content-Type"] = "application/json"
        if authorization:
            headers["Authorization"] = authorization
        if idempotency_key:
            headers["Idempotency-Key"] = idempotency_key
        data = json.dumps(body).encode() if method == "POST" else None
        target = self.url + (path if path.startswith("/") else f"/apikeys/{path}")
        sent = urllib.request.Request(target, data, headers, method=method)
        try:
            with self.opener.open(sent, timeout=TIMEOUT_SECONDS) as response:
                return Answer(response.status, response.headers, response.read())
        except urllib.error.HTTPError as error:
            return Answer(error.code, error.headers, error.read())
        except OSError as error:
            raise SystemExit(f"FAILED {target} can't be reached: {getattr(error, 'reason', error)}") from None

    def check(self, what: str, holds: bool, instead: str = "") -> bool:
        """Prints a line."""
        self.failed += not holds
        print("ok    " if holds else "FAILED", f"{what} ({instead})" if instead and not holds else what, flush=True)
        return holds

    def refused(self, what: str, answer: Answer, status: int, code: str) -> None:
        """Checks an error: the status, the body and the headers."""
        holds = answer.status == status and answer.json == {"result": "error", "error": code}
        self.check(what, holds, f"was {answer.status} {answer.code()}")
        self.has_headers(what, answer)

    def create(self, what: str, answer: Answer, level: int) -> dict:
        """Checks a new key and returns it if it is valid."""
        key = answer.key()
        if isinstance(key.get("key"), str):
            self.living.append(key["key"])
        holds = answer.status == 201 and is_key(key, level) and answer.json == {"result": "success", "apikey": key}
        self.check(what, holds, f"was {answer.status} {answer.code() or 'with another body'}")
        self.has_headers(what, answer)
        return key if holds else {}

    def has_headers(self, what: str, answer: Answer) -> None:
        """Checks the headers of every answer; prints a line only on failure."""
        wrong = sorted(name for name, value in HEADERS.items() if answer.headers.get(name) != value)
        if answer.status == 204 and "content-type" in wrong:  # an answer without a body has none, or a gateway's own
            wrong.remove("content-type")
        if wrong or "set-cookie" in answer.headers:
            self.check(f"{what}, with the security headers", False, ", ".join(wrong) or "set-cookie")


def request(level: int, expires_in: int) -> dict:
    """The body of a request."""
    return {"name": "Smoke test", "level": level, "expiresIn": expires_in}


def is_key(key: dict, level: int) -> bool:
    """Whether a key has exactly the members of the contract."""
    texts = all(isinstance(key.get(name), str) for name in ("key", "secret", "expiresAt"))
    return (
        set(key) == {"key", "secret", "level", "expiresAt", "name", "userId"}
        and texts
        and bool(UUID.fullmatch(key["key"]) and SECRET.fullmatch(key["secret"]) and TIME.fullmatch(key["expiresAt"]))
        and key["level"] == level
        and key["name"] == "Smoke test"
        and isinstance(key["userId"], int)
    )


def credential(key: str, secret: str) -> str:
    """A Basic Authorization value."""
    return "Basic " + base64.b64encode(f"{key}:{secret}".encode()).decode()


def main() -> int:
    """Reads the environment and runs the checks."""
    url = os.environ.get("URL", "").rstrip("/")
    token = os.environ.get("TOKEN", "").strip()
    parts = urllib.parse.urlsplit(url)
    if not parts.hostname or not token:
        raise SystemExit("usage: make smoke URL=https://<the API's address> TOKEN=<a token>")
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in ("localhost", "127.0.0.1", "::1")):
        raise SystemExit("URL must begin with https://, which protects the token")
    if "/apikeys" in parts.path:
        raise SystemExit("URL must end before /apikeys")
    smoke = Smoke(url, token)
    if smoke.run():
        print("Both endpoints work")
        return 0
    print(f"{smoke.failed} checks failed")
    return 1


if __name__ == "__main__":
    sys.exit(main())
