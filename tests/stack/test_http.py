"""Both endpoints over the deployed HTTP API."""

import json
import re
import subprocess
import uuid

import pytest

from emulator import REPOSITORY
from support import basic, bearer, record, request
from web import call

ENDPOINTS = ["jwt", "key"]
OTHER_METHODS = ["HEAD", "PUT", "PATCH", "DELETE"]


@pytest.fixture(scope="module")
def parent(stack):
    """A key of level 4, made with a token."""
    return stack.create_key("jwt", request(4), bearer(stack))["apikey"]


def post(stack, endpoint, body, headers=()):
    return call("POST", f"{stack.api}/apikeys/{endpoint}", body, headers)


def refusal(answer):
    return answer.status, answer.json


def error(code):
    return {"result": "error", "error": code}


def test_a_token_makes_a_key_and_that_key_makes_another(stack, parent):
    child = stack.create_key("key", request(3), basic(parent))["apikey"]
    assert set(child) == {"key", "secret", "level", "expiresAt", "name", "userId"}
    assert (child["level"], child["userId"], child["name"]) == (3, 61, "Stack test")
    grandchild = post(stack, "key", request(0), basic(child))
    assert refusal(grandchild) == (403, error("insufficientAccessLevel"))


def test_the_table_holds_a_hash_and_no_secret(stack, parent):
    item = record(stack, parent)
    assert {"key", "secretHash", "name", "level", "userId", "createdAt", "expiresAt", "createdBy"} <= set(item)
    assert (item["createdBy"], len(item["secretHash"]["B"])) == ({"S": "jwt"}, 32)
    assert parent["secret"] not in repr(item) and bytes.fromhex(parent["secret"]) not in repr(item).encode()


@pytest.mark.parametrize("endpoint", ENDPOINTS)
@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({}, 401, "authenticationRequired"),
        ({"Authorization": "Digest x"}, 401, "authenticationRequired"),
        ({"Authorization": "Bearer x"}, {"jwt": 403, "key": 401}, {"jwt": "authenticationFailed"}),
        ({"Authorization": "Basic eDp5"}, {"jwt": 401, "key": 403}, {"key": "authenticationFailed"}),
    ],
)
def test_an_unauthenticated_caller_is_refused(stack, endpoint, headers, status, code):
    answer = post(stack, endpoint, request(), headers)
    status = status if isinstance(status, int) else status[endpoint]
    code = code if isinstance(code, str) else code.get(endpoint, "authenticationRequired")
    assert refusal(answer) == (status, error(code))
    assert ("www-authenticate" in answer.headers) == (status == 401)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "postBodyMissing"),
        (b"[]", "postBodyInvalid"),
        ({"level": 1, "expiresIn": 60}, "nameMissing"),
        (request(9), "invalidLevel"),
        (request(expiresIn=0), "invalidExpiresIn"),
        (request(expiresIn=31536001), "expiresInHigherThanMaximum"),
    ],
)
def test_a_bad_body_is_refused_by_both(stack, parent, body, code):
    assert refusal(post(stack, "jwt", body, bearer(stack))) == (400, error(code))
    assert refusal(post(stack, "key", body, basic(parent))) == (400, error(code))


def test_no_key_has_a_higher_level_than_its_creator(stack, parent):
    answer = post(stack, "key", request(5), basic(parent))
    assert refusal(answer) == (403, error("keyLevelExceedsRoleLevel"))


@pytest.mark.parametrize("endpoint", ENDPOINTS)
@pytest.mark.parametrize("method", OTHER_METHODS)
def test_any_other_method_is_answered_by_the_function(stack, endpoint, method):
    answer = call(method, f"{stack.api}/apikeys/{endpoint}")
    assert (answer.status, answer.headers.get("allow")) == (405, "GET, POST")
    assert method == "HEAD" or answer.json == error("methodNotAllowed")


def test_another_path_is_a_404_of_api_gateway(stack):
    assert refusal(call("POST", f"{stack.api}/apikeys/other", request())) == (404, {"message": "Not Found"})


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_a_retry_gets_the_same_answer_and_creates_no_key(stack, parent, endpoint):
    caller = bearer(stack) if endpoint == "jwt" else basic(parent)
    headers = {**caller, "Idempotency-Key": str(uuid.uuid4())}
    first, again = (post(stack, endpoint, request(), headers) for _ in range(2))
    assert (first.status, again.status, again.body) == (201, 201, first.body)
    assert (first.headers.get("idempotency-replayed"), again.headers["idempotency-replayed"]) == (None, "true")
    assert refusal(post(stack, endpoint, request(1), headers)) == (400, error("idempotencyKeyReused"))


@pytest.mark.parametrize(("endpoint", "output"), [("jwt", "JwtFunctionArn"), ("key", "KeyFunctionArn")])
def test_the_api_may_invoke_each_function_only_by_its_path(stack, endpoint, output):
    policy = json.loads(stack.client("lambda").get_policy(FunctionName=stack.outputs[output])["Policy"])
    [statement] = policy["Statement"]
    assert statement["Principal"] == {"Service": "apigateway.amazonaws.com"}
    assert statement["Resource"] == stack.outputs[output]
    api = re.escape(stack.api.rsplit("/", 1)[1])
    source = statement["Condition"]["ArnLike"]["AWS:SourceArn"]
    assert re.fullmatch(rf"arn:aws:execute-api:us-east-1:\d{{12}}:{api}/\*/\*/\*/{endpoint}", source), source


def test_make_smoke_passes(stack):
    given = {**stack.environment(), "URL": stack.api, "TOKEN": stack.token()}
    done = subprocess.run(["make", "smoke"], cwd=REPOSITORY, env=given, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.endswith("Both endpoints work\n") and "FAILED" not in done.stdout
