"""The study as an experiment: resumable, and loud about violations."""

from __future__ import annotations

from edgewise.paper.runs.experiment import Experiment
from edgewise.paper.runs.sweep import Failure, Summary
from edgewise.paper.theory.study.compute import work
from edgewise.paper.theory.study.settings import study


def experiment(*, quick: bool = False, seeds: int | None = None) -> Experiment:
    """Return the study; see `edgewise.paper.theory.study.settings.study`.

    Raises
    ------
    InputError
        Fewer than two seeds.
    """
    return Experiment("theory study", study(quick=quick, seeds=seeds), work)


def violations(summary: Summary) -> tuple[Failure, ...]:
    """Return the failures in which a classifier was wrong where a bound guarantees it right."""
    return tuple(failure for failure in summary.failures if failure.kind == "ViolationError")
