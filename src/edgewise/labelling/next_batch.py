"""The rows to label next, from labels so far, of one pool and of a pool in shards: what `edgewise query` does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from edgewise.arrays import Index, InputError, Labels, Mask
from edgewise.labelling.batches import Known
from edgewise.learning.fitting import fitted
from edgewise.learning.learners import LEARNERS
from edgewise.models.access import check_fitted
from edgewise.pools.pool import Pool
from edgewise.pools.top_rows import draw_rows
from edgewise.randomness import child_seed
from edgewise.registry import component, lookup
from edgewise.strategies import STRATEGIES
from edgewise.strategies.frame import Query
from edgewise.strategies.selecting import query
from edgewise.strategies.sharded import ShardQuery, Shards, query_shards
from edgewise.strategies.sharded.task import read_rows


SAMPLE = 5_000
"""Rows that mean and spread of the features are estimated from."""


def next_batch(
    pool: Pool, index: Index, known: Labels, uniform: Mask, n: int, *, strategy: str, learner: str, seed: int
) -> Query:
    """Return the next ``n`` rows for labels ``known`` of the rows ``index``: what `edgewise query` does.

    Features are scaled to mean 0 and spread 1 over the pool; with fewer than two classes there is no model.
    """
    lookup(LEARNERS, learner, "learner")
    if learner == "network":
        raise InputError("the command trains no networks; for networks call edgewise.query.")
    rows = pool.score(lambda part: part.reshape(len(part), -1))
    spread = rows.std(axis=0)
    rows = (rows - rows.mean(axis=0)) / np.where(spread > 0, spread, 1)
    model = None
    if len(np.unique(known)) > 1:
        model = fitted(LEARNERS[learner](rows), rows[index], known, seed=child_seed(seed, "fit"))
    elif needs_model(strategy):
        raise InputError(
            f"{strategy} needs labels of at least two classes; label a first batch of "
            "'herding', 'typical' or 'random' first."
        )
    return query(
        model,
        rows,
        n,
        component(STRATEGIES, strategy, "strategy"),
        labelled=(rows[index], known) if len(index) else None,
        candidates=np.setdiff1d(np.arange(len(rows)), index),
        rng=child_seed(seed, "query"),
        uniform=uniform,
    )


def needs_model(strategy: str) -> bool:
    """Say whether a strategy asks a model and so cannot make the first batch."""
    return ".py:" not in strategy and bool(lookup(STRATEGIES, strategy, "strategy").needs)


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
            raise InputError("the command trains no networks; give a network with --model.")
        if len(np.unique(known.labels)) < 2 and needs_model(strategy):
            raise InputError(
                f"{strategy} needs a model: label a first batch of 'herding' or 'random' and "
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
