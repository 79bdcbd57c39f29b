"""Checks a stage of samconfig.toml for `make deploy` and `make delete`.

stage.py deploy NAME    prints the architecture to build for, or the missing parameters
stage.py delete NAME    asks for the name again
"""

import sys
from pathlib import Path

import tomlkit  # comes with aws-sam-cli

CONFIG = Path(__file__).parents[2] / "samconfig.toml"
STAYS = "its table of keys, its log groups and the secrets it delivered"


def main(action: str, name: str) -> str:
    """Returns the result for make; a problem ends the program."""
    config = tomlkit.parse(CONFIG.read_text(encoding="utf-8")).unwrap()
    stages = sorted(stage for stage in config if stage not in ("version", "default"))
    if name not in stages:
        raise SystemExit(f"set STAGE to one of the stages in samconfig.toml: {', '.join(stages)}")
    return {"deploy": deploy, "delete": delete}[action](name, config[name])


def deploy(name: str, stage: dict) -> str:
    """Refuses a stage that is not filled in."""
    parameters = stage["deploy"]["parameters"].get("parameter_overrides", {})
    if not isinstance(parameters, dict):
        raise SystemExit(f"samconfig.toml: parameter_overrides of stage {name} must be a table")
    missing = [key for key, value in parameters.items() if value == ""]
    if missing:
        raise SystemExit(f"samconfig.toml: fill in or remove {', '.join(missing)} of stage {name}")
    if "JwtSecret" in parameters:
        raise SystemExit("samconfig.toml is committed and must not contain JwtSecret: set JwtSecretArn")
    return parameters.get("Architecture", "arm64")


def delete(name: str, stage: dict) -> str:
    """Asks for the stage's name, since a deletion cannot be undone."""
    stack = stage["global"]["parameters"]["stack_name"]
    print(f"This deletes the stack {stack}: the API, functions, alarms, and queues with messages.", file=sys.stderr)
    print(f"What stays: {STAYS}. Existing keys stay valid for every program that reads this table.", file=sys.stderr)
    print("Type the stage's name to continue: ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip() != name:
        raise SystemExit("nothing was deleted")
    return stack


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] not in ("deploy", "delete"):
        raise SystemExit(__doc__)
    print(main(*sys.argv[1:]))
