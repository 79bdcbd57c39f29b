"""docs/step-functions.yaml, deployed with the stack: the workflow, its Catch and its Retry."""

import json
import uuid

import pytest

from emulator import REPOSITORY
from support import basic, delivered, deploy_beside, eventually, fresh, request, without_policies


@pytest.fixture(scope="module")
def machine(stack):
    """The ARN of the deployed workflow."""
    template = (REPOSITORY / "docs/step-functions.yaml").read_text(encoding="utf-8")
    function = stack.outputs["KeyEventsFunctionArn"]
    return deploy_beside(stack, "workflow", template, KeyEventsFunctionArn=function)["StateMachineArn"]


@pytest.fixture(scope="module")
def waiting_machine(stack):
    """The ARN of the same workflow with `.waitForTaskToken`, whose request has the task token beside it."""
    template = (REPOSITORY / "docs/step-functions.yaml").read_text(encoding="utf-8")
    for old, new in (
        ("arn:aws:states:::lambda:invoke", "arn:aws:states:::lambda:invoke.waitForTaskToken"),
        ("              Payload:\n", "              Payload:\n                taskToken: '{% $states.context.Task.Token %}'\n"),
    ):
        assert template.count(old) == 1, old
        template = template.replace(old, new)
    function = stack.outputs["KeyEventsFunctionArn"]
    return deploy_beside(stack, "waiting", template, KeyEventsFunctionArn=function)["StateMachineArn"]


def start(stack, machine, **members):
    body = {"name": "Order", "level": 2, "expiresIn": 3600, **members}
    started = stack.client("stepfunctions").start_execution(
        stateMachineArn=machine, name=f"order-{uuid.uuid4().hex[:8]}", input=json.dumps(body)
    )
    return started["executionArn"]


def history(stack, execution):
    pages = stack.client("stepfunctions").get_paginator("get_execution_history").paginate(executionArn=execution)
    return [entry for page in pages for entry in page["events"]]


def entered(stack, execution):
    return [
        one["stateEnteredEventDetails"]["name"]
        for one in history(stack, execution)
        if "stateEnteredEventDetails" in one
    ]


def ended(stack, execution):
    def over():
        found = stack.client("stepfunctions").describe_execution(executionArn=execution)
        return found if found["status"] != "RUNNING" else None

    return eventually(over, "the execution's end")


def test_an_execution_delivers_a_key_and_shows_no_secret(stack, machine):
    name = fresh("order")
    execution = start(stack, machine, deliverTo=name, level=4)
    done = ended(stack, execution)
    assert done["status"] == "SUCCEEDED", done
    answer, key = json.loads(done["output"]), delivered(stack, name)
    assert set(answer) == {"key", "secretArn", "level", "expiresAt", "name", "userId"} and answer["key"] == key["key"]
    assert key["secret"] not in json.dumps(history(stack, execution), default=str)
    assert stack.create_key("key", request(0), basic(key))


def test_each_refusal_in_catch_is_caught(stack, machine):
    taken = fresh("taken")
    assert ended(stack, start(stack, machine, deliverTo=taken))["status"] == "SUCCEEDED"
    for members, state, error in (
        ({"deliverTo": fresh("strong"), "level": 5}, "TooStrong", "keyLevelExceedsRoleLevel"),
        ({"deliverTo": taken}, "NameTaken", "deliverToTaken"),
        ({"deliverTo": fresh("bad"), "level": "2"}, "GiveUp", "levelNotNumeric"),
    ):
        execution = start(stack, machine, **members)
        done = ended(stack, execution)
        assert (done["status"], done["error"]) == ("FAILED", error)
        assert entered(stack, execution) == ["CreateKey", state]


def test_a_fault_is_retried_until_it_is_over(stack, machine):
    """While the function has no permissions, it fails with createApikeyFailed."""
    name = fresh("retried")

    def failed():
        return [one for one in history(stack, execution) if one["type"] == "TaskFailed"]

    with without_policies(stack, "KeyEventsFunctionRole"):
        execution = start(stack, machine, deliverTo=name)
        first = eventually(failed, "the first try's failure")[0]
    assert first["taskFailedEventDetails"]["error"] == "createApikeyFailed"
    done = ended(stack, execution)
    assert done["status"] == "SUCCEEDED", done
    assert json.loads(done["output"])["key"] == delivered(stack, name)["key"]
    assert len([one for one in history(stack, execution) if one["type"] == "TaskScheduled"]) == len(failed()) + 1


def test_a_request_with_a_task_token_fails_at_once_and_creates_nothing(stack, waiting_machine):
    """The function never sends a task token back, so the state would wait until its time-out."""
    name = fresh("waiting")
    done = ended(stack, start(stack, waiting_machine, deliverTo=name))
    assert (done["status"], done["error"]) == ("FAILED", "taskTokenUnsupported"), done
    secrets = stack.client("secretsmanager").list_secrets(Filters=[{"Key": "name", "Values": [name]}])
    assert secrets["SecretList"] == []
