"""Verifies an API key in another service. It needs boto3, and `dynamodb:GetItem` on the table of keys."""

import hashlib
import hmac
import re
import time

KEY = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
SECRET = re.compile(r"[0-9a-f]{64}")
HASH = re.compile(rb".{32}", re.DOTALL)
LEVEL = re.compile(r"[0-8]")
NUMBER = re.compile(r"[0-9]+")
NO_HASH = bytes(32)  # no secret with this hash is known; a revoked key has this hash


def verify(dynamodb, table, key, secret, now=None):
    """Returns the key's level, user and chain, or None: refuse the key.

    `dynamodb` is `boto3.client("dynamodb")`, `table` the name of the table, `now` a time in epoch seconds. An exception
    (DynamoDB failed, the record is damaged) is a 500 of your service, never a success.
    """
    if not (KEY.fullmatch(key) and SECRET.fullmatch(secret)):
        return None  # without a read
    item = read(dynamodb, table, key)
    shown = hashlib.sha256(bytes.fromhex(secret)).digest()  # of the 32 bytes, not of the digits
    stored = attribute(item, "secretHash", "B", HASH) if item else NO_HASH
    matches = hmac.compare_digest(stored, shown)  # in constant time, also without a record
    if not (matches and item) or "revokedAt" in item:
        return None
    record = {
        "key": key,
        "level": int(attribute(item, "level", "N", LEVEL)),
        "userId": int(attribute(item, "userId", "N", NUMBER)),
        "chain": attribute(item, "chain", "S", KEY),
        "expiresAt": int(attribute(item, "expiresAt", "N", NUMBER)),
    }
    if record["expiresAt"] <= (time.time() if now is None else now):
        return None  # TTL deletes the record up to days later
    # The first key of a revoked chain is itself revoked; the others are refused because of the fence.
    if record["chain"] != key and read(dynamodb, table, f"fence#{record['chain']}"):
        return None
    return record


def read(dynamodb, table, key):
    """Returns the item, or None. The read is consistent, so that it sees a revocation at once."""
    return dynamodb.get_item(TableName=table, Key={"key": {"S": key}}, ConsistentRead=True).get("Item")


def attribute(item, name, kind, pattern):
    """Returns an attribute's value. An attribute that is missing or has another type or form is an exception."""
    value = item.get(name, {}).get(kind)
    if value is None or not pattern.fullmatch(value):
        raise ValueError(f"the record of the key is damaged: {name}")
    return value
