"""`make revoke`: revokes a key, a key with its chain, or all keys of a user, with the writes of the functions.

A revoked key keeps its item until its TTL, with a hash of zeros, so no retry of an event stores the key again. A
revoked chain has an item `fence#<chain>`, which each verification of a later key of the chain reads.
stdout has only the UUIDs of the revoked keys, however the program ends; messages are on stderr.
boto3 is the version that aws-sam-cli requires."""

import argparse
import os
import re
import shlex
import sys
import time
from datetime import datetime, timezone

# The table of `make run`.
LOCAL_TABLE = "apikeys"
LOCAL_PORT = 9001

USAGE = "make revoke KEY=uuid|USER=id [CHAIN=1] [TABLE=name] [REGION=region] [APPLY=1]"
HELP = """Shows the keys to revoke. With APPLY=1, revokes the keys and prints their UUIDs.
KEY revokes one key; the keys that it created stay valid. With CHAIN=1 it revokes the key's chain: the key that began
the chain and every key that descends from that key, by creation or by rotation, also keys that are created later.
USER revokes all keys of a user, with their chains. Secrets are never deleted.
Without TABLE, the table is that of `make run`. Exit status: 0 the keys are revoked (or shown), 1 not all keys are
revoked or there is no such key, 2 a malformed option; make exits with 2 for 1 and 2."""

INDEX = "byUser"
FENCE = "fence#"
# Items with other keys, such as the stored answers under `idem#...`, are no API keys: no credential can name them.
KEY = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
SHOWN = ("key", "level", "userId", "createdBy", "chain", "expiresAt", "name")

MARK = "SET #secretHash = :noHash, #revokedAt = :now, #revokedBy = :by"
LIVING = "attribute_exists(#secretHash) AND attribute_not_exists(#revokedAt) AND #expiresAt > :now"
MARKED = ("secretHash", "revokedAt", "revokedBy", "expiresAt")
REVOKED_BY = {"S": "operator"}
# Verifiers compare a hash with the stored one; nobody knows a secret with this hash.
NO_HASH = {"B": bytes(32)}

CONFLICTS = 10
PASSING = {"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"}


def main(options):
    table = Table(options)
    say(f"Table {table.name} at {table.endpoint}")
    if options.user:
        return revoke_user(options, table)
    item = table.read(options.key)
    if not item:
        raise Failed(f"no key {options.key} is there: it never was, or it is over")
    show([item])
    if options.chain:
        revoke_chain(options, table, item)
    else:
        revoke_key(options, table, item)


def revoke_key(options, table, item):
    key = options.key
    if "revokedAt" in item:
        say(f"{key} is revoked already, since {moment(item, 'revokedAt')}, by {printable(text(item, 'revokedBy')) or '?'}.")
        return print(key, flush=True) if options.apply else None
    if not is_markable(item):
        raise Failed(f"{key} {DAMAGED}")
    if not is_living(item):
        raise Failed(f"{key} is over")
    if not options.apply:
        return propose(options, "1 key is living. The keys that it created stay valid, unless you add CHAIN=1")
    if not table.mark(key):
        raise Failed(f"{key} changed meanwhile and is not revoked: repeat it")
    print(key, flush=True)
    say("1 key is revoked. The keys that it created stay valid.")


def revoke_chain(options, table, item):
    chain, user = text(item, "chain"), text(item, "userId")
    if not KEY.fullmatch(chain) or not is_user(user):
        raise Failed(f"{options.key} {DAMAGED}")
    if not options.apply:
        if table.read(FENCE + chain):
            say(f"The chain {chain} is revoked already.")
        members = [item for item in table.of_user(user) if text(item, "chain") == chain and is_living(item)]
        show(members)
        return propose(options, f"The chain {chain} has {count(members)} that {verb(members)} not marked as revoked")
    for key in table.revoke_chain(options.key, chain, user):
        print(key, flush=True)
    say(f"The chain {chain} is revoked: no key of it authenticates.")


def revoke_user(options, table):
    """Revokes each key with its chain, and looks again until no other key is there, since keys can be created
    meanwhile. A key of a revoked chain can't create a valid one, so this ends."""
    seen, revoked, fenced = set(), [], set()
    try:
        while items := [item for item in table.of_user(options.user) if text(item, "key") not in seen and is_living(item)]:
            show(items)
            if not options.apply:
                return propose(options, f"{count(items)} living")
            for item in items:
                for key in table.revoke_of_user(item, options.user, fenced):
                    if key not in revoked:
                        revoked.append(key)
                        print(key, flush=True)
                seen.add(text(item, "key"))
    except BaseException as error:
        raise Failed(f"{count(revoked)} revoked, more may be living: repeat it. {reason(error)}") from error
    say(f"{count(revoked)} revoked." if seen else f"User {options.user} has no living keys.")


def propose(options, found):
    say(f"{found}. Nothing was revoked. To revoke: {options.command} APPLY=1")


class Table:
    """The table of keys."""

    def __init__(self, options):
        self.name = options.table or LOCAL_TABLE
        self.client = connect(options)
        self.endpoint = self.client.meta.endpoint_url

    def read(self, key):
        return self.client.get_item(TableName=self.name, Key={"key": {"S": key}}, ConsistentRead=True).get("Item")

    def of_user(self, user):
        """The user's keys, from the index, which lags by a moment."""
        pages = self.client.get_paginator("query").paginate(
            TableName=self.name,
            IndexName=INDEX,
            KeyConditionExpression="#userId = :userId",
            ExpressionAttributeNames=names("userId"),
            ExpressionAttributeValues={":userId": {"N": user}},
        )
        return [item for page in pages for item in page["Items"] if KEY.fullmatch(text(item, "key"))]

    def mark(self, key):
        """Whether the key is revoked, now or already, for example because the reply to a first try was lost."""
        try:
            self.client.update_item(**self.update(key))
        except self.client.exceptions.ConditionalCheckFailedException as error:
            return "revokedAt" in error.response.get("Item", {})
        return True

    def revoke_chain(self, key, chain, user):
        """Puts the fence, and marks the key and the chain's first key. Returns the keys that are marked. What stands
        already, or is over, is left out."""
        fence = FENCE + chain
        writes = {fence: {"Put": self.fence(fence, user)}}
        writes |= {marked: {"Update": self.update(marked)} for marked in (key, chain)}
        revoked, conflicts = [], 0
        while writes:
            try:
                self.client.transact_write_items(TransactItems=list(writes.values()))
                return revoked + [written for written in writes if written != fence]
            except self.client.exceptions.TransactionCanceledException as error:
                reasons = dict(zip(writes, error.response["CancellationReasons"], strict=True))
                conflicts += 1
                if conflicts > CONFLICTS:
                    raise
            codes = {written: why.get("Code") for written, why in reasons.items()}
            for written in [written for written, code in codes.items() if code == "ConditionalCheckFailed"]:
                del writes[written]
                if written != fence and "revokedAt" in reasons[written].get("Item", {}):
                    revoked.append(written)
            if "ConditionalCheckFailed" not in codes.values():
                if not PASSING & set(codes.values()):
                    raise Failed(f"DynamoDB canceled the transaction: {' '.join(filter(None, codes.values()))}")
                time.sleep(0.05 * 2 ** min(conflicts, 5))
        return revoked

    def revoke_of_user(self, item, user, fenced):
        """Revokes a key and, once, its chain. Returns the keys that are marked."""
        key, chain = text(item, "key"), text(item, "chain")
        if chain in fenced or not KEY.fullmatch(chain):
            return [key] if self.mark(key) else []
        fenced.add(chain)
        return self.revoke_chain(key, chain, user)

    def update(self, key):
        return {
            "TableName": self.name,
            "Key": {"key": {"S": key}},
            "UpdateExpression": MARK,
            "ConditionExpression": LIVING,
            "ExpressionAttributeNames": names(*MARKED),
            "ExpressionAttributeValues": {":noHash": NO_HASH, ":now": {"N": str(now())}, ":by": REVOKED_BY},
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }

    def fence(self, fence, user):
        item = {"key": {"S": fence}, "owner": {"N": user}, "revokedAt": {"N": str(now())}, "revokedBy": REVOKED_BY}
        return {
            "TableName": self.name,
            "Item": item,
            "ConditionExpression": "attribute_not_exists(#key)",
            "ExpressionAttributeNames": names("key"),
        }


def connect(options):
    if not options.table:  # ignore all settings for AWS
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            del os.environ[name]
        os.environ.update(AWS_CONFIG_FILE=os.devnull, AWS_SHARED_CREDENTIALS_FILE=os.devnull)

    import boto3
    from botocore.config import Config

    tries = {"mode": "standard", "total_max_attempts": 8 if options.table else 3}
    config = {"connect_timeout": 5, "read_timeout": 20, "retries": tries}
    if options.table:
        return boto3.client("dynamodb", region_name=options.region, config=Config(**config))
    return boto3.client(
        "dynamodb",
        endpoint_url=f"http://127.0.0.1:{options.port}",
        region_name="us-east-1",
        aws_access_key_id="local",
        aws_secret_access_key="local",
        config=Config(**config, proxies={}),
    )


def names(*attributes):
    return {f"#{name}": name for name in attributes}


def now():
    return int(time.time())


# --- The state of an item. A damaged item may hold anything.

DAMAGED = "has a damaged record, which authenticates nothing: delete the item"


def is_markable(item):
    return "secretHash" in item and number(item, "expiresAt") is not None


def is_living(item):
    expires_at = number(item, "expiresAt")
    return "revokedAt" not in item and expires_at is not None and expires_at > now()


def number(item, name):
    value = item.get(name, {}).get("N", "")
    return int(value) if re.fullmatch(r"[0-9]{1,38}", value) else None


# --- Output. Values of items are checked and escaped.


def text(item, name):
    ((kind, value),) = item.get(name, {"NULL": True}).items()
    return value if kind in "SN" else ""


def printable(value):
    return value if value.isprintable() else repr(value)


def show(items):
    if not items:
        return
    say("  ".join(("key".ljust(36), "level", "userId", "createdBy", "chain", "expiresAt", "name")))
    for item in items:
        say("  ".join(field(item, name) for name in SHOWN))
    users = sorted({printable(text(item, "userId")) for item in items})
    say(
        "Delivered keys are also in secrets, which stay (docs/events.md, Revoke a delivered key). Names: "
        + " ".join(f"<DeliveryPrefix>{user}/..." for user in users)
    )


def field(item, name):
    if name == "name":
        return repr(text(item, name))
    return moment(item, name) if name == "expiresAt" else printable(text(item, name)) or "?"


def moment(item, name):
    value = text(item, name)
    try:
        return datetime.fromtimestamp(int(value), timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError, OSError):
        return printable(value) or "?"


def count(keys):
    return f"1 key {verb(keys)}" if len(keys) == 1 else f"{len(keys)} keys {verb(keys)}"


def verb(keys):
    return "is" if len(keys) == 1 else "are"


def say(line):
    print(line, file=sys.stderr, flush=True)


class Failed(Exception):
    pass


def reason(error):
    line = " ".join(str(error).split()) or type(error).__name__
    return line if "connect to the endpoint" not in line else f"{line} (without TABLE, that is `make run`)"


# --- Options


def parse(arguments):
    parser = Parser(usage=USAGE, description=HELP, allow_abbrev=False, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--key", type=checked(KEY.fullmatch, "a lower-case UUID with hyphens"))
    parser.add_argument("--user", type=checked(is_user, "a whole number from 1 to 2^53-1"))
    parser.add_argument("--chain", default="", type=checked(is_switch, "1"))
    parser.add_argument("--table", type=checked(re.compile(r"\S+").fullmatch, "the name of a table"))
    parser.add_argument("--region", type=checked(re.compile(r"[a-z0-9-]+").fullmatch, "the name of a region"))
    parser.add_argument("--apply", default="", type=checked(is_switch, "1"))
    parser.add_argument("--port", default=LOCAL_PORT, type=int, help="of the local table")
    options = parser.parse_args(arguments)
    if (options.key is None) == (options.user is None):
        parser.error(f"name a key or a user: {USAGE}")
    if options.region and not options.table:
        parser.error("REGION requires TABLE")
    options.chain, options.apply = options.chain == "1", options.apply == "1"
    if options.chain and options.user:
        parser.error("CHAIN requires KEY; USER always revokes the chains of the user's keys")
    given = [("KEY", options.key), ("USER", options.user), ("CHAIN", "1" if options.chain else None)]
    given += [("TABLE", options.table), ("REGION", options.region)]
    values = [f"{name}={shlex.quote(value)}" for name, value in given if value]
    options.command = " ".join(["make revoke", *values])
    return options


class Parser(argparse.ArgumentParser):
    def error(self, message):
        say(f"revoke: {message}")
        sys.exit(2)


def checked(accepts, what):
    def check(value):
        if not accepts(value):
            raise argparse.ArgumentTypeError(f"{value!r} is not {what}")
        return value

    return check


def is_user(value):
    return re.fullmatch(r"[1-9][0-9]{0,15}", value) and int(value) < 2**53


def is_switch(value):
    return value in ("", "0", "1")


if __name__ == "__main__":
    try:
        main(parse(sys.argv[1:]))
    except (Exception, KeyboardInterrupt) as error:
        say(f"revoke: {reason(error)}")
        sys.exit(1)
