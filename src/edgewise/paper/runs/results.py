"""Published runs: facts of a store as one committed file, with what is needed to make them again."""

from __future__ import annotations

import datetime
import gzip
import importlib.metadata
import json
import os
import platform
import shutil
import subprocess
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from edgewise.arrays import InputError, Values
from edgewise.atomic import replacing
from edgewise.store import Cell, Fact, Store


PACKAGES = ("edgewise", "numpy", "scipy", "scikit-learn", "numba", "torch", "skorch")


def provenance(command: str, device: str | None = None) -> Values:
    """Return command, commit, day, versions and device: what a figure needs beside it."""
    versions = {name: version for name in PACKAGES if (version := _version(name))}
    return {
        "command": command,
        "commit": _commit(),
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "python": platform.python_version(),
        "versions": versions,
        "device": device or _device(),
    }


def publish(facts: Sequence[Fact], path: Path, about: Values) -> None:
    """Write facts and `provenance` to ``path``, one fact a line, atomically; gzipped if it ends in ``.gz``.

    Raises
    ------
    InputError
        There are no facts.
    """
    if not facts:
        raise InputError(f"there are no facts to write to {path}; run the experiment first.")
    lines = [json.dumps({"about": dict(about)}, sort_keys=True)]
    lines += [
        json.dumps(
            {
                "what": f.cell.what,
                "settings": dict(f.cell.settings),
                "seed": f.cell.seed,
                "figures": f.figures,
                "seconds": round(f.seconds, 3),
            },
            sort_keys=True,
        )
        for f in facts
    ]
    content = ("\n".join(lines) + "\n").encode()
    with replacing(path) as file:
        # No time in the file: the same facts give the same bytes.
        file.write(gzip.compress(content, mtime=0) if path.suffix == ".gz" else content)


def published_run(path: Path) -> tuple[Values, list[Fact]]:
    """Read back what `publish` wrote: its provenance and its facts.

    Raises
    ------
    InputError
        No such file, or not one of ours.
    """
    try:
        content = path.read_bytes()
        text = (gzip.decompress(content) if path.suffix == ".gz" else content).decode("utf-8")
        first, *rest = text.splitlines()
        about = json.loads(first)["about"]
        facts = [
            Fact(Cell(item["what"], item["settings"], item["seed"]), item["figures"], item["seconds"])
            for item in map(json.loads, rest)
        ]
    except (OSError, ValueError, KeyError) as error:
        raise InputError(f"{path} holds no published run ({type(error).__name__}: {error}).") from None
    return about, facts


_TEXT = json.JSONEncoder(sort_keys=True, separators=(",", ":"))
PROVENANCE = "provenance"
"""The experiment under which a store keeps how its figures were made."""


def record(store: Store, whats: Iterable[str], about: Values) -> None:
    """Write to ``store`` how the figures of these experiments were made; each way is kept once."""
    for what in dict.fromkeys(whats):
        store.put(made_by(what, about))


def made_by(what: str, about: Values) -> Fact:
    """Return the fact that says how the figures of an experiment were made."""
    return Fact(Cell(PROVENANCE, {"of": what, **about}, 0), {})


def recorded(store: Store, whats: Iterable[str]) -> Values:
    """Return how the figures of these experiments were made, from what `record` kept; empty where nothing was.

    Day and versions are those of the last run; commits and devices are all named.
    """
    wanted = frozenset(whats)
    made = [fact.cell.settings for fact in store.facts(PROVENANCE) if fact.cell.settings["of"] in wanted]
    made.sort(key=lambda about: str(about.get("date", "")))
    last = {name: about[name] for about in made for name in ("date", "python", "versions") if name in about}
    for name, between in (("commit", " and "), ("device", "; and ")):
        if all_ := dict.fromkeys(str(about[name]) for about in made if about.get(name)):
            last[name] = between.join(all_)
    return last


@dataclass(frozen=True)
class Published:
    """The facts of published runs in memory, asked for as from a `Store`.

    Parameters
    ----------
    path
        The folder they were read from.
    by_experiment
        The facts of each experiment, by settings and seed.
    """

    path: Path
    by_experiment: Mapping[str, list[Fact]]

    def facts(self, what: str) -> list[Fact]:
        """Return the facts of one experiment, as `Store.facts` does."""
        return self.by_experiment.get(what, [])


def runs_in(folder: Path) -> list[Path]:
    """Return the files of published runs below ``folder``.

    Raises
    ------
    InputError
        There is none.
    """
    files = sorted(path for path in folder.rglob("*.jsonl*") if path.name.endswith((".jsonl", ".jsonl.gz")))
    if not files:
        raise InputError(
            f"there is no published run (.jsonl or .jsonl.gz) in {folder}; give the folder that "
            "'edgewise reproduce ... --publish' wrote to."
        )
    return files


def collected(folder: Path) -> Published:
    """Return every published run below ``folder``, and under `PROVENANCE` how each was made.

    Raises
    ------
    InputError
        There is none, one of them is damaged, or two say different figures of one cell.
    """
    found: dict[str, dict[tuple[str, int], Fact]] = defaultdict(dict)
    for path in runs_in(folder):
        about, facts = published_run(path)
        made = [made_by(what, about) for what in dict.fromkeys(fact.cell.what for fact in facts)]
        for fact in [*facts, *made]:
            cell = fact.cell
            place = (_TEXT.encode(cell.settings), cell.seed)
            there = found[cell.what].setdefault(place, fact)
            if there is not fact and _TEXT.encode(there.figures) != _TEXT.encode(fact.figures):
                raise InputError(
                    f"{path} holds other figures for {cell.what} {place[0]} seed {cell.seed} than another file "
                    "of the folder; keep one of them."
                )
    return Published(
        folder, {what: [by_place[place] for place in sorted(by_place)] for what, by_place in found.items()}
    )


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _device() -> str:
    """Return what torch computes on by default where there is an NVIDIA GPU, and the processor."""
    found = [f"CPU, {os.cpu_count()} cores, {platform.machine()}"]
    if shutil.which("nvidia-smi") is not None and _version("torch") is not None:
        from edgewise.models.torch_typed import gpu

        found.insert(0, gpu())
    return "; ".join(filter(None, found))


def _commit() -> str | None:
    """Return the commit of the checkout that tracks this package; None outside one and without git."""
    here = Path(__file__)
    if _git("ls-files", "--error-unmatch", here.name, folder=here.parent) is None:
        return None
    return _git("rev-parse", "--short=12", "HEAD", folder=here.parent)


def _git(*arguments: str, folder: Path) -> str | None:
    try:
        answer = subprocess.run(
            ["git", *arguments], cwd=folder, capture_output=True, text=True, check=True, timeout=10
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.stdout.strip() or None
