"""Random, and the three classical measures of doubt."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgewise.arrays import Floats
from edgewise.models.unwrap import Model
from edgewise.strategies.frame import Query, Rating, Request, draw, pick
from edgewise.strategies.model_scores import margins, probabilities


@dataclass(frozen=True)
class Random:
    """Uniform at random without replacement: the baseline, and an unbiased sample of the pool.

    Examples
    --------
    >>> import edgewise as ew
    >>> ew.query(None, np.zeros((9, 1)), 3, "random", rng=0).propensity
    array([1., 1., 1.])
    """

    def __call__(self, request: Request) -> Query:
        """Draw the rows; the model is not asked."""
        rows = draw(request.candidates, request.n, request.seed, "uniform")
        return Query(rows, np.zeros(len(rows)), np.ones(len(rows)), np.ones(len(rows), dtype=bool))


@dataclass(frozen=True)
class LeastConfidence:
    """The rows whose likeliest class is least likely (Lewis & Gale 1994); needs probabilities."""

    def __call__(self, request: Request) -> Query:
        """Score by 1 - max p."""
        return ranked(request, self)

    def rate(self, model: Model, X: Floats) -> Floats:
        """Return 1 - max p of each row ``(m,)``."""
        return 1 - probabilities(model, X).max(axis=1)


@dataclass(frozen=True)
class Margin:
    """The rows with the smallest gap between the two best classes (Scheffer et al. 2001).

    Works with any score a class: logits, decision values, votes; nearest-neighbour models are scored by
    distances (see `edgewise.strategies.model_scores.margins`).
    """

    def __call__(self, request: Request) -> Query:
        """Score by minus the margin."""
        return ranked(request, self)

    def rate(self, model: Model, X: Floats) -> Floats:
        """Return minus the margin of each row ``(m,)``."""
        return -margins(model, X)


@dataclass(frozen=True)
class Entropy:
    """The rows whose predicted distribution has the largest entropy (nats); needs probabilities."""

    def __call__(self, request: Request) -> Query:
        """Score by -sum p log p."""
        return ranked(request, self)

    def rate(self, model: Model, X: Floats) -> Floats:
        """Return the entropy of each row ``(m,)``, in nats."""
        return _entropy(probabilities(model, X))


def ranked(request: Request, strategy: Rating) -> Query:
    """Return the ``n`` candidates that ``strategy`` rates highest."""
    model = request.fitted()
    score = request.score(lambda X: strategy.rate(model, X))
    return pick(request, score, queries=len(request.pool))


def _entropy(p: Floats) -> Floats:
    return -np.sum(p * np.log(np.maximum(p, np.finfo(float).tiny)), axis=1)
