"""`make bench-guard`: compares the instructions of a start and of a warm request with the committed counts.

Unlike times, counts are repeatable. `--update` writes the new counts; give the reason in the commit.
"""

import shutil
import subprocess
import sys
from pathlib import Path

from programs import OURS, counted

FIGURES = Path(__file__).with_name("instructions.tsv")
ALLOWED = 0.05


def counted_again(program, tries: int = 3) -> tuple[int, int]:
    """Counts again after a failed request: on a busy machine, the SDK's timeouts can expire in valgrind."""
    for _ in range(tries - 1):
        try:
            return counted(program)
        except SystemExit as failure:
            print(f"bench-guard: counting again after: {failure}", file=sys.stderr)
    return counted(program)


def main() -> int:
    if shutil.which("valgrind") is None:
        print("bench-guard: valgrind is missing, nothing was checked")
        return 0
    found = {}
    for program in OURS:
        found[program.name, "start"], found[program.name, "request"] = counted_again(program)
    if "--update" in sys.argv:
        toolchain = subprocess.run(["rustc", "--version"], text=True, capture_output=True, check=True).stdout.strip()
        rows = [f"{name}\t{what}\t{count}" for (name, what), count in found.items()]
        FIGURES.write_text("\n".join([f"# function\twhat\tinstructions ({toolchain})", *rows]) + "\n")
        print(FIGURES.read_text(), end="")
        return 0
    rows = (line.split("\t") for line in FIGURES.read_text().splitlines() if not line.startswith("#"))
    committed = {(name, what): int(count) for name, what, count in rows}
    failed = False
    for row, count in found.items():
        change = count / committed[row] - 1
        verdict = "ok"
        if change > ALLOWED:
            verdict, failed = "TOO MANY", True
        elif change < -ALLOWED:
            verdict = "ok, and so much better that `make prove PROOF=bench-update` should write it down"
        print(f"{row[0]:4}{row[1]:8} {count:>10,} instructions, {change:+.1%}: {verdict}")
    if failed:
        print(f"More than {ALLOWED:.0%} over tests/bench/instructions.tsv. To accept it: `make prove PROOF=bench-update`")
    return failed


if __name__ == "__main__":
    sys.exit(main())
