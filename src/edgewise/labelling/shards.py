"""Labels and batches of a pool in shards as CSV files, and the batch that follows from them."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from edgewise.arrays import Floats, Index, InputError, Labels, Mask
from edgewise.atomic import replacing
from edgewise.labelling.next_batch import needs_model
from edgewise.labelling.table import LABEL, POOL, ROW, UNIFORM, rows_of
from edgewise.learning.fitting import fitted
from edgewise.learning.learners import LEARNERS
from edgewise.models.access import check_fitted
from edgewise.pools.top_rows import draw_rows
from edgewise.randomness import child_seed
from edgewise.registry import component, lookup
from edgewise.strategies.rows import STRATEGIES
from edgewise.strategies.sharded import ShardQuery, Shards, query_shards
from edgewise.strategies.sharded.query import read_rows


SHARD = "shard"

SAMPLE = 5_000
"""Rows that mean and spread of the features are estimated from."""


@dataclass(frozen=True)
class Known:
    """What is labelled of a pool in shards.

    Parameters
    ----------
    index
        Row numbers through all shards, ascending.
    points
        Those rows ``(n, ...)``.
    labels, uniform
        Their labels, and which rows were drawn uniformly.
    """

    index: Index
    points: Floats
    labels: Labels
    uniform: Mask


def read_shard_labels(paths: Sequence[Path], shards: Shards, *, jobs: int = 1) -> Known:
    """Read labels: CSV files with the columns ``shard``, ``row`` and ``label``; blank labels are left out.

    The files that `write_shard_query` wrote, filled in, are such files. A shard is named by its path
    or, where no two files share it, by its file name.

    Raises
    ------
    InputError
        A missing column, a shard or a row that the pool does not have, two labels for a row, or labels of a
        row whose values have changed.
    """
    number = _numbers(shards)
    found: dict[int, tuple[str, str, bool]] = {}
    for path in paths:
        header, lines = rows_of(path)
        if not {SHARD, ROW, LABEL} <= set(header):
            raise InputError(
                f"{path} needs the columns 'shard', 'row' and 'label'; it has {', '.join(header)}."
            )
        for line in lines:
            item = dict(zip(header, line, strict=True))
            index, label = _index(item, number, shards, path), item[LABEL].strip()
            if not label:
                continue
            entry = (label, item.get(POOL, "").strip(), item.get(UNIFORM, "1").strip() != "0")
            if found.setdefault(index, entry)[0] != label:
                raise InputError(
                    f"{item[SHARD]} row {item[ROW]} has two labels, {found[index][0]!r} and "
                    f"{label!r}; keep one."
                )
    index = np.array(sorted(found), dtype=np.intp)
    points = read_rows(shards, index, jobs=jobs)
    for i, values in zip(index.tolist(), points, strict=True):
        given = found[i][1]
        if given and given != _print_of(values):
            shard, row = (int(part[0]) for part in shards.locate(np.array([i])))
            raise InputError(
                f"row {row} of {shards.paths[shard]} is not the row that was labelled: the "
                "shard changed since. Put it back, or take the 'pool' column out."
            )
    return Known(
        index,
        points,
        np.array([found[i][0] for i in index.tolist()]),
        np.array([found[i][2] for i in index.tolist()], dtype=bool),
    )


def next_shard_batch(
    shards: Shards,
    known: Known,
    n: int,
    *,
    strategy: str,
    learner: str = "logistic",
    model: Any = None,
    seed: int = 0,
    **settings: Any,
) -> ShardQuery:
    """Return the next ``n`` rows of a pool in shards for what is known of it.

    Without a ``model`` one is trained: features are scaled to mean 0 and spread 1, as estimated from 5,000
    rows, and ``learner`` is fitted to the labels. A model that is given is asked about the rows as they are.
    ``settings`` are those of `edgewise.strategies.sharded.query_shards`.

    Raises
    ------
    InputError
        The strategy needs a model and there are labels of fewer than two classes.
    """
    scale = None
    if model is None:
        lookup(LEARNERS, learner, "learner")
        if learner == "network":
            raise InputError("the command trains 1-nn, rbf-ridge and logistic; give a network with --model.")
        if len(np.unique(known.labels)) < 2 and needs_model(strategy):
            raise InputError(
                f"{strategy} needs a model: label a first batch of 'edge-mix' or 'random' and "
                "give it with --labels, or give a fitted model with --model."
            )
        drawn = np.sort(draw_rows(min(SAMPLE, len(shards)), len(shards), np.empty(0, np.intp), seed, "scale"))
        rows = read_rows(shards, drawn, jobs=int(settings.get("jobs", 1)))
        rows = rows.reshape(len(rows), -1)
        centre, spread = rows.mean(axis=0), rows.std(axis=0)
        scale = (centre, np.where(spread > 0, spread, 1))
        if len(np.unique(known.labels)) > 1:
            points = (known.points.reshape(len(known.points), -1) - centre) / scale[1]
            model = fitted(
                LEARNERS[learner]((rows - centre) / scale[1]),
                points,
                known.labels,
                seed=child_seed(seed, "fit"),
            )
    labelled = (known.points, _as_the_model(known.labels, model)) if len(known.index) else None
    return query_shards(
        model,
        shards,
        n,
        component(STRATEGIES, strategy, "strategy"),
        labelled=labelled,
        taken=known.index,
        scale=scale,
        uniform=known.uniform,
        rng=child_seed(seed, "query"),
        **settings,
    )


def _as_the_model(labels: Labels, model: Any) -> Labels:
    """Return labels as the model names its classes: a file holds text, a model may know numbers."""
    names = {str(name): name for name in getattr(model, "classes_", ())}
    return np.array([names.get(label, label) for label in labels.tolist()]) if names else labels


def load_model(path: Path) -> Any:
    """Return the fitted model of a joblib file. Such a file runs code when it is read: load only your own.

    Raises
    ------
    InputError
        No such file, none that joblib reads, or no fitted model in it.
    """
    import joblib

    try:
        model = joblib.load(path)
    except Exception as error:  # noqa: BLE001 - what is no pickle can raise anything
        raise InputError(
            f"{path} holds no model that can be read ({type(error).__name__}: {error}). Write "
            "it with joblib.dump(model, path) and the same versions of its packages."
        ) from None
    check_fitted(model)
    return model


def write_shard_query(path: Path, answer: ShardQuery, shards: Shards) -> None:
    """Write a batch to be labelled: an empty ``label`` first, then where the row is and its values."""
    points = read_rows(shards, answer.query.index)
    shown = points.reshape(len(points), -1) if points[0].size <= 50 else np.empty((len(points), 0))
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(
        [LABEL, SHARD, ROW, *(f"x{i}" for i in range(shown.shape[1])), "score", "propensity", UNIFORM, POOL]
    )
    query = answer.query
    for i, (shard, row) in enumerate(zip(answer.shard, answer.row.tolist(), strict=True)):
        writer.writerow(
            [
                "",
                shard,
                row,
                *map(repr, shown[i].tolist()),
                repr(float(query.score[i])),
                repr(float(query.propensity[i])),
                int(query.uniform[i]),
                _print_of(points[i]),
            ]
        )
    with replacing(path) as file:
        file.write(text.getvalue().encode())


def _numbers(shards: Shards) -> Mapping[str, int]:
    names = [path.name for path in shards.paths]
    unique = {name: i for i, name in enumerate(names) if names.count(name) == 1} if len(names) < 10**4 else {}
    return {**unique, **{str(path): i for i, path in enumerate(shards.paths)}}


def _index(item: Mapping[str, str], number: Mapping[str, int], shards: Shards, path: Path) -> int:
    shard, row = item[SHARD].strip(), item[ROW].strip()
    if shard not in number:
        raise InputError(
            f"{path}: shard {shard!r} is no file of this pool, whose first is "
            f"{shards.paths[0]}. Run from the same folder, with the same --pool."
        )
    if not row.isdigit() or int(row) >= shards.sizes[number[shard]]:
        raise InputError(
            f"{path}: row {row!r} is no row of {shard}, which has rows 0 to "
            f"{shards.sizes[number[shard]] - 1}."
        )
    return int(shards.starts[number[shard]]) + int(row)


def _print_of(values: Floats) -> str:
    return hashlib.blake2b(np.ascontiguousarray(values).tobytes(), digest_size=6).hexdigest()
