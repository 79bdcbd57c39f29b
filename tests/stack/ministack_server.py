"""MiniStack's server on a socket that is handed down, with a folder of its own.

It ends when its standard input does, and takes the functions that it runs and the folder along: so nothing of it
outlives whoever started it, however that ends.
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
    os.killpg(0, signal.SIGKILL)  # it leads its group, and the functions are in it


threading.Thread(target=end_with_stdin, daemon=True).start()

from hypercorn.asyncio import serve  # noqa: E402
from hypercorn.config import Config  # noqa: E402
from ministack.app import app  # noqa: E402

from ministack_gaps import mend, over_tls  # noqa: E402

mend()
config = Config()
config.bind = [f"fd://{sys.argv[1]}"]
config.loglevel = "WARNING"
asyncio.run(serve(over_tls(app), config))
