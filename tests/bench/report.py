"""Writes the results of bench.py to tests/bench/README.md, its charts and the terminal."""

import csv
import re
from pathlib import Path

import chart
from programs import AGAINST, ALL, JWT, KEY, OURS, ROOT

DOCUMENT = ROOT / "tests/bench/README.md"
IMAGES = ROOT / "tests/bench/img"
TEMPLATE = ROOT / "template.yaml"
BUILDS = Path(__file__).with_name("builds.tsv")

# The prices of a GB-second on arm64 and of a request; the sources are in tests/bench/cost.md.
GB_SECOND, REQUEST = 0.0000133334, 0.0000002
MEGABYTE = 1_000_000


def table(head: list[str], rows: list[list]) -> str:
    """A table with left-aligned text and right-aligned figures."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def figure(value: float | None) -> str:
    """A figure with three significant digits."""
    if value is None:
        return "-"
    if value >= 1_000_000:
        return f"{value / 1_000_000:.2f} M"
    if value >= 10_000:
        return f"{value / 1_000:,.0f} k"
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def against(result: dict, ours: str, part: str, name: str) -> float:
    """The ratio to the baseline."""
    baseline = AGAINST[next(one for one in OURS if one.name == ours)][0].name
    return result[part][ours][name] / result[part][baseline][name]


def targets(result: dict) -> str:
    rows = []

    def add(what: str, found: str, met: bool | None):
        rows.append([what, found, {True: "met", False: "**not met**", None: "not measured here"}[met]])

    counts = result["counts"]
    for program in OURS:
        name = program.name
        if counts:
            start, request = counts[name]["start"], counts[name]["request"]
            ratio = 1 / against(result, name, "counts", "start")
            add(f"{name}: a start takes at most 2.5 M instructions", figure(start), start <= 2_500_000)
            add(f"{name}: at least 8 times fewer than the baseline", f"{ratio:.1f} times", ratio >= 8)
            ratio = against(result, name, "counts", "request")
            add(f"{name}: a warm request takes at most the baseline's", f"{figure(request)}, {ratio:.2f} times", ratio <= 1)
        if result["quota"]:
            small = result["quota"]["128"][name]
            ratio = small["first"] / small["p50"]
            add(f"{name}: first request, TLS, 128 MB, at most 2 warm ones", f"{ratio:.2f} times", ratio <= 2)
        rss = result["requests"][name]["rssKb"] * 1024 / MEGABYTE
        add(f"{name}: at most 8 MB resident", f"{rss:.2f} MB", rss <= 8)
        binary, archive = result["sizes"][name]
        add(f"{name}: the program has at most 5.5 MB", f"{binary / MEGABYTE:.2f} MB", binary <= 5.5 * MEGABYTE)
        add(f"{name}: its zip at most 2.6 MB", f"{archive / MEGABYTE:.2f} MB", archive <= 2.6 * MEGABYTE)
        marks = result["flat"][name]
        growth = marks[-1]["rssKb"] - marks[1]["rssKb"]
        same = {mark["descriptors"] for mark in marks[1:]}
        add(
            f"{name}: {result['machine']['flat']:,} requests without growth",
            f"{growth:+} kB, {len(same) == 1 and 'no' or len(same) - 1} change of descriptors",
            abs(growth) <= 256 and len(same) == 1,
        )
    return table(["Target", "Found", ""], rows)


def start_up(result: dict) -> str:
    rows = []
    for program in ALL:
        one = result["requests"][program.name]
        count = result["counts"][program.name]["start"] if result["counts"] else None
        rows.append([program.name, f"{one['start']:.1f}", figure(count), f"{one['first']:.1f}", f"{one['rssKb'] / 1000:.1f}"])
    return table(["", "start, ms", "instructions", "first request, ms", "peak resident, MB"], rows)


def requests(result: dict) -> str:
    rows = []
    for program in ALL:
        one = result["requests"][program.name]
        count = result["counts"][program.name]["request"] if result["counts"] else None
        rate = result["throughput"]["per_cpu_second"][program.name]
        rows.append([program.name, f"{one['p50']:.2f}", f"{one['p99']:.2f}", figure(count), f"{rate:,.0f}"])
    return table(["", "p50, ms", "p99, ms", "instructions", "a second of processor time"], rows)


def settings(result: dict) -> str:
    rows = [
        [name, f"{one['start']:.1f}", figure(one["instructions"])] for name, one in result["settings"].items()
    ]
    return table(["jwt function, verifying by", "start, ms", "instructions"], rows)


def small(result: dict) -> str:
    if not result["quota"]:
        return "Not measured: CPU limits are not permitted on this machine."
    rows = []
    for megabytes, programs in result["quota"].items():
        for program in ALL:
            one = programs[program.name]
            cells = [f"{one[name]:.1f}" for name in ("start", "first", "p50", "p99")]
            rows.append([f"{megabytes} MB: {program.name}", *cells])
            if "coldFirst" in one:
                cells = [f"{one['coldStart']:.1f}", f"{one['coldFirst']:.1f}", "", ""]
                rows.append([f"{megabytes} MB: {program.name}, `WARM_CONNECTION=false`", *cells])
    return table(["", "start, ms", "first, ms", "warm p50, ms", "p99, ms"], rows)


def dollars(billed_ms: float, megabytes: int) -> float:
    """Lambda's price of a million requests."""
    return 1_000_000 * (REQUEST + billed_ms / 1000 * megabytes / 1024 * GB_SECOND)


def cost(result: dict) -> str:
    if not result["quota"]:
        return "Not measured: CPU limits are not permitted on this machine."
    rows = []
    for program in ALL:
        billed = {int(megabytes): programs[program.name]["billed"] for megabytes, programs in result["quota"].items()}
        rows.append([program.name, *(f"{ms:.1f} ms, ${dollars(ms, size):.3f}" for size, ms in billed.items())])
    return table(["", *(f"{megabytes} MB" for megabytes in result["quota"])], rows)


def cheapest(result: dict) -> str:
    """The cheapest memory size, compared with the template's default."""
    if not result["quota"]:
        return ""
    prices = {
        int(megabytes): sum(dollars(programs[one.name]["billed"], int(megabytes)) for one in OURS)
        for megabytes, programs in result["quota"].items()
    }
    best = min(prices, key=prices.get)
    default = int(re.search(r"\n  MemorySize:\n.*?\n    Default: (\d+)\n", TEMPLATE.read_text(), re.DOTALL)[1])
    sentence = f"The cheapest size for both functions together is {best} MB; the default of `template.yaml` is {default} MB."
    if best != default:
        sentence += f" It costs {prices[default] / prices[best] - 1:.0%} more."
    return sentence


def latency(result: dict) -> str:
    found = result["throughput"]["latency"]
    sandboxes = list(found[JWT.name])
    rows = [
        [name, *(f"{one[count]['p50']:.2f} / {one[count]['p99']:.2f}" for count in sandboxes)]
        for name, one in found.items()
    ]
    return table(["p50 / p99, ms", *(f"{count} at once" for count in sandboxes)], rows)


def flat_table(result: dict) -> str:
    rows = []
    for program in OURS:
        before = {"requests": 0, "cpuSeconds": None}
        for mark in result["flat"][program.name]:
            spent = mark["cpuSeconds"] - (before["cpuSeconds"] or 0)
            per = spent / (mark["requests"] - before["requests"]) * 1_000_000
            rows.append(
                [f"{program.name}: {mark['requests']:,}", f"{mark['rssKb'] / 1000:.2f}", mark["descriptors"], f"{per:.0f}"]
            )
            before = mark
    return table(["after", "resident, MB", "descriptors", "processor time a request, µs"], rows)


def number(cell: str) -> float:
    return float(cell.split()[0].replace(",", ""))


def builds() -> str:
    """The results of bench-builds, each with its difference from the chosen settings."""
    with BUILDS.open() as file:
        head, chosen, *others = csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
    rows = [chosen]
    for name, *cells in others:
        against = zip(cells, chosen[1:], strict=True)
        rows.append([name, *(f"{cell} ({number(cell) / number(ours) - 1:+.0%})" for cell, ours in against)])
    return table(head, rows)


def ratios(result: dict) -> str:
    counts, rate = result["counts"], result["throughput"]["per_cpu_second"]
    sentences = []
    for program in OURS:
        baseline, python = AGAINST[program]
        text = f"{program.name}: {rate[program.name] / rate[python.name]:.1f} times Python's creations for the same processor time"
        if counts:
            text += (
                f", {counts[baseline.name]['start'] / counts[program.name]['start']:.1f} times fewer instructions to start than the"
                f" baseline and {counts[program.name]['request'] / counts[baseline.name]['request']:.2f} times its instructions a request"
            )
        sentences.append(text)
    return "; ".join(sentences) + "."


def terminal(result: dict) -> str:
    parts = (targets, start_up, requests, settings, small, latency, flat_table, cost, cheapest)
    return "\n\n".join(["", *(part(result) for part in parts), ratios(result)])


def write(result: dict):
    IMAGES.mkdir(exist_ok=True)
    starts = [(one.name, result["requests"][one.name]["start"], one in OURS) for one in ALL]
    (IMAGES / "start.svg").write_text(chart.bars("From start to the first event asked for", "ms", starts))
    warm = [(one.name, 1_000_000 / result["throughput"]["per_cpu_second"][one.name], one in OURS) for one in ALL]
    (IMAGES / "request.svg").write_text(chart.bars("Processor time of a creation", "µs", warm))
    every = (targets, start_up, requests, settings, small, cost, cheapest, latency, flat_table, ratios)
    parts = {part.__name__: part(result) for part in every}
    template = Path(__file__).with_name("performance.md").read_text()
    DOCUMENT.write_text(template.format(**parts, builds=builds(), **result["machine"]))
    print(f"Written: {DOCUMENT.relative_to(ROOT)}, {IMAGES.relative_to(ROOT)}/*.svg")
