"""What a loop writes to its store after every step, so that a killed run goes on with the same picks."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from edgewise.arrays import Floats, Labels
from edgewise.learning.oracle import Answer, Cost
from edgewise.store import Cell, Fact, Store
from edgewise.strategies.frame import Created, Query


@dataclass(frozen=True)
class Journal:
    """The facts of one run: for each round what was picked, then every answer that was paid for.

    Parameters
    ----------
    store
        Where facts go.
    settings
        Everything that decides the run but its seed.
    seed
        The seed.
    """

    store: Store
    settings: Mapping[str, Any]
    seed: int

    def query(self, number: int) -> Query | None:
        """Return the query of a round, or None if it was not made yet."""
        fact = self.store.get(self._cell(number, "query"))
        return None if fact is None else _read_query(fact.figures)

    def put_query(self, number: int, query: Query) -> None:
        """Write what a round asks for, before anybody is asked."""
        self.store.put(Fact(self._cell(number, "query"), _write_query(query)))

    def answers(self, number: int) -> list[tuple[Answer, bool]]:
        """Return the answers of a round in order, each with whether it closed the round."""
        found: list[tuple[Answer, bool]] = []
        while (fact := self.store.get(self._cell(number, "answer", len(found)))) is not None:
            f = fact.figures
            found.append(
                (
                    Answer(np.array(f["rows"], dtype=np.intp), _read_array(f["labels"]), Cost(*f["cost"])),
                    bool(f["closed"]),
                )
            )
        return found

    def put_answer(self, number: int, part: int, answer: Answer, closed: bool) -> None:
        """Write an answer; ``rows`` count within the round's query."""
        cost = answer.cost
        self.store.put(
            Fact(
                self._cell(number, "answer", part),
                {
                    "rows": answer.rows.tolist(),
                    "labels": _write_array(answer.labels),
                    "cost": [cost.labels, cost.queries, cost.gradients],
                    "closed": closed,
                },
            )
        )

    def _cell(self, number: int, kind: str, part: int = 0) -> Cell:
        return Cell("learn", {**self.settings, "round": number, "kind": kind, "part": part}, self.seed)


def _write_query(query: Query) -> dict[str, Any]:
    made = query.created
    return {
        "index": query.index.tolist(),
        "score": _write_array(query.score),
        "propensity": _write_array(query.propensity),
        "uniform": query.uniform.tolist(),
        "queries": query.queries,
        "gradients": query.gradients,
        "notes": list(query.notes),
        "created": None
        if made is None
        else {
            "points": _write_array(made.points),
            "source": made.source.tolist(),
            "attack": made.attack,
            "scale": _write_array(made.scale),
            "crossed_into": _write_array(made.crossed_into),
        },
    }


def _read_query(f: Mapping[str, Any]) -> Query:
    made = f["created"]
    created = (
        None
        if made is None
        else Created(
            _read_array(made["points"]),
            np.array(made["source"], dtype=np.intp),
            made["attack"],
            _read_array(made["scale"]),
            _read_array(made["crossed_into"]),
        )
    )
    return Query(
        np.array(f["index"], dtype=np.intp),
        _read_array(f["score"]),
        _read_array(f["propensity"]),
        np.array(f["uniform"], dtype=bool),
        created,
        f["queries"],
        f["gradients"],
        tuple(f["notes"]),
    )


def _write_array(values: Floats | Labels) -> dict[str, Any]:
    """Numbers keep every bit (NaN, -0.0 and infinity are no JSON); labels of other kinds are listed."""
    if values.dtype.kind in "biuf":
        data = base64.b64encode(np.ascontiguousarray(values).tobytes()).decode()
        return {"dtype": values.dtype.str, "shape": list(values.shape), "data": data}
    return {"list": values.tolist()}


def _read_array(f: Mapping[str, Any]) -> Any:
    if "list" in f:
        return np.array(f["list"])
    return np.frombuffer(base64.b64decode(f["data"]), np.dtype(f["dtype"])).reshape(f["shape"]).copy()
