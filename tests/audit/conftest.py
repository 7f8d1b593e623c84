"""A faulty server of one's own for each test, on loopback."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest


@dataclass
class Server:
    """A running server: its URL and what it worked on."""

    url: str
    log: Path

    def rows(self):
        """Return the rows it worked on, in order."""
        return [tuple(json.loads(line)) for line in self.log.read_text().splitlines()]


@pytest.fixture
def serve(tmp_path):
    """Return a function that starts a server with faults: {fault: every n-th request}."""
    pytest.importorskip("httpx")
    pytest.importorskip("uvicorn")
    running = []

    def start(**faults):
        log = tmp_path / f"server-{len(running)}.log"
        log.touch()
        named = {name.removeprefix("status_"): every for name, every in faults.items()}
        program = [
            sys.executable,
            str(Path(__file__).with_name("faulty_server.py")),
            str(log),
            json.dumps(named),
        ]
        process = subprocess.Popen(program, stdout=subprocess.PIPE, text=True)
        running.append(process)
        return Server(f"http://127.0.0.1:{process.stdout.readline().strip()}/v1/models/m:predict", log)

    yield start
    for process in running:
        process.kill()
        process.wait()
        process.stdout.close()


@pytest.fixture
def pool():
    return np.random.default_rng(0).normal(size=(200, 4))
