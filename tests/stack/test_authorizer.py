"""docs/protected-api.yaml, deployed with the stack: whom each kind of API admits, with and without its cache."""

import json
import secrets
import uuid

import pytest

from conftest import BUILT
from deployed_stack import DeployedStack
from emulator import REPOSITORY
from support import basic, bearer, deploy_beside, eventually, fresh, logged, request, without_policies
from web import call

EXAMPLE = (REPOSITORY / "docs/protected-api.yaml").read_text(encoding="utf-8")
# Changes of the example that make the other kinds of authorizers.
OLDER = {
    'AuthorizerPayloadFormatVersion: "2.0"': 'AuthorizerPayloadFormatVersion: "1.0"',
    "EnableSimpleResponses: true": "EnableSimpleResponses: false",
    "FunctionPayloadType: REQUEST": "FunctionPayloadType: TOKEN",
}
POLICY = {"EnableSimpleResponses: true": "EnableSimpleResponses: false"}
# The kinds of API, each with the changes and the output of its address.
KINDS = {
    "HTTP API 2.0": ({}, "HttpApiUrl"),
    "HTTP API 1.0": (OLDER, "HttpApiUrl"),
    "REST REQUEST": ({}, "RestApiUrl"),
    "REST TOKEN": (OLDER, "RestApiUrl"),
}
FORBIDDEN = {"message": "Forbidden"}
DENIED = {"Message": "User is not authorized to access this resource with an explicit deny in an identity-based policy"}
TOO_WEAK = {"message": "This needs a key of level 4"}
UNAUTHORIZED = {"message": "Unauthorized"}


class Protected:
    """The APIs of the example with a stack's authorizers; each set of APIs is deployed on first use."""

    def __init__(self, stack):
        self.stack, self.deployed = stack, {}

    def url(self, function: str, changes: dict, output: str, ttl: int = 0) -> str:
        chosen = function, json.dumps(changes), ttl
        if chosen not in self.deployed:
            # MiniStack transforms a SAM template with the defaults of its parameters, so the TTL is the default here.
            template = EXAMPLE
            for old, new in {**changes, "Default: 0": f"Default: {ttl}"}.items():
                assert template.count(old) == 1, old
                template = template.replace(old, new)
            arn = self.stack.outputs[f"{function.title()}AuthorizerArn"]
            self.deployed[chosen] = deploy_beside(self.stack, fresh("protected"), template, AuthorizerArn=arn)
        # Not every resolver knows the host name in the output.
        address = self.deployed[chosen][output].removeprefix("https://")
        return f"{self.stack.url}/_aws/execute-api/{address.split('.')[0]}/{address.split('/')[1]}"


@pytest.fixture(scope="module")
def protected(stack):
    return Protected(stack)


@pytest.fixture(scope="module")
def strict():
    """APIs that expect policies, with authorizers that answer with one and refuse levels below 3."""
    with DeployedStack(BUILT, secrets.token_hex(32)) as deployed:
        levels = r'"{\"guest\":2,\"user\":3,\"curator\":5}"'
        deployed.deploy(AuthorizerMinLevel="3", AuthorizerResponse="policy", RoleLevels=levels)
        yield Protected(deployed)


def get(url: str, headers=()) -> tuple:
    answer = call("GET", url, None, headers)
    return answer.status, answer.json


def new_key(stack, level=4) -> dict:
    return stack.create_key("jwt", request(level), bearer(stack))["apikey"]


def revoke(stack, key: dict) -> None:
    assert call("DELETE", f"{stack.api}/apikeys/{key['key']}/key", None, basic(key)).status == 204


def expire(stack, key: dict) -> None:
    """Ends a key in the table, since the shortest life of a key is a second that a test would have to wait for."""
    stack.client("dynamodb").update_item(
        TableName=stack.outputs["TableName"],
        Key={"key": {"S": key["key"]}},
        UpdateExpression="SET expiresAt = :past",
        ExpressionAttributeValues={":past": {"N": "1700000000"}},
    )


def credentials(stack, function: str) -> tuple:
    """An admitted caller's header and context, and the headers of refused callers."""
    key = new_key(stack)
    context = {"userId": "61", "level": "4", "credential": function}
    if function == "jwt":
        expired = {"Authorization": f"Bearer {stack.token('curator', seconds=-60)}"}
        forged = {"Authorization": f"Bearer {stack.token('curator')[:-6]}AAAAAA"}
        refused = {"expired": expired, "forged": forged, "other scheme": basic(key)}
        return bearer(stack, "user"), context, refused
    expired, revoked = new_key(stack), new_key(stack)
    expire(stack, expired)
    revoke(stack, revoked)
    refused = {
        "expired": basic(expired),
        "revoked": basic(revoked),
        "unknown": basic({"key": str(uuid.uuid4()), "secret": key["secret"]}),
        "wrong secret": basic({**key, "secret": "0" * len(key["secret"])}),
        "other scheme": bearer(stack),
        "empty": {"Authorization": "Basic"},
    }
    return basic(key), {**context, "keyId": key["key"]}, refused


@pytest.mark.parametrize("function", ["jwt", "key"])
@pytest.mark.parametrize("kind", KINDS)
def test_an_api_admits_only_a_valid_credential(stack, protected, kind, function):
    changes, output = KINDS[kind]
    url = protected.url(function, changes, output)
    admitted, context, refused = credentials(stack, function)
    status, caller = get(f"{url}/caller", admitted)
    assert status == 200 and context.items() <= caller.items(), caller
    assert int(caller["expiresAt"]) > 1700000000 and all(isinstance(value, str) for value in context.values())
    if kind != "HTTP API 2.0":
        assert caller["principalId"] == (f"key:{context['keyId']}" if function == "key" else "jwt:61")
    assert get(f"{url}/reports", admitted)[0] == 200
    answer = FORBIDDEN if output == "HttpApiUrl" else DENIED
    assert {name: get(f"{url}/caller", headers) for name, headers in refused.items()} == dict.fromkeys(
        refused, (403, answer)
    )
    # MiniStack, as AWS, asks a REQUEST authorizer of a REST API without a cache even if Authorization is absent.
    missing = (403, DENIED) if kind == "REST REQUEST" else (401, UNAUTHORIZED)
    assert get(f"{url}/caller") == missing


@pytest.mark.parametrize("kind", KINDS)
def test_the_back_end_refuses_a_level_below_its_own(stack, protected, kind):
    url, weak = protected.url("key", *KINDS[kind]), basic(new_key(stack, 3))
    assert get(f"{url}/caller", weak)[1]["level"] == "3"
    assert get(f"{url}/reports", weak) == (403, TOO_WEAK)


@pytest.mark.parametrize("output", ["HttpApiUrl", "RestApiUrl"])
@pytest.mark.parametrize("function", ["jwt", "key"])
def test_the_authorizer_refuses_a_level_below_the_minimum(strict, function, output):
    """With policies in payload format 2.0."""
    stack, url = strict.stack, strict.url(function, POLICY, output)
    if function == "jwt":
        below, minimum, enough = (bearer(stack, role) for role in ("guest", "user", "curator"))
    else:
        below, minimum, enough = (basic(new_key(stack, level)) for level in (2, 3, 5))
    answer = FORBIDDEN if output == "HttpApiUrl" else DENIED
    assert [get(f"{url}{path}", below) for path in ("/caller", "/reports")] == [(403, answer)] * 2
    assert get(f"{url}/caller", minimum)[1]["level"] == "3"
    assert get(f"{url}/reports", minimum) == (403, TOO_WEAK)
    assert get(f"{url}/reports", enough)[1]["level"] == "5"


@pytest.mark.parametrize("output", ["HttpApiUrl", "RestApiUrl"])
def test_without_a_cache_a_revoked_key_is_refused_at_once(stack, protected, output):
    url, key = protected.url("key", {}, output), new_key(stack)
    assert get(f"{url}/caller", basic(key))[0] == 200
    revoke(stack, key)
    assert get(f"{url}/caller", basic(key))[0] == 403


@pytest.mark.parametrize("kind", KINDS)
def test_a_cache_admits_a_revoked_key_to_every_route(stack, protected, kind):
    """The first request's policy is for the whole stage, so that it admits to the other route too."""
    changes, output = KINDS[kind]
    url, key = protected.url("key", changes, output, ttl=60), new_key(stack)
    assert get(f"{url}/caller", basic(key))[0] == 200
    revoke(stack, key)
    assert get(f"{url}/caller", basic(key))[0] == 200
    assert get(f"{url}/reports", basic(key))[0] == 200
    # The cache is of one value of Authorization, so that no other caller gets this answer.
    assert get(f"{url}/caller", basic({**key, "secret": "0" * len(key["secret"])}))[0] == 403
    assert get(f"{url}/caller")[0] == 401


@pytest.mark.parametrize("output", ["HttpApiUrl", "RestApiUrl"])
def test_a_cache_refuses_a_revoked_key_when_its_ttl_has_ended(stack, protected, output):
    url, key = protected.url("key", {}, output, ttl=1), new_key(stack)
    assert get(f"{url}/caller", basic(key))[0] == 200
    revoke(stack, key)
    eventually(lambda: get(f"{url}/caller", basic(key))[0] == 403, "the end of the cached answer")


@pytest.mark.parametrize("kind", KINDS)
def test_a_failing_store_admits_and_refuses_nobody(stack, protected, kind):
    """The authorizer has no permissions, so the API answers 500, caches nothing, and then answers as before."""
    changes, output = KINDS[kind]
    url, key = protected.url("key", changes, output, ttl=60), new_key(stack)
    with without_policies(stack, "KeyAuthorizerFunctionRole"):
        status, body = get(f"{url}/caller", basic(key))
    assert status == 500 and "error" not in body, body
    assert get(f"{url}/caller", basic(key))[0] == 200
    lines = [json.loads(line) for line in logged(stack, "KeyAuthorizerLogGroup") if line.startswith("{")]
    assert ("authorizeFailed", "fault") in {(one.get("outcome"), one.get("outcomeClass")) for one in lines}


@pytest.mark.parametrize("function", ["jwt", "key"])
def test_only_authorizers_of_this_account_s_apis_may_invoke_an_authorizer(stack, function):
    arn = stack.outputs[f"{function.title()}AuthorizerArn"]
    name, alias = arn.rsplit(":", 1)
    policy = stack.client("lambda").get_policy(FunctionName=name, Qualifier=alias)["Policy"]
    [statement] = json.loads(policy)["Statement"]
    region, account = arn.split(":")[3:5]
    assert statement["Principal"] == {"Service": "apigateway.amazonaws.com"}
    assert (statement["Action"], statement["Resource"]) == ("lambda:InvokeFunction", arn)
    assert statement["Condition"] == {
        "ArnLike": {"AWS:SourceArn": f"arn:aws:execute-api:{region}:{account}:*/authorizers/*"}
    }
