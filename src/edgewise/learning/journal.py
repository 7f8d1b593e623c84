"""What a loop writes to its store after every step, so that a killed run goes on with the same picks."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edgewise.arrays import Index, InputError, Json, Values
from edgewise.atomic import alone
from edgewise.digests import NoValueError, digest
from edgewise.learning.answer import Answer, Cost, OracleError
from edgewise.learning.encoding import dump_array, load_array, lost
from edgewise.store import Cell, Fact, Store, StoreError
from edgewise.strategies.frame import Created, Query


DATA = ("pool", "start", "box", "seed")
"""What may not change in a run of a given name: its row numbers and labels would mean something else."""


@dataclass(frozen=True)
class Journal:
    """The facts of one run: for each round what was picked, then every answer that was paid for.

    Parameters
    ----------
    store
        Where facts go.
    run
        What the run is known by.
    seed
        Its seed.
    """

    store: Store
    run: str
    seed: int

    @classmethod
    def of(
        cls, store: Store, run: str | None, decides: Mapping[str, Callable[[], Json]], seed: int
    ) -> Journal:
        """Return the journal of the run that is called ``run``, or that these things decide.

        Parameters
        ----------
        decides
            What decides the run, each as a function that returns its digest or plain value.

        Raises
        ------
        InputError
            Something that decides it has no stable value and ``run`` is None, or data of a named run changed.
        """
        if any("run" not in fact.cell.settings for fact in store.facts("learn")):
            raise StoreError(
                f"{store.path} holds labelling runs of before 0.2, which were known by other names; give a new "
                "store, and the labels of the old one as start=(X, y)."
            )
        known: dict[str, Json] = {}
        for name, value in decides.items():
            try:
                known[name] = value()
            except NoValueError as error:
                if run is None:
                    raise InputError(
                        f"{error} A store must know the {name} again to go on after a stop: give the run a "
                        "name of your own, run='...'."
                    ) from None
                known[name] = None
        journal = cls(store, digest(known) if run is None else run, seed)
        there = store.get(journal._cell("about"))
        if there is None:
            store.put(Fact(journal._cell("about"), known))
            return journal
        for name in DATA:
            if there.figures[name] != known[name]:
                raise InputError(
                    f"the run {journal.run!r} in {store.path} has another {name}; give back the old one, or "
                    "another run= for a new run."
                )
        return journal

    @contextmanager
    def held(self) -> Generator[None]:
        """Keep other processes from paying for the same run at the same time."""
        path = str(self.store.path)
        if path == ":memory:":
            yield
            return
        with alone(Path(f"{path}.{digest(self.run)[:12]}.lock"), f"the run {self.run!r}"):
            yield

    def query(self, number: int) -> Query | None:
        """Return the query of a round, or None if it was not made yet."""
        fact = self.store.get(self._cell("query", number))
        return None if fact is None else _read_query(fact.figures)

    def put_query(self, number: int, query: Query) -> None:
        """Write what a round asks for, before anybody is asked."""
        self.store.put(Fact(self._cell("query", number), _write_query(query)))

    def answers(self, number: int) -> list[tuple[Index, Answer]]:
        """Return the rows asked and their answer, part by part; rows count within the round's query."""
        found: list[tuple[Index, Answer]] = []
        while (fact := self.store.get(self._cell("answer", number, len(found)))) is not None:
            f = fact.figures
            asked, rows = (np.array(f[name], dtype=np.intp) for name in ("asked", "rows"))
            found.append((asked, Answer(rows, load_array(f["labels"]), Cost(*f["cost"]))))
        return found

    def put_answer(self, number: int, part: int, asked: Index, answer: Answer) -> None:
        """Write an answer; an interrupt meanwhile waits until it is written.

        Raises
        ------
        OracleError
            It could not be written, or one of its labels only as text; the answer is in the error.
        """
        cost = answer.cost
        fact = Fact(
            self._cell("answer", number, part),
            {
                "asked": asked.tolist(),
                "rows": answer.rows.tolist(),
                "labels": dump_array(answer.labels),
                "cost": [cost.labels, cost.queries, cost.gradients],
            },
        )
        try:
            self.store.put(fact)
        except StoreError as error:
            message = f"{error} The answers that were not written: {answer.labels.tolist()}."
            raise OracleError(message, answer) from None
        except BaseException:
            self.store.put(fact)
            raise
        if (label := lost(answer.labels)) is not None:
            raise OracleError(
                f"the oracle answered with {label!r}, a {type(label).__name__}, which a store can keep as text "
                "only; answer with words, numbers, dates or tuples of these, under another run='name'.",
                answer,
            )

    def _cell(self, kind: str, number: int = 0, part: int = 0) -> Cell:
        place = {} if kind == "about" else {"round": number, "part": part}
        return Cell("learn", {"run": self.run, "kind": kind, **place}, 0)


def _write_query(query: Query) -> dict[str, Json]:
    made = query.created
    return {
        "index": query.index.tolist(),
        "score": dump_array(query.score),
        "propensity": dump_array(query.propensity),
        "uniform": query.uniform.tolist(),
        "queries": query.queries,
        "gradients": query.gradients,
        "notes": list(query.notes),
        "created": None
        if made is None
        else {
            "points": dump_array(made.points),
            "source": made.source.tolist(),
            "attack": made.attack,
            "scale": dump_array(made.scale),
            "crossed_into": dump_array(made.crossed_into),
        },
    }


def _read_query(f: Values) -> Query:
    made = f["created"]
    created = (
        None
        if made is None
        else Created(
            load_array(made["points"]),
            np.array(made["source"], dtype=np.intp),
            made["attack"],
            load_array(made["scale"]),
            load_array(made["crossed_into"]),
        )
    )
    return Query(
        np.array(f["index"], dtype=np.intp),
        load_array(f["score"]),
        load_array(f["propensity"]),
        np.array(f["uniform"], dtype=bool),
        created,
        f["queries"],
        f["gradients"],
        tuple(f["notes"]),
    )
