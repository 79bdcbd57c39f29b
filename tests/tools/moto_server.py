"""moto's server, which ends when its standard input does: so it never outlives whoever started it, however that ends."""

import logging
import os
import sys
import threading


def end_with_stdin():
    sys.stdin.read()
    os._exit(0)


threading.Thread(target=end_with_stdin, daemon=True).start()

# One line per request otherwise.
logging.getLogger("werkzeug").setLevel(logging.ERROR)

# moto looks whether a secret is there and then stores it, without a lock; AWS does both at once. No thread gives way to
# another in so short a time, unless it waits.
sys.setswitchinterval(1)

from moto.server import main  # noqa: E402

main(sys.argv[1:])
