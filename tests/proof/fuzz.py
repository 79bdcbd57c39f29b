"""`make prove PROOF=fuzz`: runs each target for some seconds with the seeds of the tests. Stops at the first finding.

Writes fuzz.tsv into the folder APIKEYS_FIGURES, if set.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

FOLDER = Path(".local/fuzz")
OPTIONS = ["-dict=tests/fuzz/dictionary.txt", "-max_len=20000", "-timeout=10", "-rss_limit_mb=8192", "-print_final_stats=1"]


def fuzz(target: str, seconds: str) -> str:
    """A row of the table. The output of the run goes to stderr."""
    command = ["cargo", "fuzz", "run", "--fuzz-dir", "tests/fuzz", "--sanitizer", "none", "--target-dir", FOLDER / "target", target,
               FOLDER / "corpus" / target, "--", f"-artifact_prefix={FOLDER}/found/", f"-max_total_time={seconds}", *OPTIONS]
    began = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    output = ""
    for line in began.stderr:
        sys.stderr.write(line)
        output += line
    if began.wait():
        raise SystemExit(f"{target}: the findings are in {FOLDER}/found")
    inputs, took = re.search(r"^Done (\d+) runs in (\d+) second", output, re.MULTILINE).groups()
    covered = re.findall(r" cov: (\d+) ", output)[-1]
    return f"{target}\t{took}\t{int(inputs):,}\t{covered}\t0"


def main() -> None:
    (FOLDER / "found").mkdir(parents=True, exist_ok=True)
    rows = [fuzz(target, os.environ["SECONDS_EACH"]) for target in os.environ["TARGETS"].split()]
    table = "\n".join(["target\tseconds\tinputs\tedges reached\tpanics, 500s, hangs and other forms", *rows]) + "\n"
    if figures := os.environ.get("APIKEYS_FIGURES"):
        (Path(figures) / "fuzz.tsv").write_text(table)
    print(table, end="")


if __name__ == "__main__":
    main()
