"""`make prove PROOF=bench`: compares both functions with the baseline and Python, and writes tests/bench/README.md.

The runs of the programs alternate, so that other load on the machine affects all of them. FAST=1 gives a rough result.
"""

import datetime
import json
import math
import os
import platform
import shutil
import subprocess
import sys

import report
from programs import AGAINST, ALL, JWT, KEY, OURS, ROOT, WORK, Quota, counted, drive, instructions, median, percentile, sizes

FAST = bool(os.environ.get("FAST"))
FLAT = int(os.environ.get("FLAT") or (5_000 if FAST else 100_000))
ROUNDS = 3 if FAST else 15
MEMORY_MB = (128, 256, 512)


def say(text: str):
    print(text, flush=True)


def starts_and_requests() -> dict:
    """Start, first and warm requests, peak memory; alternating, without a CPU limit."""
    say("Starts and requests")
    runs = {program.name: [] for program in ALL}
    for _ in range(ROUNDS):
        for program in ALL:
            runs[program.name].append(drive(program, requests=200))
    return {name: summary(of_one) for name, of_one in runs.items()}


def summary(runs: list[dict]) -> dict:
    warm = [one for run in runs for one in run["warmMs"]]
    return {
        "start": median([one for run in runs for one in run["startMs"]]),
        "first": median([one for run in runs for one in run["firstMs"]]),
        "p50": median(warm),
        "p99": percentile(warm, 0.99),
        # Lambda rounds each request up to a millisecond.
        "billed": sum(math.ceil(one) for one in warm) / len(warm),
        "rssKb": max(one for run in runs for one in run["peakRssKb"]),
        "startRssKb": max(one for run in runs for one in run["startRssKb"]),
    }


def counts() -> dict | None:
    """Instructions, if valgrind is installed. Python gets few requests, since it takes minutes to start in valgrind."""
    if shutil.which("valgrind") is None:
        say("valgrind is missing: no instruction is counted")
        return None
    found = {}
    for program in ALL:
        say(f"Instructions: {program.name}")
        few, many = (20, 120) if program.binary else (5, 15)
        start, request = counted(program, few, many)
        found[program.name] = {"start": start, "request": request}
    return found


def other_settings() -> dict:
    """The start with each way to verify tokens, and with a connection at start."""
    say("Starts with other settings")
    cold = {"environment": {"WARM_CONNECTION": "false"}}
    settings = {"HS256, `WARM_CONNECTION=false`": {"verification": "HS256", **cold}}
    for how in ("HS256", "RS256", "ES256", "EdDSA", "JWT_SECRET_ARN"):
        settings[how] = {"verification": how}
    wall = {name: [] for name in settings}
    for _ in range(ROUNDS):
        for name, setting in settings.items():
            wall[name] += drive(JWT, requests=0, **setting)["startMs"]
    valgrind = shutil.which("valgrind") is not None
    return {
        name: {
            "start": median(wall[name]),
            "instructions": instructions(JWT, 0, **setting) if valgrind else None,
        }
        for name, setting in settings.items()
    }


def under_quota() -> dict | None:
    """Over TLS, with the CPU share of a memory size and pauses between requests."""
    found = {}
    for megabytes in MEMORY_MB:
        with Quota(megabytes) as wrap:
            if wrap is None:
                say("CPU limits (cgroup) are not permitted on this machine: nothing is measured with a CPU share")
                return None
            say(f"With the processor of {megabytes} MB, over TLS")
            runs = {program.name: [] for program in ALL}
            cold = {program.name: [] for program in OURS}
            for _ in range(2 if FAST else 9):
                for program in ALL:
                    runs[program.name].append(drive(program, wrap=wrap, requests=30, tls=True, pauseMs=40))
                for program in OURS:
                    environment = {"WARM_CONNECTION": "false"}
                    cold[program.name].append(
                        drive(program, wrap=wrap, requests=5, tls=True, pauseMs=40, environment=environment)
                    )
            found[str(megabytes)] = {name: summary(of_one) for name, of_one in runs.items()}
            for name, of_one in cold.items():
                found[str(megabytes)][name]["coldFirst"] = summary(of_one)["first"]
                found[str(megabytes)][name]["coldStart"] = summary(of_one)["start"]
    return found


def throughput() -> dict:
    """Creations per second of CPU time with 16 sandboxes, and the latency with 1 to 64."""
    say("Throughput")
    found = {"per_cpu_second": {}, "latency": {}}
    requests = 100 if FAST else 400
    for program in ALL:
        runs = [drive(program, sandboxes=16, requests=requests) for _ in range(3)]
        found["per_cpu_second"][program.name] = median([16 * requests / run["cpuSeconds"] for run in runs])
    for program in OURS:
        found["latency"][program.name] = {}
        for sandboxes in (1, 4, 16, 64):
            run = drive(program, sandboxes=sandboxes, requests=max(20, 3200 // sandboxes))
            found["latency"][program.name][str(sandboxes)] = {
                "p50": median(run["warmMs"]),
                "p99": percentile(run["warmMs"], 0.99),
            }
    return found


def flat() -> dict:
    """Many requests in one process: memory, descriptors and CPU time per request after each tenth."""
    found = {}
    for program in OURS:
        say(f"Flat: {FLAT:,} requests to {program.name}")
        found[program.name] = drive(program, requests=FLAT, every=FLAT // 10)["marks"][0]
    return found


def machine() -> dict:
    run = lambda *command: subprocess.run(command, text=True, capture_output=True).stdout.strip()
    model = [line.split(":")[1].strip() for line in run("cat", "/proc/cpuinfo").splitlines() if "model name" in line]
    return {
        "date": datetime.date.today().isoformat(),
        "cores": os.cpu_count(),
        "processor": model[0] if model else platform.processor(),
        "system": f"{platform.system()} {platform.release().split('-')[0]}",
        "rustc": run("rustc", "--version"),
        "python": platform.python_version(),
        "fast": FAST,
        "flat": FLAT,
    }


def main():
    WORK.mkdir(parents=True, exist_ok=True)
    result = {
        "machine": machine(),
        "sizes": {program.name: sizes(program.binary) for program in ALL if program.binary},
        "counts": counts(),
        "requests": starts_and_requests(),
        "settings": other_settings(),
        "quota": under_quota(),
        "throughput": throughput(),
        "flat": flat(),
    }
    file = WORK / "result.json"
    file.write_text(json.dumps(result, indent=1))
    say(report.terminal(result))
    if FAST:
        say(f"A quick look: tests/bench/README.md stays as it is. All figures are in {file.relative_to(ROOT)}")
    else:
        report.write(result)


if __name__ == "__main__":
    if sys.argv[1:] == ["report"]:
        report.write(json.loads((WORK / "result.json").read_text()))
    else:
        main()
