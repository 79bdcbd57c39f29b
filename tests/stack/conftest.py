"""One deployed stack for all tests but those that change or delete theirs.

`make test-stack` builds the functions; `sam deploy` deploys them with template.yaml; the tests reach the stack as any
user of AWS does, by HTTP and boto3. MiniStack checks signatures, IAM policies and queue policies, so a function that
lacks a permission fails. What it lacks and what it gets instead is in ministack_gaps.py. What it can't show:

| Not shown | Where it is looked at instead |
|---|---|
| CodeDeploy: a gradual deployment and its rollback | `make template` |
| the import of the API's OpenAPI document, CORS, preflights | `make template`; the routes are made of that document |
| throttling, the access log's lines, reserved concurrency, X-Ray, a domain | `make template` |
| that a source needs its permission to invoke a function | the permissions, beside the tests of each source |
| retries behind EventBridge and SNS, which invoke once here | the wiring; an asynchronous `invoke` is tried again |
| metrics out of log lines; alarms by their dimensions and periods | test_alarms.py: patterns, names and dimensions |
| Lambda's own report of a failed start | its documented line against the filter, in test_alarms.py |
| queries of the log | nowhere |
| RotateSecret and its schedule | its four steps, one by one, in test_rotation.py |
| the minutes between tries | the tries, sooner |
| time to live, point-in-time recovery, encryption at rest | `make template` |
"""

import os
import secrets
from pathlib import Path

import pytest

from deployed_stack import DeployedStack

BUILT = Path(os.environ.get("APIKEYS_ARTIFACTS", ".aws-sam/local"))


@pytest.fixture(scope="session")
def stack():
    """The stack that tests share; none of them takes away what another needs."""
    with DeployedStack(BUILT, secrets.token_hex(32)) as deployed:
        yield deployed


@pytest.fixture(scope="module")
def own_stack():
    """A stack that the tests of a module may change and delete."""
    with DeployedStack(BUILT, secrets.token_hex(32)) as deployed:
        yield deployed
