"""A real server in a process of its own, and a real browser, for the tests of the page."""

import os
import re
import signal
import socket
import subprocess
import sys

import pytest


TOKEN = "a-token-for-the-tests"


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


class Server:
    """`edgewise label` as a person starts it; the same port and token each time."""

    def __init__(self, folder, *words):
        self.folder, self.words, self.port = folder, words, free_port()
        self.process, self.token = None, TOKEN

    @property
    def origin(self):
        return f"http://127.0.0.1:{self.port}"

    @property
    def url(self):
        return f"{self.origin}/?token={TOKEN}"

    def start(self):
        words = ["label", *map(str, self.words), "--port", str(self.port), "--token", TOKEN, "--no-browser"]
        self.process = subprocess.Popen(
            [sys.executable, "-c", "from edgewise.cli import main; main()", *words],
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=os.environ | {"PYTHONUNBUFFERED": "1"},
        )
        said = []
        for line in self.process.stdout:
            said.append(line)
            if re.match(r"Label at http", line):
                return self
        self.process.wait()
        self.process.stdout.close()
        raise AssertionError("".join(said))

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.process.stdout.close()

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(30)
        self.process.stdout.close()

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()


@pytest.fixture
def serve(tmp_path):
    """Return a function that makes servers in the test's folder; all are stopped at the end."""
    made = []

    def make(*words):
        made.append(Server(tmp_path, *words))
        return made[-1]

    yield make
    for server in made:
        if server.process is not None and server.process.poll() is None:
            server.stop()
