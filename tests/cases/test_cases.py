"""Small inputs that once gave wrong answers, lost work or crashed; each is a script of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest


HERE = Path(__file__).parent
CASES = sorted(HERE.glob("*/[0-9]*"))


def test_every_case_is_here():
    assert len(CASES) == 56


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.parent.name}-{case.stem}")
def test_case(case, tmp_path):
    there = Path(sys.executable).parent
    tools = {"PY": sys.executable, "EW": str(there / "edgewise")}
    command = ["bash", str(case)] if case.suffix == ".sh" else [sys.executable, str(case)]
    ran = subprocess.run(
        command,
        cwd=tmp_path,
        env={**os.environ, **tools, "NUMBA_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert ran.returncode == 0, (ran.stdout + ran.stderr)[-2000:]
