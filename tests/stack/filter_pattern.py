"""Evaluates CloudWatch filter patterns for JSON as in template.yaml: `{ $.a.b = "x" && ($.c = "y" || ...) }`.

In MiniStack, every such pattern matches everything. Supported are properties, `=`, strings, `*` at the end of a string,
`&&`, `||` and brackets.
"""

import json
import re

TOKEN = re.compile(r'\s*(?:(\$(?:\.\w+)+)|("[^"]*")|(&&|\|\||[(){}=]))')


def matches(pattern: str, line: str) -> bool:
    """Whether the pattern matches a log line."""
    tokens = list(tokenize(pattern))
    if tokens[:1] != ["{"] or tokens[-1:] != ["}"]:
        raise ValueError(f"no pattern for JSON: {pattern}")
    try:
        entry = json.loads(line)
    except ValueError:
        return False
    inner = tokens[1:-1]
    found = alternatives(inner, entry)
    if inner:
        raise ValueError(f"not understood from {inner[0]} on: {pattern}")
    return found


def tokenize(pattern: str):
    position = 0
    while position < len(pattern.rstrip()):
        token = TOKEN.match(pattern, position)
        if not token:
            raise ValueError(f"not understood: {pattern[position:]}")
        yield token.group().strip()
        position = token.end()


def alternatives(tokens: list, entry) -> bool:
    found = conjunction(tokens, entry)
    while tokens[:1] == ["||"]:
        tokens.pop(0)
        found = conjunction(tokens, entry) or found
    return found


def conjunction(tokens: list, entry) -> bool:
    found = comparison(tokens, entry)
    while tokens[:1] == ["&&"]:
        tokens.pop(0)
        found = comparison(tokens, entry) and found
    return found


def comparison(tokens: list, entry) -> bool:
    if tokens[0] == "(":
        tokens.pop(0)
        found = alternatives(tokens, entry)
        if tokens.pop(0) != ")":
            raise ValueError("a bracket is not closed")
        return found
    name, sign, value = (tokens.pop(0) for _ in range(3))
    if sign != "=" or not value.startswith('"'):
        raise ValueError(f"not understood: {name} {sign} {value}")
    for part in name.removeprefix("$.").split("."):
        entry = entry.get(part) if isinstance(entry, dict) else None
    text = value.strip('"')
    return isinstance(entry, str) and entry.startswith(text[:-1]) if text.endswith("*") else entry == text
