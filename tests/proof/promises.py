"""`make proof`: writes the table of SECURITY.md and the tables of docs/proof.md from promises.tsv and figures/*.tsv.

Each promise names its tests, which must exist. With `--check` nothing is written, and a document that is not what would be
written is an error.
"""

import csv
import re
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
TESTS = ROOT / "tests"


def rows(file: Path) -> list[list[str]]:
    with file.open() as lines:
        return list(csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))


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
    head, *body = rows(HERE / "promises.tsv")
    known = dict(rows(HERE / "figures/summary.tsv")[1:])
    said = []
    for promise, tests, figure in body:
        if figure and figure not in known:
            raise SystemExit(f"promises.tsv: figures/summary.tsv has no {figure}")
        shown = f"[{known[figure]}](docs/proof.md#{figure})" if figure else ""
        said.append([promise, "; ".join(test(name) for name in tests.split()), shown])
    return table(["Promised", "Tests", "Figure"], said)


def figures(name: str) -> str:
    head, *body = rows(HERE / f"figures/{name}.tsv")
    return table(head, body)


def filled(text: str) -> str:
    """Puts a table between each pair of markers: `<!-- promises -->` or `<!-- figures NAME -->`, and `<!-- end -->`."""

    def fill(match: re.Match) -> str:
        what = promises() if match[1] == "promises" else figures(match[1].split()[1])
        return f"<!-- {match[1]} -->\n\n{what}\n\n<!-- end -->"

    return re.sub(r"<!-- (promises|figures [\w-]+) -->\n.*?<!-- end -->", fill, text, flags=re.DOTALL)


def main() -> int:
    stale = False
    for file in (ROOT / "SECURITY.md", ROOT / "docs/proof.md"):
        text = file.read_text()
        written = filled(text)
        if "--check" not in sys.argv:
            file.write_text(written)
        elif written != text:
            print(f"{file.relative_to(ROOT)} is not what `make proof` writes", file=sys.stderr)
            stale = True
    return stale


if __name__ == "__main__":
    sys.exit(main())
