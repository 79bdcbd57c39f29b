"""MiniStack as a process: it never outlives its parent process, and a port in use is an error in one line."""

import os
import signal
import subprocess
import sys

import pytest

from emulator import Emulator, Unavailable
from support import eventually
from web import direct

STARTER = """
import signal, time
from emulator import Emulator
signal.signal(signal.SIGINT, signal.default_int_handler)
one = Emulator()
print(one.url, one.folder, flush=True)
time.sleep(600)
"""


def answers(url):
    try:
        return direct.open(f"{url}/_ministack/health", timeout=5).status == 200
    except OSError:
        return False


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_ministack_ends_with_its_parent_process(how):
    folder = os.path.dirname(__file__)
    with subprocess.Popen([sys.executable, "-c", STARTER], cwd=folder, stdout=subprocess.PIPE, text=True) as starter:
        url, data = starter.stdout.readline().split()
        assert answers(url)
        starter.send_signal(how)
    eventually(lambda: not answers(url) and not os.path.exists(data), "the end of the server and its folder")


def test_a_port_in_use_is_an_error_before_the_start():
    with Emulator() as one, pytest.raises(Unavailable, match=f"^port {one.port} is taken: .*make stack`\\)$"):
        Emulator(one.port)
