"""Each function can do exactly its operations on the table: every operation is tried with the role of each function."""

import json

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from emulator import REGION
from support import bearer, fresh, request

KEY = {"key": {"S": "permissions"}}
NEVER = {"ConditionExpression": "attribute_exists(#none)", "ExpressionAttributeNames": {"#none": "none"}}
BY_USER = {
    "KeyConditionExpression": "userId = :user",
    "ExpressionAttributeValues": {":user": {"N": "1"}},
}

# Each operation, with arguments that change nothing: the condition of each write fails.
OPERATIONS = {
    "GetItem": ("get_item", lambda table: {"TableName": table, "Key": KEY}),
    "BatchGetItem": ("batch_get_item", lambda table: {"RequestItems": {table: {"Keys": [KEY]}}}),
    "PutItem": ("put_item", lambda table: {"TableName": table, "Item": KEY, **NEVER}),
    "UpdateItem": ("update_item", lambda table: {"TableName": table, "Key": KEY, **NEVER}),
    "DeleteItem": ("delete_item", lambda table: {"TableName": table, "Key": KEY, **NEVER}),
    "Query of byUser": ("query", lambda table: {"TableName": table, "IndexName": "byUser", **BY_USER}),
    "Query of the table": (
        "query",
        lambda table: {
            "TableName": table,
            "KeyConditionExpression": "#key = :key",
            "ExpressionAttributeNames": {"#key": "key"},
            "ExpressionAttributeValues": {":key": {"S": "permissions"}},
        },
    ),
    "Scan": ("scan", lambda table: {"TableName": table, "Limit": 1}),
    "Scan of byUser": ("scan", lambda table: {"TableName": table, "IndexName": "byUser", "Limit": 1}),
    "BatchWriteItem": (
        "batch_write_item",
        lambda table: {"RequestItems": {table: [{"DeleteRequest": {"Key": KEY}}]}},
    ),
    "DescribeTable": ("describe_table", lambda table: {"TableName": table}),
    "ExecuteStatement": ("execute_statement", lambda table: {"Statement": f'SELECT * FROM "{table}" WHERE "key" = \'x\''}),
    "ConditionCheckItem": (
        "transact_write_items",
        lambda table: {"TransactItems": [{"ConditionCheck": {"TableName": table, "Key": KEY, **NEVER}}]},
    ),
    "Put in a transaction": (
        "transact_write_items",
        lambda table: {"TransactItems": [{"Put": {"TableName": table, "Item": KEY, **NEVER}}]},
    ),
    "Update in a transaction": (
        "transact_write_items",
        lambda table: {
            "TransactItems": [
                {
                    "Update": {
                        "TableName": table,
                        "Key": KEY,
                        "UpdateExpression": "SET #none = :none",
                        "ExpressionAttributeValues": {":none": {"N": "1"}},
                        **NEVER,
                    }
                }
            ]
        },
    ),
    "Delete in a transaction": (
        "transact_write_items",
        lambda table: {"TransactItems": [{"Delete": {"TableName": table, "Key": KEY, **NEVER}}]},
    ),
}

READS_AND_WRITES = {
    "GetItem",
    "BatchGetItem",
    "PutItem",
    "UpdateItem",
    "Query of byUser",
    "Put in a transaction",
    "Update in a transaction",
}
ALLOWED = {
    "JwtFunction": READS_AND_WRITES,
    "KeyFunction": READS_AND_WRITES,
    "JwtAuthorizerFunction": set(),
    "KeyAuthorizerFunction": {"GetItem"},
    "JwtEventsFunction": {"PutItem", "Put in a transaction"},
    "KeyEventsFunction": {"GetItem", "PutItem", "Put in a transaction"},
    "RotationFunction": {"GetItem", "PutItem", "Put in a transaction", "ConditionCheckItem"},
}


def with_role(stack, function):
    """A DynamoDB client with the role of a function. For that, the test lets the account assume the role."""
    roles, name = stack.client("iam"), stack.physical(f"{function}Role")
    role = roles.get_role(RoleName=name)["Role"]
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{role['Arn'].split(':')[4]}:root"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
    roles.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(trust))
    try:
        session = stack.client("sts").assume_role(RoleArn=role["Arn"], RoleSessionName=fresh("session"))
    finally:
        roles.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(role["AssumeRolePolicyDocument"]))
    credentials = session["Credentials"]
    return boto3.client(
        "dynamodb",
        endpoint_url=stack.url,
        region_name=REGION,
        aws_access_key_id=credentials["AccessKeyId"],
        aws_secret_access_key=credentials["SecretAccessKey"],
        aws_session_token=credentials["SessionToken"],
        config=Config(proxies={}, retries={"mode": "standard", "total_max_attempts": 1}),
    )


def is_allowed(client, table, operation):
    name, arguments = OPERATIONS[operation]
    try:
        getattr(client, name)(**arguments(table))
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code == "AccessDeniedException":
            return False
        assert code in ("ConditionalCheckFailedException", "TransactionCanceledException"), (operation, error)
    return True


@pytest.mark.parametrize("function", ALLOWED)
def test_a_function_can_do_exactly_its_operations(stack, function):
    client, table = with_role(stack, function), stack.outputs["TableName"]
    allowed = {operation for operation in OPERATIONS if is_allowed(client, table, operation)}
    assert allowed == ALLOWED[function]


@pytest.mark.parametrize("function", ALLOWED)
def test_a_function_reaches_no_other_table(stack, function):
    tables, name = stack.client("dynamodb"), fresh("other")
    tables.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "key", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "key", "KeyType": "HASH"}],
    )
    client = with_role(stack, function)
    others = [operation for operation in OPERATIONS if "byUser" not in operation]
    assert not [operation for operation in others if is_allowed(client, name, operation)]


def test_every_operation_is_possible_without_a_restriction(stack):
    client, table = stack.client("dynamodb"), stack.outputs["TableName"]
    stack.create_key("jwt", request(0), bearer(stack))
    assert [operation for operation in OPERATIONS if not is_allowed(client, table, operation)] == []
