"""A minimal function in Python: one PutItem, or one GetItem and one PutItem, as in ../baseline."""

import json
import os
import time

import boto3

CALLER = "7eba7d5c-0b9c-4d0a-8d6f-2a4d1c6a3b52"
table = boto3.resource("dynamodb").Table(os.environ["TABLE_NAME"])


def put(event, _context, created_by="jwt"):
    body = json.loads(event["body"])
    now = time.time_ns()
    seconds = now // 1_000_000_000
    key = f"{now % 1_000_000_000:08x}-0000-4000-8000-{seconds:012x}"
    table.put_item(
        Item={
            "key": key,
            "secretHash": bytes(32),
            "name": body["name"],
            "level": body["level"],
            "userId": 61,
            "createdAt": seconds,
            "expiresAt": seconds + body["expiresIn"],
            "createdBy": created_by,
            "chainExpiresAt": seconds + 31_536_000,
        }
    )
    print(json.dumps({"level": "INFO", "message": "created", "key": key}))
    answer = {"result": "success", "apikey": {"key": key, "name": body["name"], "level": body["level"]}}
    return {"statusCode": 201, "headers": {"content-type": "application/json"}, "body": json.dumps(answer)}


def get_put(event, context):
    caller = table.get_item(Key={"key": CALLER}, ConsistentRead=True)["Item"]
    return put(event, context, f"key:{caller['key']}")
