#!/usr/bin/python3
"""Lambda's runtime for Python in the base image of tests/tools/docker-engine.sh, as far as a small function needs it.

AWS Lambda Developer Guide, "Using the Lambda runtime API for custom runtimes".
"""

import http.client
import importlib
import json
import os
import sys

sys.path.insert(0, "/var/task")
module, name = os.environ["_HANDLER"].rsplit(".", 1)
handler = getattr(importlib.import_module(module), name)
api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
while True:
    api.request("GET", "/2018-06-01/runtime/invocation/next")
    invocation = api.getresponse()
    answer = handler(json.loads(invocation.read()), None)
    request = invocation.headers["Lambda-Runtime-Aws-Request-Id"]
    api.request("POST", f"/2018-06-01/runtime/invocation/{request}/response", json.dumps(answer))
    api.getresponse().read()
