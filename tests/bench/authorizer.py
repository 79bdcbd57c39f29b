"""`make prove PROOF=bench-authorizer`: compares an authorization with a create and with a minimal authorizer, and writes
tests/bench/authorizer.md.

The runs of the programs alternate, so that other load on the machine affects all of them.
"""

from pathlib import Path

from bench import machine
from programs import BASELINE_AUTHORIZE, JWT, KEY, counted, drive, median

ROUNDS = 9
AUTHORIZE = {"authorize": True}
RUNS = {
    "key, authorization": (KEY, AUTHORIZE),
    "minimal authorizer": (BASELINE_AUTHORIZE, AUTHORIZE),
    "jwt, authorization": (JWT, AUTHORIZE),
    "key, create": (KEY, {}),
    "jwt, create": (JWT, {}),
}


def main():
    counts = {name: counted(program, **scenario) for name, (program, scenario) in RUNS.items()}
    times = {name: [] for name in RUNS}
    for _ in range(ROUNDS):
        for name, (program, scenario) in RUNS.items():
            times[name] += drive(program, requests=200, **scenario)["warmMs"]
    minimal = counts["minimal authorizer"][1]
    rows = [
        f"| {name} | {counts[name][0]:,} | {counts[name][1]:,} | {counts[name][1] / minimal:.2f} | {median(times[name]):.2f} |"
        for name in RUNS
    ]
    here = machine()
    text = f"""# The cost of an authorization

Written by `make prove PROOF=bench-authorizer` on {here["date"]}, on {here["cores"]} cores of {here["processor"]},
{here["system"]}, {here["rustc"]}.

The minimal authorizer ([source](baseline/src/bin/authorize.rs)) has AWS's types and default features, makes one GetItem
and checks nothing. Instructions are counted by callgrind; times are medians.

| | instructions to start | instructions a request | times the minimal authorizer | ms a request |
| --- | ---: | ---: | ---: | ---: |
{chr(10).join(rows)}
"""
    Path(__file__).with_suffix(".md").write_text(text)
    print(text)


if __name__ == "__main__":
    main()
