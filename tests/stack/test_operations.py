"""Operations on the deployed stack: read logs, revoke keys."""

import json
import subprocess

from emulator import REGION, REPOSITORY
from support import LOG_GROUPS, basic, bearer, delivered, event, fresh, invoke, logged, record, request
from web import call


def test_no_log_holds_a_credential(stack):
    name, token = fresh("logged"), stack.token("curator")
    key = stack.create_key("jwt", request(4), {"Authorization": f"Bearer {token}"})["apikey"]
    child = stack.create_key("key", request(), basic(key))["apikey"]
    assert invoke(stack, "JwtEventsFunctionArn", {**event(name), "authorization": f"Bearer {token}"})[0] is None
    assert invoke(stack, "KeyEventsFunctionArn", event(fresh("logged")))[0] is None
    credentials = [
        token,
        token.split(".")[2],
        key["secret"],
        child["secret"],
        delivered(stack, name)["secret"],
        stack.secret,
    ]
    for group in LOG_GROUPS:
        text = "\n".join(logged(stack, group))
        assert not [one for one in credentials if one in text], group
    assert key["key"] in "\n".join(logged(stack, "JwtLogGroup"))


def test_each_log_group_is_kept_for_a_year(stack):
    logs = stack.client("logs")
    for group in (*LOG_GROUPS, "HttpApiLogGroup"):
        [found] = logs.describe_log_groups(logGroupNamePrefix=stack.physical(group))["logGroups"]
        assert found["retentionInDays"] == 365, group


def test_the_access_log_has_its_group(stack):
    [stage] = stack.client("apigatewayv2").get_stages(ApiId=stack.physical("HttpApi"))["Items"]
    assert stack.physical("HttpApiLogGroup") in stage["AccessLogSettings"]["DestinationArn"]


def revoke(stack, **options):
    given = [
        f"{name}={value}" for name, value in {**options, "TABLE": stack.outputs["TableName"], "REGION": REGION}.items()
    ]
    done = subprocess.run(
        ["make", "--no-print-directory", "revoke", *given],
        cwd=REPOSITORY,
        env=stack.environment(),
        capture_output=True,
        text=True,
    )
    return done.returncode, done.stdout.split(), done.stderr


def whoami(stack, key):
    return call("GET", f"{stack.api}/whoami/key", None, basic(key)).status


def test_make_revoke_revokes_a_key_and_its_chain(stack):
    parent = stack.create_key("jwt", request(5), bearer(stack))["apikey"]
    child = stack.create_key("key", request(4), basic(parent))["apikey"]
    other = stack.create_key("jwt", request(4), bearer(stack))["apikey"]
    status, revoked, shown = revoke(stack, KEY=child["key"])
    assert (status, revoked) == (0, []) and child["key"] in shown and parent["key"] in shown
    status, revoked, _ = revoke(stack, KEY=child["key"], APPLY=1)
    assert (status, revoked) == (0, [child["key"]])
    assert [whoami(stack, key) for key in (parent, child, other)] == [200, 403, 200]
    grandchild = stack.create_key("key", request(0), basic(parent))["apikey"]
    status, revoked, _ = revoke(stack, KEY=child["key"], CHAIN=1, APPLY=1)
    assert (status, set(revoked)) == (0, {parent["key"], child["key"]})
    assert [whoami(stack, key) for key in (parent, child, grandchild, other)] == [403, 403, 403, 200]
    assert record(stack, parent)["revokedBy"] == {"S": "operator"}


def test_make_revoke_revokes_the_keys_of_a_user(stack):
    user = 90_061
    first, second = (stack.create_key("jwt", request(4), bearer(stack, user=user))["apikey"] for _ in range(2))
    child = stack.create_key("key", request(0), basic(first))["apikey"]
    other = stack.create_key("jwt", request(0), bearer(stack))["apikey"]
    status, revoked, shown = revoke(stack, USER=user)
    assert (status, revoked) == (0, []) and "3 keys are living" in shown
    status, revoked, _ = revoke(stack, USER=user, APPLY=1)
    assert (status, set(revoked)) == (0, {key["key"] for key in (first, second, child)})
    assert [whoami(stack, key) for key in (first, second, child, other)] == [403, 403, 403, 200]
    answer = call("GET", f"{stack.api}/apikeys/jwt", None, bearer(stack, user=user))
    assert answer.json == {"result": "success", "apikeys": []}


def test_the_log_shows_who_revoked_a_key(stack):
    key = stack.create_key("jwt", request(4), bearer(stack))["apikey"]
    child = stack.create_key("key", request(0), basic(key))["apikey"]
    assert call("DELETE", f"{stack.api}/apikeys/{child['key']}/key", None, basic(key)).status == 204
    assert call("DELETE", f"{stack.api}/apikeys/{key['key']}/jwt?chain=true", None, bearer(stack)).status == 204
    for group, revoked, outcome, caller in (
        ("KeyLogGroup", child, "revoked", f"key:{key['key']}"),
        ("JwtLogGroup", key, "chainRevoked", "jwt"),
    ):
        lines = [json.loads(line) for line in logged(stack, group) if revoked["key"] in line]
        [line] = [line for line in lines if line.get("outcome") == outcome]
        seen = {name: line[name] for name in ("keyId", "caller", "userId", "status", "outcomeClass", "level")}
        assert seen == {
            "keyId": revoked["key"],
            "caller": caller,
            "userId": 61,
            "status": 204,
            "outcomeClass": "success",
            "level": "INFO",
        }
