"""The commands in the README run as they are written."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest


README = Path(__file__).parents[2] / "README.md"


@pytest.mark.slow
def test_shell_commands(tmp_path):
    blocks = re.findall(r"```console\n(.*?)```", README.read_text(), flags=re.DOTALL)
    commands = [line for block in blocks for line in block.splitlines() if line.startswith("edgewise ")]
    assert len(commands) >= 4
    for command in commands:
        words = shlex.split(command, comments=True)[1:]
        subprocess.run([sys.executable, "-c", "from edgewise.cli import main; main()", *words],
                       cwd=tmp_path, check=True, capture_output=True)
    assert (tmp_path / "report.html").stat().st_size > 10_000
    assert (tmp_path / "points.npz").exists()


def test_make_targets_named_in_the_readme_exist():
    named = set(re.findall(r"^make ([a-z-]+)", README.read_text(), flags=re.MULTILINE))
    targets = set(re.findall(r"^([a-z-]+):", (README.parent / "Makefile").read_text(), flags=re.MULTILINE))
    assert {"demo", "test"} <= named <= targets
