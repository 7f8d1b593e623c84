"""An experiment: cells, what computes them, and one run of them from plan to published files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from edgewise.arrays import InputError, Values
from edgewise.atomic import replacing
from edgewise.paper.runs.results import provenance, publish, record, recorded
from edgewise.paper.runs.sweep import Summary, Watch, Work, sweep
from edgewise.store import Cell, Fact, Store


@dataclass(frozen=True)
class Run:
    """What a run of an experiment left: its facts, what was done now, and how the figures were made."""

    facts: Sequence[Fact]
    summary: Summary
    about: Values

    def publish(self, path: Path, page: str | None = None) -> None:
        """Write the facts to ``path`` and, where there is one, ``page`` beside it as Markdown.

        Raises
        ------
        InputError
            There are no facts.
        """
        publish(self.facts, path, self.about)
        if page is not None:
            with replacing(page_beside(path)) as file:
                file.write(page.encode())


def page_beside(path: Path) -> Path:
    """Return where the page of a published run goes.

    Examples
    --------
    >>> page_beside(Path("runs.jsonl.gz")).name
    'runs.md'
    """
    return path.with_name(path.name.removesuffix(".gz")).with_suffix(".md")


@dataclass(frozen=True)
class Experiment:
    """Cells and what computes them: the one home of sweep, record and publish.

    Parameters
    ----------
    name
        What the progress display calls it.
    cells
        The whole experiment, those computed already included.
    work
        Computes the figures of a cell; importable, because workers are processes.
    about
        What to keep beside command, commit, versions and device, such as readings.

    Examples
    --------
    >>> squares = Experiment("squares", [Cell("square", {"x": 3}, 0)], lambda cell: {"y": cell.settings["x"] ** 2})
    >>> with Store(":memory:") as store:
    ...     squares.run(store, "edgewise squares").facts[0].figures
    {'y': 9}
    """

    name: str
    cells: Sequence[Cell]
    work: Work
    about: Values = field(default_factory=dict[str, object])

    def stored(self, store: Store) -> Experiment:
        """Return it with the cells alone that ``store`` holds, such as those of a run that was stopped.

        Raises
        ------
        InputError
            There are none.
        """
        held = [cell for cell in self.cells if store.get(cell) is not None]
        if not held:
            raise InputError(f"{store.path} holds no cell of {self.name}; run it first, without --stored.")
        return replace(self, cells=held)

    def run(
        self,
        store: Store,
        command: str,
        *,
        jobs: int = 1,
        progress: bool = False,
        watch: Watch | None = None,
    ) -> Run:
        """Compute what ``store`` lacks, and keep in it how the new figures were made.

        Parameters
        ----------
        store
            Where facts go; a run that was killed goes on from there.
        command
            What was typed.
        jobs
            Workers.
        progress
            Draw a progress bar.
        watch
            Called with the outcome of each cell as soon as it is written.
        """
        summary = sweep(
            self.cells, self.work, store, jobs=jobs, progress=progress, what=self.name, watch=watch
        )
        about = {**provenance(command), **self.about}
        held = [fact for cell in self.cells if (fact := store.get(cell)) is not None]
        whats = {fact.cell.what for fact in held}
        if summary.computed:
            record(store, whats, about)
        return Run(held, summary, {**about, **recorded(store, whats)})
