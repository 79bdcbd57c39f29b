"""`make prove PROOF=bench-builds`: measures both functions with other build settings, and writes builds.tsv.

Each setting recompiles everything, which takes half an hour.
"""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from programs import KEY, JWT, ROOT, WORK, counted, sizes

TABLE = Path(__file__).with_name("builds.tsv")
TARGET = WORK / "builds"
PACKAGES = re.findall(r"^\[profile\.release\.package\.([\w-]+)\]$", (ROOT / "Cargo.toml").read_text(), re.MULTILINE)

SETTINGS = {
    "as chosen": {},
    '"s" throughout': {"opt-level": '"s"'},
    '"z" throughout': {"opt-level": '"z"'},
    "3 throughout": {"opt-level": "3"},
    "as chosen, thin LTO": {"lto": '"thin"'},
    "as chosen, no LTO, 16 units": {"lto": "false", "codegen-units": "16"},
}


def build(setting: dict):
    options = [f"profile.release.{name}={value}" for name, value in setting.items()]
    if "opt-level" in setting:
        options += [f"profile.release.package.{name}.opt-level={setting['opt-level']}" for name in PACKAGES]
    command = ["cargo", "lambda", "build", "--release", "--bin", "jwt", "--bin", "key"]
    for option in options:
        command += ["--config", option]
    subprocess.run(command, cwd=ROOT, env={**os.environ, "CARGO_TARGET_DIR": str(TARGET)}, check=True)


def main() -> int:
    if shutil.which("valgrind") is None:
        print("bench-builds: valgrind is missing", file=sys.stderr)
        return 1
    head = ["", "jwt, MB", "zip, MB", "start", "jwt, a request", "key, a request"]
    rows = [head]
    for name, setting in SETTINGS.items():
        print(f"Building: {name}", flush=True)
        build(setting)
        jwt, key = (
            replace(one, command=(str(TARGET / "lambda" / one.name / "bootstrap"),)) for one in (JWT, KEY)
        )
        binary, archive = sizes(jwt.binary)
        start, request = counted(jwt)
        _, key_request = counted(key)
        figures = [f"{binary / 1e6:.2f}", f"{archive / 1e6:.2f}", f"{start / 1e6:.2f} M"]
        rows.append([name, *figures, *(f"{count / 1e3:,.0f} k" for count in (request, key_request))])
        TABLE.write_text("".join("\t".join(row) + "\n" for row in rows))
        print("\t".join(rows[-1]), flush=True)
    shutil.rmtree(TARGET)
    return 0


if __name__ == "__main__":
    sys.exit(main())
