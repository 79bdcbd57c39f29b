"""Verifies each [key, secret, now] of standard input with verify_key.py, and prints a list of the results."""

import json
import os
import sys

import boto3
from botocore.config import Config

sys.path.insert(0, sys.argv[1])
from verify_key import verify

dynamodb = boto3.client(
    "dynamodb",
    endpoint_url=os.environ["ENDPOINT"],
    region_name="us-east-1",
    aws_access_key_id="local",
    aws_secret_access_key="local",
    config=Config(retries={"total_max_attempts": 1}),
)


def attempt(key, secret, now):
    try:
        return verify(dynamodb, os.environ["TABLE"], key, secret, now)
    except Exception as failed:
        return f"{type(failed).__name__}: {failed}"


print(json.dumps([attempt(*case) for case in json.load(sys.stdin)]))
