"""MiniStack's server on a socket that is handed down, with a folder of its own.

It ends when its standard input does, and takes the functions that it runs and the folder along: so nothing of it outlives
whoever started it, however that ends.
"""

import asyncio
import json
import os
import shutil
import signal
import sys
import threading


def end_with_stdin():
    sys.stdin.buffer.read()
    shutil.rmtree(os.environ["TMPDIR"], ignore_errors=True)
    os.killpg(0, signal.SIGKILL)  # it leads its group, and the functions are in it


threading.Thread(target=end_with_stdin, daemon=True).start()

from hypercorn.asyncio import serve  # noqa: E402
from hypercorn.config import Config  # noqa: E402
from ministack.app import app  # noqa: E402
from ministack.services import lambda_svc, secretsmanager  # noqa: E402

create_secret = secretsmanager._create_secret
invoke_asynchronously = lambda_svc.invoke_async_with_retry


def create_secret_with_token(data):
    """MiniStack drops ClientRequestToken; on AWS it is the id of the first version, by which a repeated event finds it."""
    status, headers, body = create_secret(data)
    token = data.get("ClientRequestToken")
    if status == 200 and token:
        secret = secretsmanager._secrets[data["Name"]]
        secret["Versions"] = {token: version for version in secret["Versions"].values()}
        body = json.dumps({**json.loads(body), "VersionId": token}).encode()
        headers = {name: value for name, value in headers.items() if name.lower() != "content-length"}
    return status, headers, body


def invoke_with_config(function, event):
    """MiniStack looks for an EventInvokeConfig at $LATEST, and finds none where an alias was invoked; ours have one each."""
    configs = lambda_svc._functions[function["config"]["FunctionName"]]["event_invoke_configs"]
    invoke_asynchronously({**function, "event_invoke_config": next(iter(configs.values()), None)}, event)


secretsmanager._create_secret = create_secret_with_token
lambda_svc.invoke_async_with_retry = invoke_with_config


async def as_over_tls(scope, receive, send):
    """The queues of the stack refuse what comes without TLS, and this plain socket stands for AWS's own address."""
    headers = scope.get("headers", [])
    if scope["type"] == "http" and not any(name == b"x-forwarded-proto" for name, _ in headers):
        scope = {**scope, "headers": [*headers, (b"x-forwarded-proto", b"https")]}
    await app(scope, receive, send)


config = Config()
config.bind = [f"fd://{sys.argv[1]}"]
config.loglevel = "WARNING"
asyncio.run(serve(as_over_tls, config))
