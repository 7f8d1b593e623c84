"""Run the study into a store: resumable, and loud about violations."""

from __future__ import annotations

from dataclasses import dataclass

from edgewise.paper.runs.sweep import Failure, Summary, sweep
from edgewise.paper.theory.study.compute import work
from edgewise.paper.theory.study.settings import study
from edgewise.store import Store


@dataclass(frozen=True)
class StudyReport:
    """What a run did.

    Parameters
    ----------
    summary
        Cells computed, present and failed.
    violations
        The failures in which a classifier was wrong where a bound guarantees it right; each names its seed.
    """

    summary: Summary
    violations: tuple[Failure, ...]


def run_study(
    store: Store, *, quick: bool = False, seeds: int | None = None, jobs: int = 1, progress: bool = False
) -> StudyReport:
    """Compute the cells of the study that ``store`` lacks.

    Parameters
    ----------
    store
        Where facts go; a run that was killed goes on from there.
    quick, seeds
        See `edgewise.paper.theory.study.settings.study`.
    jobs
        Processes.
    progress
        Draw a progress bar.

    Raises
    ------
    InputError
        Fewer than two seeds, or fewer than one job.
    """
    summary = sweep(
        study(quick=quick, seeds=seeds), work, store, jobs=jobs, progress=progress, what="theory study"
    )
    return StudyReport(summary, tuple(f for f in summary.failures if f.message.startswith("ViolationError")))
