"""Fixtures: one deployed stack for all tests, and separate stacks for tests that change or delete a stack.

`make test-stack` builds the functions; `sam deploy` deploys them with template.yaml; the tests use the stack by HTTP
and boto3, as on AWS. MiniStack checks signatures, IAM policies and queue policies, so a function without a required
permission fails. ministack_gaps.py lists the differences between MiniStack and AWS. MiniStack does not test:

| Not tested | Tested instead |
|---|---|
| CodeDeploy: a gradual deployment and its rollback | `make template`; NewVersionCheck's answers in test_lifecycle.py |
| the import of the API's OpenAPI document, CORS, preflights | `make template`; the routes are made from that document |
| that a 204 has no Content-Type; MiniStack adds one | the functions' answers, in `make test` |
| the delay of the index; the minutes in which a new index is filled | nothing: here an index has every item at once |
| throttling, access log, reserved concurrency, X-Ray, custom domain | `make template` |
| that a source needs a permission to invoke a function | the permissions, next to the tests of each source |
| that an API needs the permission to invoke an authorizer | the permission, in test_authorizer.py |
| `version` and `identitySource` of an HTTP API's 1.0 event; doubled headers | the functions' answers, in `make test` |
| an authorizer of a WebSocket API, a preflight, `$context.routeKey` in the cache's key | nothing here |
| retries of EventBridge and SNS, which invoke once here | the configuration; retries of an asynchronous `invoke` |
| metrics from log lines; dimensions and periods of alarms | test_alarms.py: patterns, names and dimensions |
| Lambda's reports of failed starts, timeouts and ended processes | such lines against the filters, in test_alarms.py |
| what CloudFormation needs of the deployer's policy | `make template`; what `sam` needs in test_deploy.py |
| queries of the log | nothing |
| RotateSecret and its schedule | the four steps, in test_rotation.py |
| the minutes between retries | retries with shorter delays |
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
    """The stack that tests share. No test removes anything that another test needs."""
    with DeployedStack(BUILT, secrets.token_hex(32)) as deployed:
        yield deployed


@pytest.fixture(scope="module")
def own_stack():
    """A stack that the tests of a module may change and delete."""
    with DeployedStack(BUILT, secrets.token_hex(32)) as deployed:
        yield deployed
