"""The life of a key over the deployed HTTP API: create, list, read, whoami, revoke, alone and with its chain."""

import itertools
import json
import uuid

import pytest

from support import basic, bearer, delivered, event, fresh, invoke, record, request
from test_rotation import begin, rotate, step
from web import call

USERS = itertools.count(1_000_001)  # a user for each test, so that no test lists the keys of another
SHOWN = {"key", "level", "expiresAt", "name", "userId", "createdAt", "createdBy", "chain"}


class Owner:
    """A user with a token."""

    def __init__(self, stack, role="user"):
        self.stack, self.user = stack, next(USERS)
        self.headers = bearer(stack, role, self.user)

    def key(self, level=4) -> dict:
        return self.stack.create_key("jwt", request(level), self.headers)["apikey"]

    def child(self, parent, level=4) -> dict:
        return self.stack.create_key("key", request(level), basic(parent))["apikey"]

    def send(self, method, path, headers=None):
        """Sends a request without a body, with the token or with other headers."""
        return call(method, f"{self.stack.api}{path}", None, self.headers if headers is None else headers)

    def listed(self, path="/apikeys/jwt", headers=None) -> list:
        answer = self.send("GET", path, headers)
        assert (answer.status, set(answer.json)) == (200, {"result", "apikeys"}), answer.body
        return [key["key"] for key in answer.json["apikeys"]]

    def whoami(self, key) -> int:
        return self.send("GET", "/whoami/key", basic(key)).status


@pytest.fixture
def owner(stack):
    return Owner(stack)


def ids(*keys) -> set:
    return {key["key"] for key in keys}


def test_the_whole_life_of_a_key(stack, owner):
    parent = owner.key()
    child = owner.child(parent, 2)
    assert set(owner.listed()) == set(owner.listed("/apikeys/key", basic(parent))) == ids(parent, child)
    for path, headers in (
        (f"/apikeys/{child['key']}/jwt", owner.headers),
        (f"/apikeys/{child['key']}/key", basic(parent)),
        (f"/apikeys/{child['key']}/key", basic(child)),
        ("/whoami/key", basic(child)),
    ):
        answer = owner.send("GET", path, headers)
        shown = answer.json["apikey"]
        assert (answer.status, set(shown)) == (200, SHOWN)
        same = ("key", "level", "expiresAt", "name", "userId")
        assert [shown[name] for name in same] == [child[name] for name in same]
        assert (shown["createdBy"], shown["chain"]) == (f"key:{parent['key']}", parent["key"])

    revoked = owner.send("DELETE", f"/apikeys/{child['key']}/key", basic(parent))
    assert (revoked.status, revoked.body) == (204, b"")
    assert (owner.whoami(child), owner.whoami(parent)) == (403, 200)
    assert owner.listed() == [parent["key"]]
    assert owner.send("GET", f"/apikeys/{child['key']}/jwt").json == {"result": "error", "error": "notFound"}
    before = record(stack, child)
    assert (before["revokedBy"]["S"], set(before["secretHash"]["B"])) == (f"key:{parent['key']}", {0})
    assert owner.send("DELETE", f"/apikeys/{child['key']}/jwt").status == 204
    assert record(stack, child) == before, "a repeated revocation keeps the evidence"

    assert owner.send("DELETE", f"/apikeys/{parent['key']}/key", basic(parent)).status == 204
    assert owner.send("DELETE", f"/apikeys/{parent['key']}/key", basic(parent)).status == 403
    assert owner.listed() == []


def test_a_revoked_chain_ends_every_key_of_it(stack, owner):
    root, other = owner.key(), owner.key()
    child = owner.child(root)
    grandchild = owner.child(child)
    assert owner.send("DELETE", f"/apikeys/{child['key']}/jwt?chain=true").status == 204
    assert [owner.whoami(key) for key in (root, child, grandchild, other)] == [403, 403, 403, 200]
    assert owner.listed() == [other["key"]]
    fence = record(stack, {"key": f"fence#{root['key']}"})
    assert (fence["owner"], fence["revokedBy"]) == ({"N": str(owner.user)}, {"S": f"jwt:{owner.user}"})
    assert owner.send("DELETE", f"/apikeys/{grandchild['key']}/jwt?chain=true").status == 204


def test_a_list_has_pages(stack, owner):
    keys = [owner.key(0) for _ in range(5)]
    assert owner.send("DELETE", f"/apikeys/{keys[2]['key']}/jwt").status == 204
    seen, path = [], "/apikeys/jwt?limit=2"
    while path:
        answer = owner.send("GET", path).json
        assert len(answer["apikeys"]) <= 2
        seen += [key["key"] for key in answer["apikeys"]]
        path = f"/apikeys/jwt?limit=2&cursor={answer['cursor']}" if "cursor" in answer else None
    assert sorted(seen) == sorted(ids(*keys) - ids(keys[2])) and len(seen) == 4


def test_an_administrator_reaches_the_keys_of_others(stack, owner):
    key, administrator = owner.key(), Owner(stack, "admin")
    assert administrator.listed(f"/apikeys/jwt?userId={owner.user}") == [key["key"]]
    assert administrator.send("GET", f"/apikeys/{key['key']}/jwt").status == 200
    assert administrator.send("DELETE", f"/apikeys/{key['key']}/jwt?chain=true").status == 204
    assert owner.whoami(key) == 403
    assert record(stack, key)["revokedBy"] == {"S": f"jwt:{administrator.user}"}


def test_a_key_can_not_end_its_parent_or_its_chain(owner):
    root = owner.key()
    child, sibling = owner.child(root), owner.child(root)
    for key in (root, sibling):
        answer = owner.send("DELETE", f"/apikeys/{key['key']}/key", basic(child))
        assert (answer.status, answer.json["error"]) == (404, "notFound")
    answer = owner.send("DELETE", f"/apikeys/{child['key']}/key?chain=true", basic(child))
    assert (answer.status, answer.json["error"]) == (403, "insufficientAccessLevel")
    assert [owner.whoami(key) for key in (root, child, sibling)] == [200, 200, 200]


def test_a_weak_key_reads_and_revokes_only_itself(owner):
    root = owner.key()
    weak = owner.child(root, 3)
    assert owner.listed("/apikeys/key", basic(weak)) == [weak["key"]]
    for method in ("GET", "DELETE"):
        answer = owner.send(method, f"/apikeys/{root['key']}/key", basic(weak))
        assert (answer.status, answer.json["error"]) == (403, "insufficientAccessLevel")
    assert owner.send("DELETE", f"/apikeys/{weak['key']}/key", basic(weak)).status == 204
    assert (owner.whoami(weak), owner.whoami(root)) == (403, 200)


REFUSALS = {
    "a list without a credential": ("GET", "/apikeys/jwt", {}, 401, "authenticationRequired"),
    "a list with another scheme": ("GET", "/apikeys/key", None, 401, "authenticationRequired"),
    "whoami without a credential": ("GET", "/whoami/key", {}, 401, "authenticationRequired"),
    "a key that is not there": ("GET", f"/apikeys/{uuid.UUID(int=0)}/jwt", None, 404, "notFound"),
    "a malformed id": ("DELETE", "/apikeys/61/jwt", None, 404, "notFound"),
    "a limit of 0": ("GET", "/apikeys/jwt?limit=0", None, 400, "limitInvalid"),
    "a limit twice": ("GET", "/apikeys/jwt?limit=1&limit=1", None, 400, "limitInvalid"),
    "a forged cursor": ("GET", "/apikeys/jwt?cursor=AAAA", None, 400, "cursorInvalid"),
    "another user": ("GET", "/apikeys/jwt?userId=61", None, 403, "insufficientAccessLevel"),
    "a chain that is maybe": ("DELETE", f"/apikeys/{uuid.UUID(int=0)}/jwt?chain=maybe", None, 400, "chainInvalid"),
    "a misspelt chain": ("DELETE", f"/apikeys/{uuid.UUID(int=0)}/jwt?chian=true", None, 400, "chainInvalid"),
    "POST on whoami": ("POST", "/whoami/key", None, 405, "methodNotAllowed"),
    "PUT on a key": ("PUT", f"/apikeys/{uuid.UUID(int=0)}/jwt", None, 405, "methodNotAllowed"),
    "DELETE of a list": ("DELETE", "/apikeys/jwt", None, 405, "methodNotAllowed"),
}


@pytest.mark.parametrize(("method", "path", "headers", "status", "code"), REFUSALS.values(), ids=REFUSALS)
def test_a_refusal_has_its_code(owner, method, path, headers, status, code):
    answer = owner.send(method, path, headers)
    assert (answer.status, answer.json) == (status, {"result": "error", "error": code})
    allowed = {"POST on whoami": "GET", "PUT on a key": "GET, DELETE", "DELETE of a list": "GET, POST"}
    for what, allow in allowed.items():
        if REFUSALS[what][:2] == (method, path):
            assert answer.headers["allow"] == allow


def test_another_s_key_is_not_found(stack, owner):
    foreign = Owner(stack).key()
    for method in ("GET", "DELETE"):
        answer = owner.send(method, f"/apikeys/{foreign['key']}/jwt")
        assert (answer.status, answer.json["error"]) == (404, "notFound")
    assert owner.whoami(foreign) == 200


@pytest.mark.parametrize("path", ["/whoami/jwt", "/apikeys", "/apikeys/a/b/jwt"])
def test_another_path_is_a_404_of_api_gateway(owner, path):
    answer = owner.send("GET", path)
    assert (answer.status, answer.json) == (404, {"message": "Not Found"})


@pytest.mark.parametrize("output", ["JwtEventsFunctionArn", "KeyEventsFunctionArn"])
def test_a_redelivered_event_does_not_bring_a_revoked_key_back(stack, output):
    name, administrator = fresh("again"), Owner(stack, "admin")
    body = event(name)
    if output == "JwtEventsFunctionArn":
        body["authorization"] = bearer(stack)["Authorization"]
    assert invoke(stack, output, body)[0] is None
    key = delivered(stack, name)
    assert administrator.whoami(key) == 200
    assert administrator.send("DELETE", f"/apikeys/{key['key']}/jwt").status == 204
    before = record(stack, key)
    failed, answer = invoke(stack, output, body)
    assert failed is None, answer
    assert record(stack, key) == before and administrator.whoami(key) == 403


def test_a_revoked_key_is_not_rotated(stack):
    name, administrator = fresh("rotated"), Owner(stack, "admin")
    failed, answer = invoke(stack, "KeyEventsFunctionArn", event(name, level=4))
    assert failed is None, answer
    arn, old = answer["apikey"]["secretArn"], delivered(stack, name)
    rotate(stack, arn)
    token = begin(stack, arn)
    assert step(stack, "createSecret", arn, token)[0] is None
    pending = json.loads(
        stack.client("secretsmanager").get_secret_value(SecretId=arn, VersionId=token)["SecretString"]
    )
    current = delivered(stack, name)
    assert administrator.send("DELETE", f"/apikeys/{current['key']}/jwt").status == 204
    failed, answer = step(stack, "setSecret", arn, token)
    assert (failed, answer["errorType"]) == ("Unhandled", "rotationKeyRevoked")
    assert record(stack, pending) is None and administrator.whoami(old) == 200
