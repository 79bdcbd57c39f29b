"""The measured programs: their paths, commands and sizes, and the calls of the driver."""

import json
import os
import shutil
import statistics
import subprocess
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WORK = ROOT / ".local/bench"
DRIVER = Path(os.environ["DRIVER"])
PYTHON = ROOT / ".local/bench-python/bin/python"
CGROUP = Path("/sys/fs/cgroup")


@dataclass(frozen=True)
class Program:
    name: str
    endpoint: str
    command: tuple[str, ...]

    @property
    def binary(self) -> Path | None:
        """The program file; None for Python, which deploys many files."""
        return Path(self.command[0]) if len(self.command) == 1 else None


def rust(name: str, endpoint: str, path: str) -> Program:
    return Program(name, endpoint, (str(ROOT / path),))


def python(handler: str, endpoint: str) -> Program:
    return Program(f"Python, {endpoint}", endpoint, (str(PYTHON), "-m", "awslambdaric", f"function.{handler}"))


JWT = rust("jwt", "jwt", ".aws-sam/local/JwtFunction/bootstrap")
KEY = rust("key", "key", ".aws-sam/local/KeyFunction/bootstrap")
BASELINE_PUT = rust("baseline, jwt", "jwt", ".local/bench/baseline/release/put")
BASELINE_AUTHORIZE = rust("baseline, authorizer", "key", ".local/bench/baseline/release/authorize")
BASELINE_GET_PUT = rust("baseline, key", "key", ".local/bench/baseline/release/get-put")
PYTHON_PUT = python("put", "jwt")
PYTHON_GET_PUT = python("get_put", "key")
OURS = (JWT, KEY)
ALL = (JWT, BASELINE_PUT, PYTHON_PUT, KEY, BASELINE_GET_PUT, PYTHON_GET_PUT)
AGAINST = {JWT: (BASELINE_PUT, PYTHON_PUT), KEY: (BASELINE_GET_PUT, PYTHON_GET_PUT)}


def drive(program: Program, *, wrap: tuple[str, ...] = (), environment: dict | None = None, **scenario) -> dict:
    """Runs one scenario, whose members are in tests/bench/drive.rs."""
    WORK.mkdir(parents=True, exist_ok=True)
    scenario |= {
        "endpoint": program.endpoint,
        "program": [*wrap, *program.command],
        "certificate": str(WORK / "certificate.pem"),
        "environment": {
            "PYTHONPATH": str(ROOT / "tests/bench/python"),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PATH": os.environ["PATH"],
            **(environment or {}),
        },
    }
    done = subprocess.run([DRIVER], input=json.dumps(scenario), text=True, capture_output=True, cwd=ROOT)
    if done.returncode != 0:
        raise SystemExit(f"{program.name}: {done.stderr.strip()}")
    return json.loads(done.stdout)


def median(values) -> float:
    return statistics.median(values)


def percentile(values, part: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


def instructions(program: Program, requests: int, **scenario) -> int:
    """The instructions of one run of a program, from start to end, by callgrind."""
    with tempfile.TemporaryDirectory() as folder:
        out = f"{folder}/out"
        wrap = (shutil.which("valgrind"), "--tool=callgrind", f"--callgrind-out-file={out}")
        drive(program, wrap=wrap, requests=requests, **scenario)
        for line in Path(out).read_text().splitlines():
            if line.startswith(("totals:", "summary:")):
                return int(line.split()[1])
    raise SystemExit(f"{program.name}: callgrind counted nothing")


def counted(program: Program, few: int = 20, many: int = 120, **scenario) -> tuple[int, int]:
    """Instructions of a start without a connection, and of a warm request: the difference of two run lengths."""
    cold = {"environment": {"WARM_CONNECTION": "false"}, **scenario}
    start, short, long = (instructions(program, requests, **cold) for requests in (0, few, many))
    return start, (long - short) // (many - few)


def sizes(binary: Path) -> tuple[int, int]:
    """The size in bytes of the file and of the zip archive."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "function.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
            archive.write(binary, "bootstrap")
        return binary.stat().st_size, path.stat().st_size


class Quota:
    """Limits a program to Lambda's CPU share of a memory size: 1,769 MB are one core. Source: Lambda's developer guide,
    "Configure Lambda function memory"."""

    PERIOD_US = 20_000

    def __init__(self, megabytes: int):
        self.megabytes = megabytes
        self.part = megabytes / 1769
        quota = round(self.PERIOD_US * self.part)
        if (CGROUP / "cpu").is_dir():
            self.folder = CGROUP / "cpu" / f"apikeys-bench-{megabytes}"
            self.settings = {"cpu.cfs_period_us": self.PERIOD_US, "cpu.cfs_quota_us": quota}
        else:
            self.folder = CGROUP / f"apikeys-bench-{megabytes}"
            self.settings = {"cpu.max": f"{quota} {self.PERIOD_US}"}

    def __enter__(self):
        """None if the machine doesn't permit CPU limits."""
        try:
            self.folder.mkdir(exist_ok=True)
            for name, value in self.settings.items():
                (self.folder / name).write_text(str(value))
        except OSError:
            return None
        # The shell joins the group, then executes the program.
        return ("/bin/sh", "-c", f'echo $$ > {self.folder}/cgroup.procs; exec "$0" "$@"')

    def __exit__(self, *_):
        try:
            self.folder.rmdir()
        except OSError:
            pass
