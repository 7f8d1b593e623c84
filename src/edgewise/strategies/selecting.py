"""The query: which rows of a pool to label next."""

from __future__ import annotations

from typing import cast

import numpy as np
from numpy.typing import ArrayLike

from edgewise.arrays import Box, InputError, check_box, check_count
from edgewise.models.access import check_fitted
from edgewise.models.unwrap import Model, check_columns
from edgewise.pools.pool import PoolLike
from edgewise.randomness import Rng, seed_of
from edgewise.registry import component
from edgewise.strategies.foreign import Scored, ScoreFunction
from edgewise.strategies.frame import Query, Request, Strategy, checked
from edgewise.strategies.given import read_candidates, read_labelled, read_source, read_uniform
from edgewise.strategies.names import STRATEGIES, StrategyName


def query(
    model: Model,
    pool: PoolLike,
    n: int,
    strategy: StrategyName | Strategy | ScoreFunction = "herding",
    *,
    labelled: tuple[ArrayLike, ArrayLike] | None = None,
    candidates: ArrayLike | None = None,
    box: Box | tuple[ArrayLike, ArrayLike] | None = None,
    rng: Rng = None,
    repeatable: bool | None = None,
    uniform: ArrayLike | None = None,
) -> Query:
    """Pick the ``n`` rows of ``pool`` that are worth a label most: distinct rows, always ``n`` of them.

    Parameters
    ----------
    model
        A fitted scikit-learn classifier, a torch module, or a callable; asked, never changed. None before
        there is one: ``herding``, ``random``, ``core-set``, ``typical`` and ``edge-mix`` do without.
    pool
        An array ``(n_pool, ...)``, a memory map, a Parquet or NPZ file or a list of them, a torch data set,
        an iterable of batches, or a function that returns one. Read in batches; only scores are kept.
    n
        How many rows.
    strategy
        A name in `STRATEGIES` for its default settings, an instance such as ``Dfal(twins=0.1)``, or any
        function ``(model, X) -> scores`` (larger for more wanted), called batch by batch.
    labelled
        ``(X, y)`` known already, in the pool or not; strategies that look for new ground keep away from it.
    candidates
        Rows of the pool that may be picked; all by default.
    box
        Bounds that made points (twins) obey.
    rng
        Seed or generator; the same seed gives the same rows. None draws a fresh seed, which the result carries.
    repeatable
        Whether the oracle gives the same label when asked again; None if not known.
    uniform
        Which labelled points are a uniform sample (`Query.uniform` of earlier batches); all by default.

    Returns
    -------
    Query
        ``index, score, propensity, uniform, created``. ``index`` refers to ``pool``, not to ``candidates``.

    Raises
    ------
    InputError
        Bad input, an unknown name, ``n`` above the number of candidates, NaN in the pool, a label
        the model never saw, or a model that cannot answer what the strategy asks.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> line = LogisticRegression().fit([[0.0], [1.0]], [0, 1])
    >>> query(line, [[0.0], [0.45], [0.9]], 1, "margin").index
    array([1])
    """
    method = resolved(strategy)
    if isinstance(model, type) or model is not None:
        check_fitted(model)
    source = read_source(pool, model)
    check_columns(model, source.names, "pool")
    rows = read_candidates(candidates, len(source))
    check_count(n, "n")
    if n > len(rows):
        raise InputError(
            f"n is {n}, but the pool has {len(rows)} rows to pick from; ask for fewer, or add "
            "rows to the pool."
        )
    known = read_labelled(labelled, model, source)
    n_features = int(np.prod(source.shape))
    request = Request(
        model,
        source,
        n,
        rows,
        known,
        check_box(box, n_features),
        seed_of(rng),
        repeatable,
        uniform=read_uniform(uniform, known),
    )
    return checked(method(request), request)


def resolved(strategy: str | Strategy | ScoreFunction) -> Strategy:
    """Return the strategy that a name, an instance or a scoring function stands for."""
    found: object = component(STRATEGIES, strategy, "strategy")
    if hasattr(type(found), "__dataclass_fields__") and isinstance(found, Strategy):
        return found
    return Scored(cast("ScoreFunction", found))
