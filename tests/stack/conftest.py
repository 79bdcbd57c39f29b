"""One deployed stack for all tests but those that change or delete theirs.

It runs the functions that `make test-stack` built, from template.yaml, by `sam deploy`, and the tests reach it as any
user of AWS does: HTTP and boto3. Signatures and IAM policies are checked, so a function that lacks a permission fails.

What MiniStack can't show, and where it is held to instead:

| | |
|---|---|
| OpenAPI import of an HTTP API, so CORS and who answers a preflight | `make template`; the routes are made of the same document |
| throttling (429), the gateway's own limits, its access log | the stage's settings, in test_operations.py |
| that a source may invoke a function only by its permission | the permissions are compared, in test_http.py and test_events.py |
| CodeDeploy: a gradual deployment, its rollback | `make template` |
| Lambda's own report of a start that failed | its metric filter, against AWS's documented line, in test_operations.py |
| metric filters, embedded metrics | their patterns and names, against lines that the functions wrote, in test_operations.py |
| a schedule that rotates, the alias as a rotation function | the four steps are invoked as Secrets Manager does |
| minutes between the tries of an asynchronous invocation or a message | the tries happen, sooner |
| time to live, restores, encryption, tags as policies | nowhere but on AWS |
"""

import os
import secrets
from pathlib import Path

import pytest

from local_stack import LocalStack

BUILT = Path(os.environ.get("APIKEYS_ARTIFACTS", ".aws-sam/local"))


@pytest.fixture(scope="session")
def stack():
    """The stack that tests share; none of them takes away what another needs."""
    with LocalStack(BUILT, secrets.token_hex(32)) as deployed:
        yield deployed


@pytest.fixture(scope="module")
def own_stack():
    """A stack that the tests of a module may change and delete."""
    with LocalStack(BUILT, secrets.token_hex(32)) as deployed:
        yield deployed
