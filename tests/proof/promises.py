"""`make prove PROOF=tables`: writes the tables of SECURITY.md and tests/proof/README.md.

The sources are promises.tsv, survivors.tsv and figures/*.tsv. Each promise names its tests, which must exist, and at
most one figure. With `--check` nothing is written, and an outdated document is an error.
"""

import csv
import re
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
TESTS = ROOT / "tests"


def rows(file: Path) -> list[list[str]]:
    with file.open(encoding="utf-8") as lines:
        return list(csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))


def figures(name: str) -> list[list[str]]:
    return rows(HERE / f"figures/{name}.tsv")


def figure(name: str, what: str) -> str:
    """The second field of the row whose first field begins with `what`."""
    found = [row[1] for row in figures(name) if row[0].startswith(what)]
    if len(found) != 1:
        raise SystemExit(f"figures/{name}.tsv: there are {len(found)} rows of {what}")
    return found[0]


def number(text: str) -> int:
    return int(text.replace(",", ""))


def of_differential() -> str:
    row = re.search(r"^\| All \| (\d+) \| \d+ \| \d+ \| (\d+) \| (\d+) \|$", (HERE / "differential/README.md").read_text(), re.MULTILINE)
    return f"{row[1]} tokens; FreeSewing accepts {row[2]} that are refused here, and refuses {row[3]} that are accepted"


# One line for each kind of figure; the key is a heading of tests/proof/README.md.
SUMMARIES = {
    "differential": of_differential,
    "model": lambda: f"{number(figure('model', 'requests')):,} random requests, all answered as in the model",
    "fuzz": lambda: f"{sum(number(row[2]) for row in figures('fuzz')[1:]):,} inputs, no findings",
    "faults": lambda: f"{sum(len(figures(name)) - 1 for name in FAULTS)} faults, all answered",
    "load": lambda: f"{number(figure('load', 'requests')):,} requests over {number(figure('load', 'calls of DynamoDB')):,} faults, "
    f"{figure('load', 'wrong')} wrong",
    "fence": lambda: f"{number(figure('fence', 'chains')):,} chains, {number(figure('fence', 'keys')):,} keys, "
    f"{figure('fence', 'authenticated')} authenticated after the 204",
    "timing": lambda: f"abs(t) at most {max(row[3] for row in figures('timing')[1:])}, below the threshold of 4.5",
    "mutants": lambda: f"{figures('mutants')[-1][4]} of the mutants caught",
}
FAULTS = ["faults-write", "faults-read", "faults-reach", "faults-deadline", "faults-frozen"]


def table(head: list[str], body: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *body]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def test(name: str) -> str:
    """A link to a test. It must exist."""
    file, function = name.split("::")
    path = (TESTS / file).resolve()
    if not re.search(rf"^\s*(async )?fn {function}\(", path.read_text(), re.MULTILINE):
        raise SystemExit(f"promises.tsv: there is no {function} in {file}")
    return f"[{function.replace('_', ' ')}]({path.relative_to(ROOT)})"


def promises() -> str:
    lines = []
    for promise, tests, kind in rows(HERE / "promises.tsv")[1:]:
        shown = f"[{SUMMARIES[kind]()}](tests/proof/README.md#{kind})" if kind else ""
        lines.append([promise, "; ".join(test(name) for name in tests.split()), shown])
    return table(["Promised", "Tests", "Figure"], lines)


def faults(name: str) -> str:
    """A table with a row for each fault, and a column for each function and frequency."""
    head, *body = figures(name)
    columns, found = [], {}
    for fault, function, answer, took, left in body:
        fault, _, how = fault.rpartition(", ") if re.search(", (once|always)$", fault) else (fault, "", "")
        column = f"{function}, {how}" if how else function
        if column not in columns:
            columns.append(column)
        kept = f", {left} left behind" if left != "0" else ""
        found.setdefault(fault, {})[column] = f"{answer} in {took} ms{kept}"
    return table(["fault", *columns], [[fault, *(cells.get(column, "") for column in columns)] for fault, cells in found.items()])


def survivors() -> str:
    """The mutants that no test catches, with the reason."""
    head, *body = rows(HERE / "survivors.tsv")
    return table(head, [[f"`{mutant}`".replace("|", "\\|"), why] for mutant, why in body])


def shown(name: str) -> str:
    match name.split():
        case ["promises"]:
            return promises()
        case ["survivors"]:
            return survivors()
        case ["faults", name]:
            return faults(name)
        case ["figures", name]:
            head, *body = figures(name)
            return table(head, body)
    raise SystemExit(f"unknown table: {name}")


def filled(text: str) -> str:
    """Writes a table between each pair of markers."""
    pattern = r"<!-- ((?:promises|survivors|faults|figures)[ \w-]*?) -->\n.*?<!-- end -->"
    return re.sub(pattern, lambda match: f"<!-- {match[1]} -->\n\n{shown(match[1])}\n\n<!-- end -->", text, flags=re.DOTALL)


def main() -> int:
    stale = False
    for file in (ROOT / "SECURITY.md", ROOT / "tests/proof/README.md"):
        text = file.read_text()
        written = filled(text)
        if "--check" not in sys.argv:
            file.write_text(written)
        elif written != text:
            print(f"{file.relative_to(ROOT)} is not what `make prove PROOF=tables` writes", file=sys.stderr)
            stale = True
    return stale


if __name__ == "__main__":
    sys.exit(main())
