"""`make revoke`: revokes keys by deleting their records. A key stops working at the next read.

stdout has only the UUIDs of the deleted keys, however the program ends; messages are on stderr.
boto3 is the version that aws-sam-cli requires."""

import argparse
import os
import re
import shlex
import sys
from collections import defaultdict, deque
from datetime import datetime, timezone
from itertools import islice

# The table of `make run`.
LOCAL_TABLE = "apikeys"
LOCAL_PORT = 9001

USAGE = "make revoke KEY=uuid|USER=id [DESCENDANTS=1|keys] [TABLE=name] [REGION=region] [APPLY=1]"
HELP = """Shows the keys to delete. With APPLY=1, deletes the keys and prints their UUIDs; a restore must leave these out.
DESCENDANTS=1 includes the keys that a key created, the keys that replaced it by rotation, and all their descendants,
even if the named key is deleted. DESCENDANTS=keys excludes rotations: a secret that was rotated since keeps its key.
If a key between the named key and a descendant is deleted, the descendant is not found. Secrets are never deleted.
Without TABLE, the table is that of `make run`. Exit status: 0 all keys are deleted (or shown), 1 not all keys are
deleted or there is no such key, 2 a malformed option; make exits with 2 for 1 and 2."""

# Items with other keys, such as the stored answers under `idem#...`, are no API keys: no credential can name them.
KEY = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
SHOWN = ("key", "level", "userId", "createdBy", "expiresAt", "name")
SAME = ("userId", "secretHash")
HINTS = 20


def main(options):
    table = Table(options)
    say(f"Table {table.name} at {table.endpoint}")
    if not options.apply:
        return preview(options, table)
    gone, changed = [], []
    try:
        for items in waves(options, table):
            show(items)
            for item in items:
                key = item["key"]["S"]
                if table.delete(item):
                    gone.append(key)
                    print(key, flush=True)
                else:
                    changed.append(key)
    except BaseException as error:
        raise Failed(f"{count(gone)} gone, more may be there: repeat it. {reason(error)}") from error
    if changed:
        raise Failed(f"{count(gone)} gone, {len(changed)} changed meanwhile and not: repeat it. {' '.join(changed)}")
    conclude(options, table, gone)
    say(f"{count(gone)} gone.")


def preview(options, table):
    items = [item for wave in islice(waves(options, table), 2) for item in wave]
    show(items)
    conclude(options, table, items)
    if items:
        say(f"{count(items)} there, and nothing was deleted. To delete: {options.command} APPLY=1")


def conclude(options, table, found):
    if not found and options.key:
        made = " nor one that it made" if options.follow else ""
        raise Failed(f"no key {options.key} is there{made}: it never was, it is revoked, or it is over")
    if not found:
        say(f"User {options.user} has no keys.")
    table.hint(options.follow)


def waves(options, table):
    """Lists of items to delete: the named key, then the results of each scan, until a scan finds nothing.

    The named key is first, since it has leaked and can be named again. The youngest generation is next, so that after
    an interruption a second run finds the other keys by their ancestors."""
    if options.key:
        table.known.add(options.key)
        yield table.read([options.key])
    while (options.user or options.follow) and (keys := select(options, table)):
        table.known.update(keys)
        yield table.read(keys)


def select(options, table):
    table.scan()
    own = [key for key, (_, user) in table.keys.items() if options.user and user == options.user]
    return [
        *descendants(table.keys, table.known.union(own), options.follow),
        *(key for key in own if key not in table.known),
    ]


def descendants(keys, ancestors, follow):
    children = defaultdict(list)
    for key, (created_by, _) in keys.items():
        children[creator(created_by, follow)].append(key)
    found, queue = {}, deque(ancestors)
    while queue:
        for key in children[queue.popleft()]:
            if key not in ancestors and key not in found:  # avoids an endless loop over a cycle
                found[key] = True
                queue.append(key)
    return list(reversed(found))


def creator(created_by, follow):
    kind, _, key = created_by.partition(":")
    return key if kind in follow else None


class Table:
    """The table of keys, the last scan, and the keys to revoke."""

    def __init__(self, options):
        self.name = options.table or LOCAL_TABLE
        self.client = connect(options)
        self.endpoint = self.client.meta.endpoint_url
        self.keys = {}  # the last scan: from key to creator and user
        self.known = set()  # all keys to revoke so far
        self.users = set()

    def scan(self):
        pages = self.client.get_paginator("scan").paginate(
            TableName=self.name,
            ConsistentRead=True,
            ProjectionExpression="#key, #createdBy, #userId",
            ExpressionAttributeNames=names("key", "createdBy", "userId"),
        )
        items = (item for page in pages for item in page["Items"] if KEY.fullmatch(item["key"]["S"]))
        self.keys = {item["key"]["S"]: (text(item, "createdBy"), text(item, "userId")) for item in items}

    def read(self, keys):
        gets = (self.client.get_item(TableName=self.name, Key={"key": {"S": key}}, ConsistentRead=True) for key in keys)
        items = [get["Item"] for get in gets if "Item" in get]
        self.users.update(text(item, "userId") for item in items)
        return items

    def delete(self, item):
        """Deletes the item; True also if it no longer exists, for example because the reply to a first try was lost."""
        values = {f":{name}": item[name] for name in SAME if name in item}
        same = [f"#{name} = :{name}" if name in item else f"attribute_not_exists(#{name})" for name in SAME]
        try:
            self.client.delete_item(
                TableName=self.name,
                Key={"key": item["key"]},
                ConditionExpression=" AND ".join(["attribute_exists(#key)", *same]),
                ExpressionAttributeNames=names("key", *SAME),
                **({"ExpressionAttributeValues": values} if values else {}),
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except self.client.exceptions.ConditionalCheckFailedException as error:
            return not error.response.get("Item")
        return True

    def hint(self, follow):
        """Prints the deleted creators of other keys of the same user: their own creator is unknown."""
        made = {key: (creator(by, follow), user) for key, (by, user) in self.keys.items() if key not in self.known}
        gone = {by for by, user in made.values() if by and user in self.users and by not in self.keys.keys() | self.known}
        if gone:
            say(f"Other keys of the same user have {len(gone)} deleted creators. If a key above made one, revoke it too:")
            for key in sorted(gone)[:HINTS]:
                say(f"  KEY={printable(key)} DESCENDANTS=1")


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


# --- Output. A damaged item may hold anything, so its values are checked and escaped.


def text(item, name):
    ((kind, value),) = item.get(name, {"NULL": True}).items()
    return value if kind in "SN" else ""


def printable(value):
    return value if value.isprintable() else repr(value)


def show(items):
    if not items:
        return
    say("  ".join(("key".ljust(36), "level", "userId", "createdBy", "expiresAt", "name")))
    for item in items:
        say("  ".join(field(item, name) for name in SHOWN))
    users = sorted({printable(text(item, "userId")) for item in items})
    say(
        "Delivered keys are also in secrets. Delete such a secret first (docs/events.md, Revoke a delivered key). Names: "
        + " ".join(f"<DeliveryPrefix>{user}/..." for user in users)
    )


def field(item, name):
    value = text(item, name)
    if name == "name":
        return repr(value)
    if name == "expiresAt":
        try:
            value = datetime.fromtimestamp(int(value), timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        except (ValueError, OverflowError, OSError):
            pass
    return printable(value) or "?"


def count(keys):
    return "1 key is" if len(keys) == 1 else f"{len(keys)} keys are"


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
    follow = {"": (), "0": (), "1": ("key", "rotation"), "keys": ("key",)}
    parser.add_argument("--descendants", default="", type=checked(follow.__contains__, "1 or `keys`"))
    parser.add_argument("--table", type=checked(re.compile(r"\S+").fullmatch, "the name of a table"))
    parser.add_argument("--region", type=checked(re.compile(r"[a-z0-9-]+").fullmatch, "the name of a region"))
    parser.add_argument("--apply", default="", type=checked(("", "0", "1").__contains__, "1"))
    parser.add_argument("--port", default=LOCAL_PORT, type=int, help="of the local table")
    options = parser.parse_args(arguments)
    if (options.key is None) == (options.user is None):
        parser.error(f"name a key or a user: {USAGE}")
    if options.region and not options.table:
        parser.error("REGION requires TABLE")
    given = [("KEY", "key"), ("USER", "user"), ("DESCENDANTS", "descendants"), ("TABLE", "table"), ("REGION", "region")]
    values = [f"{name}={shlex.quote(value)}" for name, field in given if (value := getattr(options, field))]
    options.command = " ".join(["make revoke", *values])
    options.follow, options.apply = follow[options.descendants], options.apply == "1"
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


if __name__ == "__main__":
    try:
        main(parse(sys.argv[1:]))
    except (Exception, KeyboardInterrupt) as error:
        say(f"revoke: {reason(error)}")
        sys.exit(1)
