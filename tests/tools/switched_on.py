"""Prints template.yaml with defaults that enable everything, for checkers that use only defaults.

switched_on.py jwt|key    the function for the sources
"""

import re
import sys

from stack import EVERYTHING, NEEDED, TEMPLATE

SERVED = ("EventBridgeFunction", "QueueFunction", "TopicFunction")


def main(function: str) -> str:
    """Sets the default of each parameter to its value in a full stack."""
    text = TEMPLATE.read_text(encoding="utf-8")
    for name, value in {**EVERYTHING, **dict.fromkeys(SERVED, function)}.items():
        if name in NEEDED:
            continue
        # Matches from the parameter's name to the default in the same block.
        text, found = re.subn(rf"(?m)(^  {name}:\n(?:    .*\n)*?    Default: ).*", rf'\g<1>"{value}"', text, count=1)
        if not found:
            raise SystemExit(f"template.yaml has no default of {name}")
    return text


if __name__ == "__main__":
    print(main(sys.argv[1]) if sys.argv[1:] in (["jwt"], ["key"]) else sys.exit(__doc__), end="")
