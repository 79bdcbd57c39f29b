"""What several tests do: ask for keys, invoke functions, wait for what comes later."""

import base64
import contextlib
import json
import time
import uuid

LOG_GROUPS = ["JwtLogGroup", "KeyLogGroup", "JwtEventsLogGroup", "KeyEventsLogGroup", "RotationLogGroup"]
PATIENCE_SECONDS = 120  # a bound for what never comes; what comes is seen within a tenth of a second


def eventually(look, what: str):
    """Looks until there is something to see."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if seen := look():
            return seen
        time.sleep(0.1)
    raise AssertionError(f"{what}: not within {PATIENCE_SECONDS} s")


def request(level=2, **members) -> dict:
    """What is asked for over HTTP."""
    return {"name": "Stack test", "level": level, "expiresIn": 3600, **members}


def event(name: str, **members) -> dict:
    """What is asked for in an event: a key, delivered to that name."""
    return {**request(), "deliverTo": name, "idempotencyKey": f"id-{name}", **members}


def fresh(prefix: str) -> str:
    """A name that no other test uses."""
    return f"{prefix}-{uuid.uuid4().hex[:8]}"


def bearer(stack, role="curator") -> dict:
    return {"Authorization": f"Bearer {stack.token(role)}"}


def basic(key: dict) -> dict:
    pair = f"{key['key']}:{key['secret']}".encode()
    return {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}


def delivered(stack, name: str, user: int = 61):
    """The key in the secret of that name, or nothing while there is none."""
    manager = stack.client("secretsmanager")
    try:
        return json.loads(manager.get_secret_value(SecretId=f"apikeys/{user}/{name}")["SecretString"])
    except manager.exceptions.ResourceNotFoundException:
        return None


def record(stack, key: dict):
    """The table's item of a key."""
    found = stack.client("dynamodb").get_item(
        TableName=stack.outputs["TableName"], Key={"key": {"S": key["key"]}}, ConsistentRead=True
    )
    return found.get("Item")


def invoke(stack, output: str, payload: dict) -> tuple:
    """Invokes the function of that output; whether it failed, and its answer."""
    answer = stack.client("lambda").invoke(FunctionName=stack.outputs[output], Payload=json.dumps(payload).encode())
    return answer.get("FunctionError"), json.loads(answer["Payload"].read())


def received(stack, url: str) -> list:
    """The messages of a queue, which stay there."""
    queue = stack.client("sqs")
    answer = queue.receive_message(
        QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0, MessageSystemAttributeNames=["All"]
    )
    return answer.get("Messages", [])


def logged(stack, group: str) -> list:
    """Every line that went to the log group of that logical name."""
    name, logs = stack.physical(group), stack.client("logs")
    pages = logs.get_paginator("filter_log_events").paginate(logGroupName=name)
    return [entry["message"] for page in pages for entry in page["events"]]


@contextlib.contextmanager
def without_policies(stack, role: str):
    """Takes a function's own permissions away for a while, so that whatever it asks for is refused."""
    roles, name = stack.client("iam"), stack.physical(role)
    policies = {
        one: roles.get_role_policy(RoleName=name, PolicyName=one)["PolicyDocument"]
        for one in roles.list_role_policies(RoleName=name)["PolicyNames"]
    }
    assert policies, f"{role} has policies"
    for one in policies:
        roles.delete_role_policy(RoleName=name, PolicyName=one)
    try:
        yield
    finally:
        for one, document in policies.items():
            roles.put_role_policy(RoleName=name, PolicyName=one, PolicyDocument=json.dumps(document))
