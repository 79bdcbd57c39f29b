"""Checks a stage of samconfig.toml for `make deploy` and `make delete`. Its folder is the current one.

stage.py deploy NAME    writes .aws-sam/deploy.toml for `sam deploy`, and prints the architecture to build for
stage.py url NAME       prints the API's address of the deployed stage
stage.py delete NAME    asks for the stack's name, unless the variable CONFIRM has it
"""

import hashlib
import json
import os
import sys
from pathlib import Path

import boto3  # comes with aws-sam-cli, as does tomlkit
import tomlkit
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from stack import Stack

CONFIG = Path("samconfig.toml")
READY = Path(".aws-sam/deploy.toml")
STAYS = "its table of keys, its log groups and the secrets it delivered"


def main(action: str, name: str) -> str:
    """Returns the result for make; a problem ends the program with one line."""
    config = tomlkit.parse(CONFIG.read_text(encoding="utf-8")).unwrap()
    stages = sorted(stage for stage in config if stage not in ("version", "default"))
    if name not in stages:
        raise SystemExit(f"set STAGE to one of the stages in samconfig.toml: {', '.join(stages)}")
    return {"deploy": deploy, "url": url, "delete": delete}[action](name, config[name])


def deploy(name: str, stage: dict) -> str:
    """Refuses what would fail after the build, and derives ConfigRevision."""
    parameters = stage["deploy"]["parameters"].setdefault("parameter_overrides", {})
    if not isinstance(parameters, dict):
        raise SystemExit(f"samconfig.toml: parameter_overrides of stage {name} must be a table")
    missing = [key for key, value in parameters.items() if value == ""]
    if missing:
        raise SystemExit(f"samconfig.toml: fill in or remove {', '.join(missing)} of stage {name}")
    if "JwtSecret" in parameters:
        raise SystemExit("samconfig.toml is committed and must not contain JwtSecret: set JwtSecretArn")
    try:
        stack = Stack({key: str(value) for key, value in parameters.items()})
    except AssertionError as unknown:
        raise SystemExit(f"samconfig.toml: stage {name}: {unknown}") from None
    if refusals := stack.refusals():
        raise SystemExit(f"samconfig.toml: stage {name}: {'; '.join(refusals)}")
    show_identity(stage)
    if os.environ.get("CONFIRM"):
        confirm(stage)
        stage["deploy"]["parameters"]["confirm_changeset"] = False
    # With an update, `sam deploy` keeps the last value of each parameter that it does not get.
    stage["deploy"]["parameters"]["parameter_overrides"] = {
        **stack.defaults, **parameters, "ConfigRevision": revision(stack)
    }
    READY.parent.mkdir(exist_ok=True)
    READY.write_text(tomlkit.dumps({"version": 0.1, name: stage}), encoding="utf-8")
    return parameters.get("Architecture", "arm64")


def revision(stack: Stack) -> str:
    """A hash of what the parameters make of the functions' environment variables, and of a ConfigRevision among them.

    Other parameters, such as a limit of the API, publish no version: CodeDeploy would refuse it during an alarm.
    """
    functions = stack.of("AWS::Lambda::Function").keys() - {"NewVersionCheck"}
    variables = {name: stack.environment(name) for name in functions}
    values = [stack.parameters["ConfigRevision"], variables]
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:12]


def url(_: str, stage: dict) -> str:
    """The output ApiUrl of the stage's stack."""
    formation = session(stage).client("cloudformation")
    [stack] = formation.describe_stacks(StackName=stack_name(stage))["Stacks"]
    return next(one["OutputValue"] for one in stack["Outputs"] if one["OutputKey"] == "ApiUrl")


def delete(_: str, stage: dict) -> str:
    """Asks for the stack's name, since a deletion cannot be undone."""
    show_identity(stage)
    stack = stack_name(stage)
    print(f"This deletes the stack {stack}: the API, functions, alarms, and queues with messages.", file=sys.stderr)
    print(f"What stays: {STAYS}. Existing keys stay valid for every program that reads this table.", file=sys.stderr)
    if not os.environ.get("CONFIRM"):
        print("Type the stack's name to continue: ", end="", file=sys.stderr, flush=True)
        os.environ["CONFIRM"] = sys.stdin.readline().strip()
    confirm(stage)
    return stack


def confirm(stage: dict) -> None:
    """Requires the stack's name as CONFIRM."""
    if os.environ["CONFIRM"] != stack_name(stage):
        raise SystemExit(f"nothing was done: CONFIRM is not the stack's name, {stack_name(stage)}")


def stack_name(stage: dict) -> str:
    return stage["global"]["parameters"]["stack_name"]


def session(stage: dict) -> boto3.Session:
    """The profile and the region that `sam` will use."""
    settings = {**stage["global"]["parameters"], **stage.get("deploy", {}).get("parameters", {})}
    return boto3.Session(profile_name=settings.get("profile"), region_name=settings.get("region"))


def show_identity(stage: dict) -> None:
    """Prints the account, the region and the caller; without credentials or a region, the program ends."""
    try:
        used = session(stage)
        if not used.region_name:
            raise SystemExit("no AWS region: set AWS_REGION, or a region in your AWS profile")
        quick = Config(connect_timeout=5, read_timeout=10, retries={"total_max_attempts": 2})
        caller = used.client("sts", config=quick).get_caller_identity()
    except (BotoCoreError, ClientError) as error:
        raise SystemExit(f"no valid AWS credentials: sign in, or set AWS_PROFILE ({error})") from None
    print(f"Account {caller['Account']}, region {used.region_name}, as {caller['Arn']}", file=sys.stderr)


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] not in ("deploy", "url", "delete"):
        raise SystemExit(__doc__)
    print(main(*sys.argv[1:]))
