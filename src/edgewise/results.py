"""Published runs: facts of a store as one committed file, with what is needed to make them again."""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from edgewise.arrays import InputError
from edgewise.atomic import replacing
from edgewise.store import Cell, Fact


PACKAGES = ("edgewise", "numpy", "scipy", "scikit-learn", "numba", "torch", "skorch")


def provenance(command: str, device: str | None = None) -> dict[str, Any]:
    """Return command, commit, versions and device: what a figure needs beside it."""
    versions = {name: version for name in PACKAGES if (version := _version(name))}
    return {"command": command, "commit": _commit(), "python": platform.python_version(),
            "versions": versions, "device": device or f"CPU, {os.cpu_count()} cores, {platform.machine()}"}


def publish(facts: Sequence[Fact], path: Path, about: Mapping[str, Any]) -> None:
    """Write facts and `provenance` to ``path``, one fact a line, atomically.

    Raises
    ------
    InputError
        There are no facts.
    """
    if not facts:
        raise InputError(f"there are no facts to write to {path}; run the experiment first.")
    lines = [json.dumps({"about": dict(about)}, sort_keys=True)]
    lines += [json.dumps({"what": f.cell.what, "settings": dict(f.cell.settings), "seed": f.cell.seed,
                          "figures": f.figures, "seconds": round(f.seconds, 3)}, sort_keys=True)
              for f in facts]
    with replacing(path) as file:
        file.write(("\n".join(lines) + "\n").encode())


def published_run(path: Path) -> tuple[dict[str, Any], list[Fact]]:
    """Read back what `publish` wrote: its provenance and its facts.

    Raises
    ------
    InputError
        No such file, or not one of ours.
    """
    try:
        first, *rest = path.read_text(encoding="utf-8").splitlines()
        about = json.loads(first)["about"]
        facts = [Fact(Cell(item["what"], item["settings"], item["seed"]), item["figures"], item["seconds"])
                 for item in map(json.loads, rest)]
    except (OSError, ValueError, KeyError) as error:
        raise InputError(f"{path} holds no published run ({type(error).__name__}: {error}).") from None
    return about, facts


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _commit() -> str | None:
    """Return the commit of the checkout this package runs from, or None outside one."""
    answer = subprocess.run(["git", "rev-parse", "--short=12", "HEAD"], cwd=Path(__file__).parent,
                            capture_output=True, text=True, check=False)
    return answer.stdout.strip() or None
