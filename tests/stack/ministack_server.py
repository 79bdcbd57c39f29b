"""Runs MiniStack's server on an inherited socket, with a temporary folder.

When its standard input closes, the server ends its functions and deletes the folder. So the server never outlives its
parent process.
"""

import asyncio
import os
import shutil
import signal
import sys
import threading


def end_with_stdin():
    sys.stdin.buffer.read()
    shutil.rmtree(os.environ["TMPDIR"], ignore_errors=True)
    os.killpg(0, signal.SIGKILL)  # the process group of the server and its functions


threading.Thread(target=end_with_stdin, daemon=True).start()

from hypercorn.asyncio import serve  # noqa: E402
from hypercorn.config import Config  # noqa: E402
from ministack.app import app  # noqa: E402

from ministack_gaps import over_tls, patch_server  # noqa: E402

patch_server()
config = Config()
config.bind = [f"fd://{sys.argv[1]}"]
config.loglevel = "WARNING"
asyncio.run(serve(over_tls(app), config))
