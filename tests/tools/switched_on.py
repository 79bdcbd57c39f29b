"""Prints template.yaml without anchors, for checkers that use only defaults and do not know YAML's merge keys.

switched_on.py off        as it is
switched_on.py jwt|key    with defaults that enable everything; the function for the sources
"""

import sys

from samcli.yamlhelper import yaml_dump, yaml_parse
from stack import EVERYTHING, NEEDED, TEMPLATE

SERVED = ("EventBridgeFunction", "QueueFunction", "TopicFunction")


def main(function: str) -> str:
    """Sets the default of each parameter to its value in a full stack."""
    template = yaml_parse(TEMPLATE.read_text(encoding="utf-8"))
    for name, value in {**EVERYTHING, **dict.fromkeys(SERVED, function)}.items():
        if name not in NEEDED and function != "off":
            template["Parameters"][name]["Default"] = value
    return yaml_dump(template)


if __name__ == "__main__":
    print(main(sys.argv[1]) if sys.argv[1:] in (["off"], ["jwt"], ["key"]) else sys.exit(__doc__), end="")
