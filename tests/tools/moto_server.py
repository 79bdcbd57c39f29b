"""Runs moto's server, which ends when its standard input closes, so it never outlives its parent process."""

import logging
import os
import sys
import threading


def end_with_stdin():
    sys.stdin.read()
    os._exit(0)


threading.Thread(target=end_with_stdin, daemon=True).start()

# The default is one line per request.
logging.getLogger("werkzeug").setLevel(logging.ERROR)

# moto checks whether a secret exists and then stores it, without a lock; on AWS, this is atomic. With this interval, no
# other thread runs in between.
sys.setswitchinterval(1)

from moto.server import main  # noqa: E402

main(sys.argv[1:])
