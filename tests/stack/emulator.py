"""Runs MiniStack as a process, and ends it with all functions that it runs."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import boto3
from botocore.config import Config

from web import direct

REPOSITORY = Path(__file__).parents[2]
REGION = "us-east-1"
START_SECONDS = 60


class Unavailable(Exception):
    """The stack is not available; the message is one line with the cause."""


class Emulator:
    """A new MiniStack on 127.0.0.1, which checks signatures and IAM policies."""

    def __init__(self, port: int = 0):
        listener = listen(port)
        self.port = listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.folder = Path(tempfile.mkdtemp(prefix="apikeys-stack-"))
        self.log = self.folder / "ministack.log"
        with listener, self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, Path(__file__).with_name("ministack_server.py"), str(listener.fileno())],
                pass_fds=[listener.fileno()],
                start_new_session=True,  # so that Ctrl-C reaches only this process
                env=self.server_environment(),
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
            )
        try:
            self.wait()
        except BaseException:
            self.stop()
            raise

    def server_environment(self) -> dict:
        """The server's environment. The functions inherit it, so it holds no settings of the user."""
        return {
            **self.environment(),
            "AUTH": "true",
            "GATEWAY_PORT": str(self.port),
            "HOME": str(self.folder),
            "LAMBDA_ASYNC_RETRY_BASE_SECONDS": "0.1",  # the delay of asynchronous retries; a minute on AWS
            "LOG_LEVEL": "INFO",
            "MINISTACK_HOST": "localhost",
            "MINISTACK_REGION": REGION,
            "TMPDIR": str(self.folder),
        }

    def environment(self) -> dict:
        """The environment of this process, with the emulator instead of AWS."""
        foreign = ("AWS_", "JWT_", "PYTHON", "MAKE", "MFLAGS")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
        return {
            **kept,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ENDPOINT_URL": self.url,
            "NO_PROXY": "127.0.0.1",
        }

    def client(self, service: str):
        """A boto3 client."""
        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(proxies={}, retries={"mode": "standard", "total_max_attempts": 1}, read_timeout=120),
        )

    def wait(self) -> None:
        """Waits until MiniStack answers."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                with direct.open(f"{self.url}/_ministack/health", timeout=5):
                    return
            except OSError:
                time.sleep(0.1)
        last = self.log.read_text(errors="replace").strip().splitlines()[-1:]
        raise Unavailable(f"MiniStack does not answer: {''.join(last) or 'it says nothing'}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self) -> None:
        """Ends MiniStack and its functions, and deletes its folder."""
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()
        self.process.stdin.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def listen(port: int) -> socket.socket:
    """A listening socket on the port, or on a free port if it is 0."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
        listener.listen()
    except OSError:
        listener.close()
        raise Unavailable(
            f"port {port} is taken: stop what uses it (`lsof -i :{port}` names it; perhaps another `make stack`)"
        ) from None
    return listener
