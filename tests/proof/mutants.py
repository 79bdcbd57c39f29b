"""`make prove PROOF=mutants`: runs the tests against the mutants of cargo-mutants, most of them in one build.

cargo-mutants rebuilds everything for each of a thousand mutants, which takes many hours. Here each function contains
all its mutants behind a switch, which an environment variable sets, so one build is enough. A mutant is run only
against tests that reach its function, the fastest first. Mutants that can't be behind a switch (constants, functions
that return `impl Trait`) are built alone. Writes figures/mutants.tsv; survivors.tsv explains each missed mutant.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
WORK = ROOT / ".local/mutants"
TREE = WORK / "tree"
PACKAGES = ["--package", "shared", "--package", "jwt", "--package", "key"]
WORKERS = int(os.environ.get("WORKERS") or 2)
SECONDS_TOGETHER = 4.0

SWITCH = """
/// The active mutant; records the functions that are reached.
#[doc(hidden)]
pub fn mutant(function: usize) -> usize {
    use std::io::Write;
    static CHOSEN: std::sync::LazyLock<usize> =
        std::sync::LazyLock::new(|| std::env::var("MUTANT").ok().and_then(|text| text.parse().ok()).unwrap_or(0));
    static NOTES: std::sync::LazyLock<Option<String>> = std::sync::LazyLock::new(|| std::env::var("REACHED").ok());
    static SEEN: std::sync::Mutex<std::collections::BTreeSet<usize>> = std::sync::Mutex::new(std::collections::BTreeSet::new());
    if let Some(file) = &*NOTES {
        if SEEN.lock().unwrap_or_else(std::sync::PoisonError::into_inner).insert(function) {
            let file = std::fs::OpenOptions::new().append(true).create(true).open(file);
            let _ = file.and_then(|mut file| writeln!(file, "{function}"));
        }
    }
    *CHOSEN
}
"""
# The programs under test get only the given variables, so these two are added.
PASSED_ON = '.env_clear().envs(std::env::vars().filter(|(name, _)| name == "MUTANT" || name == "REACHED"))'


# Mismatched types; unknown names, operators, members and traits; missing arms and members.
NO_BETTER_ALONE = {"E0004", "E0063", "E0277", "E0282", "E0283", "E0308", "E0369", "E0412", "E0425", "E0433", "E0599"}


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


class Source:
    """A source file of the functions, its mutants, and their places."""

    def __init__(self, name: str):
        self.name = name
        self.text = (ROOT / name).read_text()
        self.lines = [0]
        for line in self.text.splitlines(keepends=True):
            self.lines.append(self.lines[-1] + len(line))
        self.crate = "crate" if name.startswith("shared/") else "::shared"

    def at(self, place: dict) -> int:
        return self.lines[place["line"] - 1] + place["column"] - 1

    def span(self, span: dict) -> tuple[int, int]:
        return self.at(span["start"]), self.at(span["end"])


def body(text: str) -> int:
    """The start of the last block in the text of a function."""
    depth, begins, place = 0, 0, 0
    token = re.compile(r'//[^\n]*|/\*.*?\*/|b?r(#*)".*?"\1|b?"(?:\\.|[^"\\])*"|b?\'(?:\\[^\']+|[^\'\\])\'|[{}]', re.DOTALL)
    while match := token.search(text, place):
        place = match.end()
        if match[0] == "{":
            begins = match.start() if depth == 0 else begins
            depth += 1
        elif match[0] == "}":
            depth -= 1
    return begins


class Switchboard:
    """All mutants that compile in one build."""

    def __init__(self, mutants: list[dict]):
        self.mutants = mutants
        self.alone: set[int] = set()
        self.const: set[str] = set()
        self.mute: set[tuple[str, int, int]] = set()
        self.unviable: set[int] = set()
        self.sources = {mutant["file"]: Source(mutant["file"]) for mutant in mutants}
        self.functions: dict[tuple[str, int, int], list[int]] = defaultdict(list)
        for number, mutant in enumerate(mutants, 1):
            if mutant["function"] is None or mutant["function"]["function_name"] == "main":
                self.alone.add(number)
                continue
            self.functions[(mutant["file"], *self.sources[mutant["file"]].span(mutant["function"]["span"]))].append(number)
        for key in list(self.functions):
            if any(other[0] == key[0] and other[1] < key[1] and key[2] <= other[2] for other in self.functions):
                self.alone.update(self.functions.pop(key))
        self.ids = {key: number for number, key in enumerate(self.functions, 1)}

    def write(self) -> dict[str, list[tuple[int, int, int]]]:
        """Writes every file, and returns the byte ranges of the mutants."""
        places = {}
        crates = {f"{crate}/src/lib.rs" for crate in ("shared", "functions/jwt", "functions/key")}
        for name in sorted(crates | set(self.sources)):
            text, out, last = (ROOT / name).read_text(), "", 0
            for key in sorted(key for key in self.functions if key[0] == name):
                _, start, end = key
                out += text[last:start] + self.function(self.sources[name], key)
                last = end
            out += text[last:]
            out = re.sub(r"\bconst ((?:async )?fn (\w+))", lambda match: match[0] if match[2] in self.const else match[1], out)
            if name in crates:
                # After the documentation of the crate, which must be first.
                opens = re.search(r"^(?!//!|\s*$)", out, re.MULTILINE).start()
                out = out[:opens] + "#![allow(arithmetic_overflow, unconditional_panic, unconditional_recursion)]\n" + out[opens:]
                out += SWITCH if name.startswith("shared/") else ""
            (TREE / name).write_text(out)
            places[name] = marked(out)
        return places

    def function(self, source: Source, key: tuple) -> str:
        _, start, end = key
        text = source.text[start:end]
        opens = body(text)
        head, block = text[:opens], text[opens:]
        arms = []
        for number in self.functions[key]:
            if number in self.alone:
                continue
            mutant = self.mutants[number - 1]
            first, last = (place - start - opens for place in source.span(mutant["span"]))
            mutated = block[:first] + " " + mutant["replacement"] + " " + block[last:]
            arms.append(f"{number} => /*<{number}*/{mutated}/*>{number}*/\n")
        if not arms and key in self.mute:
            return head + block
        if not arms:
            first = self.functions[key][0]
            return f"{head}{{ /*<{first}*/{source.crate}::mutant({self.ids[key]});/*>{first}*/ {block[1:]}"
        return f"{head}{{ match {source.crate}::mutant({self.ids[key]}) {{\n{''.join(arms)}_ => {block} }} }}"

    def settle(self) -> None:
        """Removes mutants that do not compile, until the rest compiles."""
        while True:
            places = self.write()
            errors = check()
            if not errors:
                return
            before = (len(self.alone), len(self.const), len(self.mute))
            for error in errors:
                self.blame(error, places)
            say(f"{len(errors)} errors; {len(self.alone)} mutants to build alone")
            if before == (len(self.alone), len(self.const), len(self.mute)):
                raise SystemExit("\n".join(error["rendered"] for error in errors[:5]))

    def blame(self, error: dict, places: dict) -> None:
        if match := re.search(r"cannot call non-const (?:associated )?(?:function|method) `(?:.*::)?(\w+)(?:::<.*>)?`", error["message"]):
            self.const.add(match[1])
            for key, numbers in self.functions.items():
                if self.mutants[numbers[0] - 1]["function"]["function_name"].split("::")[-1] == match[1]:
                    self.alone.update(numbers)
        for span in [span for span in error["spans"] if span["is_primary"]] + error["spans"]:
            while span.get("expansion") and span["file_name"] not in places:
                span = span["expansion"]["span"]
            inside = [number for begins, ends, number in places.get(span["file_name"], []) if begins <= span["byte_start"] < ends]
            if inside:
                # These errors remain in a separate build, except for `impl` types, where each arm has its own type.
                returns = (self.mutants[inside[0] - 1]["function"] or {}).get("return_type", "")
                if error["code"] and error["code"]["code"] in NO_BETTER_ALONE and "impl " not in returns:
                    self.unviable.update(inside)
                self.mute.update(key for key, numbers in self.functions.items() if self.alone.issuperset(numbers) and inside[0] in numbers)
                self.alone.update(inside)
                return


def marked(text: str) -> list[tuple[int, int, int]]:
    """The byte range of each mutant, as in compiler messages."""
    found = re.finditer(rb"/\*<(\d+)\*/.*?/\*>\1\*/", text.encode(), re.DOTALL)
    return [(match.start(), match.end(), int(match[1])) for match in found]


def cargo(*arguments: str, **options) -> subprocess.CompletedProcess:
    environment = os.environ | {"CARGO_TARGET_DIR": str(WORK / "target"), "CARGO_PROFILE_DEV_DEBUG": "0", "RUSTFLAGS": "-Awarnings"}
    return subprocess.run(["cargo", *arguments], cwd=TREE, env=environment, text=True, capture_output=True, **options)


def check() -> list[dict]:
    out = cargo("check", "--locked", "--tests", *PACKAGES, "--package", "tests", "--message-format=json").stdout
    messages = [json.loads(line) for line in out.splitlines() if line.startswith("{")]
    errors = [message["message"] for message in messages if message["reason"] == "compiler-message"]
    return [error for error in errors if error["level"] == "error" and error["spans"]]


def build() -> dict[str, str]:
    """The test programs, by name. Also copies the functions to the folders that the emulated tests use."""
    built = cargo("test", "--locked", "--no-run", *PACKAGES, "--package", "tests", "--lib", "--bins", "--test", "contract", "--test", "emulated",
                  "--message-format=json")
    if built.returncode:
        raise ValueError(built.stderr[-2000:])
    programs = {}
    for line in built.stdout.splitlines():
        message = json.loads(line) if line.startswith("{") else {}
        if message.get("reason") != "compiler-artifact" or not message.get("executable"):
            continue
        name = message["target"]["name"]
        if message["profile"]["test"]:
            if message["target"]["src_path"].endswith(("lib.rs", "main.rs")) and name != "tests" and "bin" not in message["target"]["kind"]:
                programs[name] = message["executable"]
    cargo("build", "--locked", *PACKAGES)
    for name, logical in (("jwt", "JwtFunction"), ("key", "KeyFunction")):
        folder = WORK / "artifacts" / logical
        folder.mkdir(parents=True, exist_ok=True)
        # Replaces the file, since the old program may still run.
        shutil.copy(WORK / "target/debug" / name, folder / "new")
        (folder / "new").rename(folder / "bootstrap")
    return programs


class Tests:
    """The tests, their durations, and the functions that they reach."""

    def __init__(self, programs: dict[str, str]):
        self.programs = programs
        self.all: list[tuple[str, str]] = []
        for name, program in programs.items():
            listed = self.run(name, ["--list", "--format", "terse"], 0, 60)[1]
            self.all += [(name, line.removesuffix(": test")) for line in listed.splitlines() if line.endswith(": test")]
        self.seconds: dict[tuple[str, str], float] = {}
        self.reaches: dict[int, list[tuple[str, str]]] = defaultdict(list)
        self.caught: dict[str, Counter] = defaultdict(Counter)

    def run(self, name: str, arguments: list[str], mutant: int, limit: float, notes: str = "") -> tuple[bool, str]:
        """Runs tests until the first failure. A timeout is a failure."""
        environment = os.environ | {"RUST_MIN_STACK": str(1 << 25), "CARGO": shutil.which("cargo") or "cargo", "MUTANT": str(mutant), "APIKEYS_ARTIFACTS": str(WORK / "artifacts")}
        # Figures of a mutant must not be written.
        environment.pop("APIKEYS_FIGURES", None)
        if notes:
            environment["REACHED"] = notes
        folder = TREE / {"shared": "shared", "jwt": "functions/jwt", "key": "functions/key"}.get(name, "tests")
        process = subprocess.Popen([self.programs[name], *arguments], cwd=folder, env=environment, text=True,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, start_new_session=True)
        try:
            out, _ = process.communicate(timeout=limit)
            return process.returncode == 0, out
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)
            process.communicate()
            return False, "timeout"

    def measure(self) -> None:
        def one(numbered):
            number, (name, test) = numbered
            notes = WORK / f"reached-{number}"
            notes.unlink(missing_ok=True)
            began = time.monotonic()
            passed, out = self.run(name, ["--exact", test], 0, 300, str(notes))
            if not passed:
                say(f"skipped, since it fails without a mutant: {name}::{test}\n{out[-800:]}")
                return (name, test), None, set()
            reached = {int(line) for line in notes.read_text().split()} if notes.exists() else set()
            notes.unlink(missing_ok=True)
            return (name, test), time.monotonic() - began, reached

        with ThreadPoolExecutor(WORKERS) as pool:
            for key, seconds, reached in pool.map(one, enumerate(self.all)):
                if seconds is not None:
                    self.seconds[key] = seconds
                for function in reached:
                    self.reaches[function].append(key)
        self.all = list(self.seconds)

    def catch(self, mutant: int, tests: list[tuple[str, str]], file: str) -> str:
        """The failing test, or nothing. Tests that caught another mutant of the file run first, then the fastest."""
        chunks: list[list[tuple[str, str]]] = []
        together = 0.0
        caught = self.caught[file]
        for key in sorted(tests, key=lambda key: (-caught[key], self.seconds[key])):
            if chunks and chunks[-1][0][0] == key[0] and together + self.seconds[key] <= SECONDS_TOGETHER:
                chunks[-1].append(key)
                together += self.seconds[key]
            else:
                chunks.append([key])
                together = self.seconds[key]
        for chunk in chunks:
            limit = 30 + 8 * sum(self.seconds[key] for key in chunk)
            passed, out = self.run(chunk[0][0], ["--exact", "--test-threads=2", *(test for _, test in chunk)], mutant, limit)
            if not passed:
                failed = re.search(r"^test (\S+) ... FAILED", out, re.MULTILINE)
                test = failed[1] if failed else chunk[0][1]
                caught[(chunk[0][0], test)] += 1
                return f"{chunk[0][0]}::{test}" + ("" if failed else " (too long)" if out == "timeout" else " (ended)")
        return ""


def lay_out() -> None:
    shutil.rmtree(TREE, ignore_errors=True)
    for name in subprocess.run(["git", "ls-files"], cwd=ROOT, text=True, capture_output=True, check=True).stdout.splitlines():
        (TREE / name).parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).exists():
            shutil.copy2(ROOT / name, TREE / name)
    for name in ("tests/src/emulator.rs", "tests/src/sandbox.rs", "tests/emulated/startup.rs"):
        text = (TREE / name).read_text()
        (TREE / name).write_text(text.replace(".env_clear()", PASSED_ON))
    (TREE / ".local").symlink_to(ROOT / ".local")


def run_alone(board: Switchboard, number: int, known: Tests) -> str:
    """Builds one mutant alone, and returns `unviable` or the failing tests. All tests may reach this mutant."""
    mutant = board.mutants[number - 1]
    source = board.sources[mutant["file"]]
    first, last = source.span(mutant["span"])
    (TREE / source.name).write_text(source.text[:first] + " " + mutant["replacement"] + " " + source.text[last:])
    try:
        if check():
            return "unviable"
        tests = Tests.__new__(Tests)
        tests.programs, tests.seconds, tests.caught = build(), known.seconds, known.caught
        if mutant["function"] and mutant["function"]["function_name"] == "main":
            return tests.catch(0, [key for key in known.all if key[0] == "emulated"], mutant["file"])
        function = mutant["function"] and board.ids.get((mutant["file"], *source.span(mutant["function"]["span"])))
        return tests.catch(0, known.reaches.get(function) or known.all, mutant["file"])
    finally:
        (TREE / source.name).write_text(source.text)


def main() -> int:
    listed = subprocess.run(["cargo", "mutants", "--list", "--json", *PACKAGES], cwd=ROOT, text=True, capture_output=True, check=True)
    only = re.compile(sys.argv[1]) if len(sys.argv) > 1 else None
    mutants = json.loads(listed.stdout)
    lay_out()
    board = Switchboard(mutants)
    board.settle()
    say(f"{len(mutants)} mutants, {len(mutants) - len(board.alone)} in one build")
    tests = Tests(build())
    tests.measure()
    say(f"{len(tests.all)} tests take {sum(tests.seconds.values()):.0f} s")
    # Mutants that an earlier run has caught are not run again.
    before = earlier()
    marks = [mark(board, mutant) for mutant in mutants]
    results = {number: before[mark] for number, mark in enumerate(marks, 1) if mark in before}
    results |= dict.fromkeys(board.unviable, "unviable")
    for number, by in results.items():
        tests.caught[mutants[number - 1]["file"]][tuple(by.split(" ")[0].split("::", 1))] += 1
    together = [(number, board.ids[key]) for key, numbers in board.functions.items() for number in numbers
                if number not in board.alone and number not in results and (not only or only.search(mutants[number - 1]["name"]))]

    def one(pair: tuple[int, int]) -> None:
        number, function = pair
        results[number] = tests.catch(number, tests.reaches[function], mutants[number - 1]["file"])
        say(f"{len(results)}/{len(mutants)} {results[number] or 'MISSED'}: {mutants[number - 1]['name']}")
        note(marks, results)

    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(one, together))
    for name, source in board.sources.items():
        (TREE / name).write_text(source.text)
    for number in sorted(board.alone):
        if number in results or only and not only.search(mutants[number - 1]["name"]):
            continue
        results[number] = run_alone(board, number, tests)
        say(f"{len(results)}/{len(mutants)} {results[number] or 'MISSED'}: {mutants[number - 1]['name']}")
        note(marks, results)
    if not only:
        report(mutants, results)
    return 0


def mark(board: Switchboard, mutant: dict) -> str:
    """A mutant's name and the hash of its function: a changed function makes a new mutant."""
    source = board.sources[mutant["file"]]
    first, last = source.span((mutant["function"] or mutant)["span"])
    return mutant["name"] + "\t" + hashlib.sha256(source.text[first:last].encode()).hexdigest()[:8]


def earlier() -> dict[str, str]:
    """The mutants that an interrupted run has caught."""
    file = WORK / "results.tsv"
    found = dict(line.rsplit("\t", 1) for line in file.read_text().splitlines()[1:]) if file.exists() else {}
    return {mark: by for mark, by in found.items() if by != "MISSED"}


def note(marks: list[str], results: dict[int, str]) -> None:
    lines = ["mutant\tof\tcaught by"]
    lines += [f"{marks[number - 1]}\t{results[number] or 'MISSED'}" for number in sorted(results)]
    (WORK / "results.tsv").write_text("\n".join(lines) + "\n")


def report(mutants: list[dict], results: dict[int, str]) -> None:
    """The table of tests/proof/README.md, and the mutants that survivors.tsv must explain."""
    rows = []
    for crate in ("shared", "jwt", "key", "all"):
        every = [number for number, mutant in enumerate(mutants, 1) if crate in ("all", mutant["package"])]
        of = [results[number] for number in every if number in results]
        viable = [by for by in of if by != "unviable"]
        caught = sum(1 for by in viable if by)
        share = f"{100 * caught / len(viable):.1f} %" if viable else ""
        rows.append(f"{crate}\t{len(every)}\t{len(of) - len(viable)}\t{caught}\t{share}\t{len(viable) - caught}\t{len(every) - len(of)}")
    if figures := os.environ.get("APIKEYS_FIGURES"):
        table = ["of\tmutants\tdo not compile\tcaught\tof those that compile and ran\tnot caught\tnot run", *rows]
        (Path(figures) / "mutants.tsv").write_text("\n".join(table) + "\n")
    explained = {line.split("\t")[0] for line in (HERE / "survivors.tsv").read_text().splitlines()[1:]}
    missed = {mutants[number - 1]["name"] for number, by in results.items() if not by}
    say("\n".join([*rows, *(f"not explained: {name}" for name in sorted(missed - explained)), *(f"caught: {name}" for name in explained - missed)]))


if __name__ == "__main__":
    sys.exit(main())
