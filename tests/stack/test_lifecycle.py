"""A stack is changed and then deleted: the functions' configuration, the sources' targets, and what is retained."""

import json
import secrets
import uuid

import pytest

from deployed_stack import STACK
from support import basic, bearer, delivered, event, eventually, fresh, logged, record, request, without_policies
from test_events import publish, put, send, with_token
from web import call

CHANGED = {
    "MaxExpiresIn": "7200",
    "MemorySize": "256",
    "CorsOrigins": "https://example.org",
    "EventBridgeFunction": "key",
    "QueueFunction": "jwt",
    "TopicFunction": "jwt",
}


@pytest.fixture(scope="module")
def before(own_stack):
    """The state before the change: a key, a token, and the deployed version of each function."""
    key = own_stack.create_key("jwt", request(4), bearer(own_stack))["apikey"]
    return {"key": key, "token": bearer(own_stack), "versions": versions(own_stack)}


@pytest.fixture(scope="module")
def changed(own_stack, before):
    """The stack with other parameters, among them another token secret."""
    own_stack.secret = secrets.token_hex(32)
    manager = own_stack.client("secretsmanager")
    arn = manager.create_secret(Name=fresh("token-secret"), SecretString=own_stack.secret)["ARN"]
    own_stack.deploy(**CHANGED, JwtSecretArn=arn)
    return own_stack


def versions(stack):
    """The version of each alias."""
    functions = stack.client("lambda")
    arns = [value for name, value in stack.outputs.items() if name.endswith("FunctionArn")]
    return {arn: functions.get_function_configuration(FunctionName=arn)["Version"] for arn in arns}


def test_a_change_reaches_every_alias(changed, before):
    now = versions(changed)
    assert set(now) == set(before["versions"]) and len(now) == 5
    for arn, version in now.items():
        assert int(version) == int(before["versions"][arn]) + 1, arn
        found = changed.client("lambda").get_function_configuration(FunctionName=arn)
        assert (found["MemorySize"], found["Environment"]["Variables"]["MAX_EXPIRES_IN"]) == (256, "7200")


def test_the_check_before_traffic_accepts_the_new_versions_and_refuses_a_broken_one(changed):
    """MiniStack has no CodeDeploy, so the report of the verdict fails there; the log has each answer."""
    check, event = changed.physical("NewVersionCheck"), {"DeploymentId": "d", "LifecycleEventHookExecutionId": "e"}

    def answers():
        changed.client("lambda").invoke(FunctionName=check, Payload=json.dumps(event).encode())
        lines = [json.loads(line) for line in logged(changed, "NewVersionCheckLogGroup") if '"answer"' in line]
        return {line["version"].split(":")[-2]: line["answer"] for line in lines}

    checked = ("Jwt", "Key", "JwtAuthorizer", "KeyAuthorizer")
    names = {name: changed.physical(f"{name}Function") for name in checked}
    assert answers() == dict.fromkeys(names.values(), 403)
    with without_policies(changed, "KeyFunctionRole"):
        assert answers() == {**dict.fromkeys(names.values(), 403), names["Key"]: 500}


def test_the_new_configuration_serves(changed, before):
    url = f"{changed.api}/apikeys/jwt"
    assert call("POST", url, request(), before["token"]).status == 403
    assert call("POST", url, request(expiresIn=7201), bearer(changed)).json["error"] == "expiresInHigherThanMaximum"
    assert changed.create_key("jwt", request(expiresIn=7200), bearer(changed))


def test_a_key_from_before_the_change_still_works(changed, before):
    assert changed.create_key("key", request(0), basic(before["key"]))


@pytest.mark.parametrize("method", ["HEAD", "PUT", "PATCH"])
def test_the_functions_answer_other_methods_with_cors(changed, method):
    for path, allowed in (("jwt", "GET, POST"), ("key", "GET, POST"), (f"{uuid.uuid4()}/key", "GET, DELETE")):
        answer = call(method, f"{changed.api}/apikeys/{path}")
        assert (answer.status, answer.headers.get("allow")) == (405, allowed)


def test_no_route_takes_a_preflight_with_cors(changed):
    routes = changed.client("apigatewayv2").get_routes(ApiId=changed.physical("HttpApi"))["Items"]
    methods = ("DELETE", "GET", "HEAD", "PATCH", "POST", "PUT")
    paths = ("/apikeys/jwt", "/apikeys/key", "/apikeys/{id}/jwt", "/apikeys/{id}/key", "/whoami/key")
    assert {one["RouteKey"] for one in routes} == {f"{method} {path}" for method in methods for path in paths}


def test_a_key_is_listed_read_and_revoked_with_cors(changed):
    key = changed.create_key("jwt", request(4), bearer(changed))["apikey"]
    listed = call("GET", f"{changed.api}/apikeys/jwt?limit=100", None, bearer(changed)).json["apikeys"]
    assert key["key"] in {one["key"] for one in listed}
    assert call("GET", f"{changed.api}/whoami/key", None, basic(key)).status == 200
    assert call("DELETE", f"{changed.api}/apikeys/{key['key']}/jwt", None, bearer(changed)).status == 204
    assert call("GET", f"{changed.api}/whoami/key", None, basic(key)).status == 403


@pytest.mark.parametrize(
    ("send_event", "creator"),
    [
        (put, "key"),
        (lambda stack, body: publish(stack, with_token(stack, body)), "jwt"),
        (lambda stack, body: send(stack, with_token(stack, body)), "jwt"),
    ],
    ids=["EventBridge", "SNS", "SQS"],
)
def test_each_source_invokes_its_configured_function(changed, send_event, creator):
    name = fresh("switched")
    send_event(changed, event(name))
    key = eventually(lambda: delivered(changed, name), "the delivered secret")
    assert eventually(lambda: record(changed, key), "its record")["createdBy"]["S"].split(":")[0] == creator


def test_a_deletion_retains_the_table_and_the_logs(changed, before):
    groups = [changed.physical(group) for group in ("JwtLogGroup", "KeyLogGroup", "HttpApiLogGroup")]
    functions, queue = versions(changed), changed.outputs["EventsQueueUrl"]
    changed.sam("delete", "--no-prompts")
    formation = changed.client("cloudformation")
    with pytest.raises(formation.exceptions.ClientError, match="does not exist"):
        formation.describe_stacks(StackName=STACK)
    found = record(changed, before["key"])
    assert found and found["createdBy"] == {"S": "jwt"}
    described = changed.client("dynamodb").describe_table(TableName=changed.outputs["TableName"])["Table"]
    assert [one["IndexName"] for one in described["GlobalSecondaryIndexes"]] == ["byUser"]
    for group in groups:
        assert changed.client("logs").describe_log_groups(logGroupNamePrefix=group)["logGroups"], group
    for arn in functions:
        with pytest.raises(changed.client("lambda").exceptions.ResourceNotFoundException):
            changed.client("lambda").get_function(FunctionName=arn.rsplit(":", 1)[0])
    with pytest.raises(changed.client("sqs").exceptions.QueueDoesNotExist):
        changed.client("sqs").get_queue_attributes(QueueUrl=queue)
    assert call("POST", f"{changed.api}/apikeys/jwt", request(), bearer(changed)).status == 404
    assert json.loads(changed.client("secretsmanager").get_secret_value(SecretId=changed.provisioner)["SecretString"])


def test_a_new_stack_uses_the_retained_table(changed, before):
    """Runs after the deletion above: the drill of docs/operations.md."""
    table = changed.outputs["TableName"]
    changed.deploy(ExistingTableName=table)
    assert changed.outputs["TableName"] == table
    pages = changed.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=STACK)
    assert "ApiKeysTable" not in {one["LogicalResourceId"] for page in pages for one in page["StackResourceSummaries"]}
    child = changed.create_key("key", request(0), basic(before["key"]))["apikey"]
    assert child["userId"] == before["key"]["userId"]
    listed = call("GET", f"{changed.api}/apikeys/jwt?limit=100", None, bearer(changed)).json["apikeys"]
    assert {before["key"]["key"], child["key"]} <= {one["key"] for one in listed}
    changed.sam("delete", "--no-prompts")
    assert record(changed, child), "a deletion of the new stack keeps the table too"
