"""The commands in the README run as they are written."""

import csv
import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest


README = Path(__file__).parents[2] / "README.md"


def run(command, folder):
    words = shlex.split(command, comments=True)[1:]
    subprocess.run(
        [sys.executable, "-c", "from edgewise.cli import main; main()", *words],
        cwd=folder,
        check=True,
        capture_output=True,
    )


def with_a_pool_and_labels(folder):
    """Write what a reader brings: a pool, and a first file of picks with its labels filled in."""
    X = np.random.default_rng(0).normal(size=(200, 2))
    np.savetxt(folder / "pool.csv", X, delimiter=",", header="a,b", comments="")
    run("edgewise query pool.csv -n 20 --out labels.csv", folder)
    with (folder / "labels.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    with (folder / "labels.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(row | {"label": "yes" if float(row["a"]) > 0 else "no"} for row in rows)


@pytest.mark.slow
def test_shell_commands(tmp_path):
    with_a_pool_and_labels(tmp_path)
    (tmp_path / "results").symlink_to(README.parent / "results")
    blocks = re.findall(r"```console\n(.*?)```", README.read_text(), flags=re.DOTALL)
    commands = [line for block in blocks for line in block.splitlines() if line.startswith("edgewise ")]
    assert len(commands) >= 4
    for command in commands:
        run(command, tmp_path)
    assert (tmp_path / "next.csv").exists()
    assert (tmp_path / "report.html").stat().st_size > 10_000
    assert (tmp_path / "points.npz").exists()
    assert "Does training at the boundary help?" in (tmp_path / "evidence.html").read_text()


def test_make_targets_named_in_the_readme_exist():
    named = set(re.findall(r"^make ([a-z-]+)", README.read_text(), flags=re.MULTILINE))
    targets = set(re.findall(r"^([a-z-]+):", (README.parent / "Makefile").read_text(), flags=re.MULTILINE))
    assert {"demo", "test"} <= named <= targets
