"""Prints template.yaml with everything switched on by its defaults, for checkers that know only those.

switched_on.py jwt|key    which function serves the sources
"""

import re
import sys

from stack import EVERYTHING, NEEDED, TEMPLATE

SERVED = ("EventBridgeFunction", "QueueFunction", "TopicFunction")


def main(function: str) -> str:
    """Gives each parameter of a full stack its value as its default."""
    text = TEMPLATE.read_text(encoding="utf-8")
    for name, value in {**EVERYTHING, **dict.fromkeys(SERVED, function)}.items():
        if name in NEEDED:
            continue
        # From the parameter's name to the default in its own block.
        text, found = re.subn(rf"(?m)(^  {name}:\n(?:    .*\n)*?    Default: ).*", rf'\g<1>"{value}"', text, count=1)
        if not found:
            raise SystemExit(f"template.yaml has no default of {name}")
    return text


if __name__ == "__main__":
    print(main(sys.argv[1]) if sys.argv[1:] in (["jwt"], ["key"]) else sys.exit(__doc__), end="")
