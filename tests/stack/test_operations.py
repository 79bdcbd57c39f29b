"""Operations on the deployed stack: read logs, revoke keys."""

import subprocess

from emulator import REGION, REPOSITORY
from support import LOG_GROUPS, basic, bearer, delivered, event, fresh, invoke, logged, record, request
from web import call


def test_no_log_holds_a_credential(stack):
    name, token = fresh("logged"), stack.token("curator")
    key = stack.ask("jwt", request(4), {"Authorization": f"Bearer {token}"})["apikey"]
    child = stack.ask("key", request(), basic(key))["apikey"]
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


def test_make_revoke_deletes_a_key_and_its_descendants(stack):
    parent = stack.ask("jwt", request(5), bearer(stack))["apikey"]
    child = stack.ask("key", request(4), basic(parent))["apikey"]
    other = stack.ask("jwt", request(4), bearer(stack))["apikey"]
    status, revoked, shown = revoke(stack, KEY=parent["key"], DESCENDANTS=1)
    assert (status, revoked) == (0, []) and child["key"] in shown
    status, revoked, _ = revoke(stack, KEY=parent["key"], DESCENDANTS=1, APPLY=1)
    assert (status, set(revoked)) == (0, {parent["key"], child["key"]})
    for key, expected in ((parent, 403), (child, 403), (other, 201)):
        assert call("POST", f"{stack.api}/apikeys/key", request(0), basic(key)).status == expected
    assert record(stack, parent) is None and record(stack, other)
