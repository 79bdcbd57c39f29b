"""The stack of `local with`, and the folder of the clients' packages."""

import http.client
import json
import os
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parents[3]
HERE = Path(__file__).resolve().parent
CLIENTS = ROOT / "docs/clients"
WORK = (ROOT / ".local/clients").resolve()
PYTHON = [str(WORK / "python/bin/python"), "-B"]
FUNCTIONS = urlsplit(os.environ["APIKEYS_URL"])
DYNAMODB = urlsplit(os.environ["APIKEYS_DYNAMODB"])
TABLE = "apikeys"
CALLERS = {name: os.environ[f"APIKEYS_{name}"] for name in ("TOKEN", "KEY", "SECRET")}
BEARER = f"Bearer {CALLERS['TOKEN']}"


def send(server, method, path, headers, body=None):
    """Sends a request, and returns the status and the JSON of the answer."""
    connection = http.client.HTTPConnection(server.hostname, server.port, timeout=10)
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read() or "null")


def send_request(method, path, authorization, body=None):
    """Sends a request to the functions, and returns the status and the JSON of the answer."""
    headers = {"Authorization": authorization, "Content-Type": "application/json"}
    return send(FUNCTIONS, method, path, headers, body)


def put_item(item):
    """Writes an item to the table. The local DynamoDB checks no signature."""
    headers = {
        "X-Amz-Target": "DynamoDB_20120810.PutItem",
        "Content-Type": "application/x-amz-json-1.0",
        "Authorization": "AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/dynamodb/aws4_request, "
        "SignedHeaders=host, Signature=0",
        "X-Amz-Date": "20260101T000000Z",
    }
    status, answer = send(DYNAMODB, "POST", "/", headers, json.dumps({"TableName": TABLE, "Item": item}))
    assert status == 200, answer


def copy(module):
    """Copies a module next to its packages, since Node.js resolves packages relative to the module."""
    target = WORK / "node" / module.name
    target.write_text(module.read_text())
    return str(target)
