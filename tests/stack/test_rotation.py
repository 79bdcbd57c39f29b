"""The deployed function rotates a delivered secret in the four steps of Secrets Manager.

RotateSecret of MiniStack invokes no function, so the tests do Secrets Manager's part: they enable rotation, stage a
version without a value as AWSPENDING, and invoke the function's alias once for each step.
"""

import json
import uuid

import pytest

from support import basic, delivered, event, fresh, invoke, record, request
from web import call

STEPS = ["createSecret", "setSecret", "testSecret", "finishSecret"]


def begin(stack, secret):
    """Enables rotation and stages a pending version; returns its id."""
    manager = stack.client("secretsmanager")
    manager.rotate_secret(
        SecretId=secret,
        RotationLambdaARN=stack.outputs["RotationFunctionArn"],
        RotationRules={"ScheduleExpression": "rate(2 days)"},
        RotateImmediately=False,
    )
    token = str(uuid.uuid4())
    manager.put_secret_value(SecretId=secret, ClientRequestToken=token, VersionStages=["AWSPENDING"])
    return token


def step(stack, name, secret, token):
    return invoke(stack, "RotationFunctionArn", {"Step": name, "SecretId": secret, "ClientRequestToken": token})


def rotate(stack, secret):
    token = begin(stack, secret)
    for name in STEPS:
        failed, answer = step(stack, name, secret, token)
        assert failed is None, (name, answer)
    return token


def works(stack, key):
    return call("POST", f"{stack.api}/apikeys/key", request(0), basic(key)).status


@pytest.fixture
def secret(stack):
    """The name and ARN of a delivered secret, and its key."""
    name = fresh("rotated")
    failed, answer = invoke(stack, "KeyEventsFunctionArn", event(name, level=4))
    assert failed is None, answer
    return name, answer["apikey"]["secretArn"], delivered(stack, name)


def test_a_rotation_gives_a_new_key_and_both_work(stack, secret):
    name, arn, old = secret
    token = rotate(stack, arn)
    new = delivered(stack, name)
    assert new["key"] != old["key"] and new["secret"] != old["secret"]
    same = ("name", "level", "userId", "expiresIn")
    assert [new[member] for member in same] == [old[member] for member in same]
    assert record(stack, new)["createdBy"]["S"] == f"rotation:{old['key']}"
    assert (works(stack, old), works(stack, new)) == (201, 201)
    stages = stack.client("secretsmanager").describe_secret(SecretId=arn)["VersionIdsToStages"]
    assert "AWSCURRENT" in stages[token]


def test_each_step_may_be_repeated(stack, secret):
    name, arn, _ = secret
    token = begin(stack, arn)
    for step_name in STEPS:
        assert [step(stack, step_name, arn, token)[0] for _ in range(2)] == [None, None], step_name
    rotated = delivered(stack, name)
    for step_name in STEPS:
        assert step(stack, step_name, arn, token)[0] is None, f"{step_name} after the end"
    assert delivered(stack, name) == rotated and works(stack, rotated) == 201


def test_events_work_after_a_rotation_of_the_provisioner_s_key(stack):
    before = json.loads(stack.client("secretsmanager").get_secret_value(SecretId=stack.provisioner)["SecretString"])
    rotate(stack, stack.provisioner)
    after = json.loads(stack.client("secretsmanager").get_secret_value(SecretId=stack.provisioner)["SecretString"])
    assert after["key"] != before["key"] and works(stack, after) == 201
    name = fresh("after")
    failed, answer = invoke(stack, "KeyEventsFunctionArn", event(name))
    assert failed is None and delivered(stack, name)["key"] == answer["apikey"]["key"]


def test_no_other_secret_is_changed(stack):
    manager = stack.client("secretsmanager")
    arn = manager.create_secret(Name=fresh("foreign"), SecretString="{}")["ARN"]
    failed, answer = step(stack, "createSecret", arn, begin(stack, arn))
    assert (failed, answer["errorType"]) == ("Unhandled", "rotationSecretRefused")


def test_secrets_manager_may_invoke_the_function_for_this_account(stack):
    policy = stack.client("lambda").get_policy(FunctionName=stack.outputs["RotationFunctionArn"])["Policy"]
    [statement] = json.loads(policy)["Statement"]
    assert statement["Principal"] == {"Service": "secretsmanager.amazonaws.com"}
    assert statement["Condition"] == {
        "StringEquals": {"AWS:SourceAccount": stack.outputs["RotationFunctionArn"].split(":")[4]}
    }
