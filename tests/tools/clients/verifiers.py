"""Tests docs/clients/verify_key.py and verify-key.mjs on the table of the stack of `local with`."""

import base64
import hashlib
import json
import os
import secrets
import socket
import subprocess
import time
import uuid
from datetime import datetime

from stack import BEARER, CLIENTS, DYNAMODB, HERE, PYTHON, TABLE, copy, put_item, send_request

UNKNOWN = "3b0d2f64-8f0e-4a6c-9c55-0a3f5a1f7f10"
DAMAGED = "an exception: the record is damaged"
UNREAD = "an exception: DynamoDB does not answer"


def create(parent=None):
    """Creates a key with the token or with another key. Returns its credential and the record to expect."""
    authorization = basic(*parent) if parent else BEARER
    body = json.dumps({"name": "To be verified", "level": 4, "expiresIn": 600})
    status, answer = send_request("POST", f"/apikeys/{'key' if parent else 'jwt'}", authorization, body)
    assert status == 201, answer
    made = answer["apikey"]
    expires_at = int(datetime.fromisoformat(made["expiresAt"].replace("Z", "+00:00")).timestamp())
    record = {name: made[name] for name in ("key", "level", "userId")}
    record.update(expiresAt=expires_at, chain=parent[0] if parent else made["key"])
    return (made["key"], made["secret"]), record


def basic(key, secret):
    return "Basic " + base64.b64encode(f"{key}:{secret}".encode()).decode()


def revoke(key, query=""):
    status, answer = send_request("DELETE", f"/apikeys/{key}/jwt{query}", BEARER)
    assert status == 204, answer


def store(**changed):
    """Writes a living record with changed attributes; an attribute that is None is left out. Returns its credential."""
    key, secret, now = str(uuid.uuid4()), secrets.token_bytes(32), int(time.time())
    item = {
        "key": {"S": key},
        "secretHash": binary(hashlib.sha256(secret).digest()),
        "name": {"S": "To be verified"},
        "level": {"N": "4"},
        "userId": {"N": "61"},
        "createdAt": {"N": str(now)},
        "expiresAt": {"N": str(now + 600)},
        "createdBy": {"S": "jwt"},
        "chain": {"S": key},
        "chainExpiresAt": {"N": str(now + 600)},
        **changed,
    }
    put_item({name: value for name, value in item.items() if value is not None})
    return key, secret.hex()


def binary(content):
    return {"B": base64.b64encode(content).decode()}


def cases():
    """The credentials, the time of the verification, and the result: a record, None (refused) or DAMAGED."""
    first, first_record = create()
    later, later_record = create(first)
    last, last_record = create(later)
    last_record["chain"] = first[0]
    key, secret = first
    yield "a living key", *first, None, first_record
    yield "a later key of a chain", *later, None, later_record
    yield "the third key of a chain", *last, None, last_record
    yield "a wrong secret", key, "0" * 64, None, None
    yield "the secret of another key", key, later[1], None, None
    yield "an unknown key", UNKNOWN, secret, None, None
    yield "the last second", *first, first_record["expiresAt"] - 1, first_record
    yield "the second of the expiry", *first, first_record["expiresAt"], None
    past = int(time.time()) - 1
    yield "an expired key", *store(expiresAt={"N": str(past)}), None, None
    yield "an expired later key", *store(expiresAt={"N": str(past)}, chain={"S": key}), None, None

    revoked, _ = create()
    child, child_record = create(revoked)
    revoke(revoked[0])
    yield "a revoked key", *revoked, None, None
    yield "the child of a revoked key", *child, None, child_record
    yield "a revoked key with its hash", *store(revokedAt={"N": str(past)}, revokedBy={"S": "jwt:61"}), None, None
    root, _ = create()
    descendant, _ = create(root)
    sibling, _ = create(root)
    revoke(descendant[0], "?chain=true")
    yield "the first key of a revoked chain", *root, None, None
    yield "the named key of a revoked chain", *descendant, None, None
    yield "a later key of a revoked chain", *sibling, None, None

    damages = {
        "secretHash": [None, {"S": "text"}, binary(b"short"), binary(bytes(33))],
        "level": [None, {"S": "4"}, {"N": "9"}, {"N": "-1"}, {"N": "3.5"}],
        "userId": [None, {"N": "-61"}],
        "chain": [None, {"N": "1"}, {"S": "text"}, {"S": UNKNOWN.upper()}],
        "expiresAt": [None, {"S": "99999999999"}, {"NULL": True}, {"BOOL": True}],
    }
    for name, values in damages.items():
        for value in values:
            yield f"a damaged record: {name} {value}", *store(**{name: value}), None, DAMAGED
    damaged, _ = store(expiresAt=None)
    yield "a damaged record and a wrong secret", damaged, secret, None, None


def malformed():
    """Texts that are no credential. Each names a living key, and none is read."""
    (key, secret), _ = create()
    yield "an upper-case UUID", key.upper(), secret, None, None
    yield "an upper-case secret", key, secret.upper(), None, None
    yield "a UUID without hyphens", key.replace("-", ""), secret, None, None
    yield "a UUID with a line break", f"{key}\n", secret, None, None
    yield "a secret with a line break", key, f"{secret}\n", None, None
    yield "a short secret", key, secret[:-2], None, None
    yield "an empty key", "", secret, None, None
    yield "the key of a fence", f"fence#{key}", secret, None, None


def check_function(tried):
    """The key function itself accepts, refuses and fails as the cases expect."""
    for what, key, secret, now, expected in tried:
        if now is None:
            status, answer = send_request("GET", "/whoami/key", basic(key, secret))
            wanted = 403 if expected is None else 500 if expected == DAMAGED else 200
            assert status == wanted, f"the key function: {what}: expected {wanted}, got {status} {answer}"


def check(language, command, tried):
    """Runs the cases with one verifier, and the malformed ones also without a DynamoDB."""
    compare(language, tried, verify_all(command, tried, DYNAMODB.geturl()))
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        tried = [*malformed(), ("a key without a DynamoDB", UNKNOWN, "0" * 64, None, UNREAD)]
        compare(language, tried, verify_all(command, tried, f"http://127.0.0.1:{closed.getsockname()[1]}"))


def verify_all(command, tried, endpoint):
    ended = subprocess.run(
        command,
        env={"PATH": os.environ["PATH"], "ENDPOINT": endpoint, "TABLE": TABLE},
        input=json.dumps([case[1:4] for case in tried]),
        timeout=60,
        text=True,
        capture_output=True,
    )
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


def compare(language, tried, results):
    for (what, *_, expected), result in zip(tried, results, strict=True):
        is_right = result == expected
        if expected == DAMAGED:
            is_right = isinstance(result, str) and "the record of the key is damaged" in result
        elif expected == UNREAD:
            is_right = isinstance(result, str)
        assert is_right, f"{language}: {what}: expected {expected}, got {result}"


def check_all():
    copy(CLIENTS / "verify-key.mjs")
    commands = {
        "verify_key.py": [*PYTHON, str(HERE / "verify.py"), str(CLIENTS)],
        "verify-key.mjs": ["node", copy(HERE / "verify.mjs")],
    }
    tried = [*cases(), *malformed()]
    check_function(tried)
    for name, command in commands.items():
        begun = time.monotonic()
        check(name, command, tried)
        print(f"{name}: {len(tried)} results as the key function's ({time.monotonic() - begun:.1f} s)", flush=True)
