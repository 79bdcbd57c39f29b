"""Helpers of several tests: request keys, invoke functions, wait for results."""

import base64
import contextlib
import json
import time
import uuid

LOG_GROUPS = [
    "JwtLogGroup",
    "KeyLogGroup",
    "JwtAuthorizerLogGroup",
    "KeyAuthorizerLogGroup",
    "JwtEventsLogGroup",
    "KeyEventsLogGroup",
    "RotationLogGroup",
]
PATIENCE_SECONDS = 120  # the timeout; a result is seen within a tenth of a second


def eventually(condition, what: str):
    """Calls `condition` until it returns a true value."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if value := condition():
            return value
        time.sleep(0.1)
    raise AssertionError(f"{what}: not within {PATIENCE_SECONDS} s")


def request(level=2, **members) -> dict:
    """The body of a request over HTTP."""
    return {"name": "Stack test", "level": level, "expiresIn": 3600, **members}


def event(name: str, **members) -> dict:
    """A request in an event, with `name` as `deliverTo`."""
    return {**request(), "deliverTo": name, "idempotencyKey": f"id-{name}", **members}


def fresh(prefix: str) -> str:
    """A name that no other test uses."""
    return f"{prefix}-{uuid.uuid4().hex[:8]}"


def bearer(stack, role="curator", user=61) -> dict:
    return {"Authorization": f"Bearer {stack.token(role, user)}"}


def basic(key: dict) -> dict:
    pair = f"{key['key']}:{key['secret']}".encode()
    return {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}


def delivered(stack, name: str, user: int = 61):
    """The key in the secret of that name, or None if the secret does not exist."""
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
    """Invokes the function of that output; returns its FunctionError and its answer."""
    answer = stack.client("lambda").invoke(FunctionName=stack.outputs[output], Payload=json.dumps(payload).encode())
    return answer.get("FunctionError"), json.loads(answer["Payload"].read())


def received(stack, url: str) -> list:
    """The messages of a queue, which stay in the queue."""
    queue = stack.client("sqs")
    answer = queue.receive_message(
        QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0, MessageSystemAttributeNames=["All"]
    )
    return answer.get("Messages", [])


def logged(stack, group: str) -> list:
    """Every line in the log group with that logical id."""
    name, logs = stack.physical(group), stack.client("logs")
    pages = logs.get_paginator("filter_log_events").paginate(logGroupName=name)
    return [entry["message"] for page in pages for entry in page["events"]]


def deploy_beside(stack, name: str, template: str, **parameters: str) -> dict:
    """Deploys another template with a stack; returns the outputs."""
    formation = stack.client("cloudformation")
    formation.create_stack(
        StackName=name,
        TemplateBody=template,
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
    )

    def deployed():
        [made] = formation.describe_stacks(StackName=name)["Stacks"]
        state = made["StackStatus"], made.get("StackStatusReason")
        assert state[0] in ("CREATE_IN_PROGRESS", "CREATE_COMPLETE"), state
        return made if state[0] == "CREATE_COMPLETE" else None

    return {one["OutputKey"]: one["OutputValue"] for one in eventually(deployed, f"the stack {name}")["Outputs"]}


@contextlib.contextmanager
def without_policies(stack, role: str):
    """Removes a role's inline policies for a while, so that AWS denies every call of the function."""
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
