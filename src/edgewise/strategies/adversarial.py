"""Strategies that attack the pool: DFAL with its twins and any attack as the distance, and max-confidence."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal

import numpy as np
from sklearn.neighbors import KNeighborsClassifier

from edgewise.arrays import Floats, Index, InputError
from edgewise.attacks.adversarial import Adversarial
from edgewise.attacks.exact import exact
from edgewise.attacks.frame import Attack
from edgewise.attacks.frame import attack as run_attack
from edgewise.attacks.names import ATTACKS, AttackName
from edgewise.models.joining import joined
from edgewise.models.rows import is_frame, like, numbers
from edgewise.models.unwrap import Model, check_order, module_of, unwrapped
from edgewise.registry import component
from edgewise.strategies.frame import Created, Query, Request, draw, pick, top
from edgewise.strategies.model_scores import margins, probabilities


BY_LABELS = {name for name, row in ATTACKS.items() if row.needs == ("labels",)}
"""Attacks for models that may give no scores, and so no cheap estimate."""

CHUNK = 2048
"""Rows attacked at once, so that a large pool is never held as points."""


@dataclass(frozen=True)
class Dfal:
    """The rows nearest to the decision boundary, and on request their adversarial twins.

    Two stages give the batch of the full attack at a fraction of its cost: rows are ordered by a cheap
    estimate (`margins`), attacked in that order, and the shortlist is widened until the n-th smallest
    distance is below what any remaining row can be expected to have. That is the smallest ratio of distance
    to estimate seen so far times its estimate; for 1-NN half the estimate, which is a proof. Trees and linear
    models give the rows themselves, exactly (`TreesExact.smallest`), and are asked nothing.

    Parameters
    ----------
    attack
        A name in `ATTACKS` or an instance; by default the exact attack where the model has one (nearest
        neighbours, trees, forests, boosting, linear models), ``deepfool`` for networks, ``race`` for all else.
    twins
        None; ``"crossing"`` for the adversarial points themselves, which get the label of their source (the
        original method); a length e > 0, in the norm of the attack, for ``x + e (x' - x) / |x' - x|``: the
        paper's DFAL_e-1 ... e-3.
    two_stage
        False attacks every candidate.
    shortlist
        Rows attacked first, in multiples of n.
    most
        Attack at most so many candidates, drawn uniformly; None for all. With ``two_stage`` off, or a model
        that gives labels only, this is what bounds the cost.
    """

    attack: AttackName | Attack | None = None
    twins: Literal["crossing"] | float | None = None
    two_stage: bool = True
    shortlist: float = 2.0
    most: int | None = None

    def __call__(self, request: Request) -> Query:
        """Rank by minus the distance; rows whose attack failed come last."""
        model = request.fitted()
        _check_twins(self.twins)
        if not self.shortlist >= 1:
            raise InputError(f"shortlist must be at least 1 (times n); got {self.shortlist!r}.")
        name, method = _method(self.attack, model)
        asked = _at_most(request, self.most)
        scored = None
        if self.two_stage and hasattr(method, "nearest_rows"):
            scored = _nearest_rows(method, asked)
        elif self.two_stage and name.lower() not in BY_LABELS:
            scored = _two_stage(method, asked, self.shortlist)
        hits = _attacked(method, asked, asked.candidates) if scored is None else scored
        answer = pick(
            replace(asked, candidates=hits.rows),
            -hits.distance,
            queries=hits.queries,
            gradients=hits.gradients,
            notes=(
                f"{len(hits.rows)} of {len(request.candidates)} rows attacked with {name}; "
                f"{int(np.isfinite(hits.distance).sum())} crossed",
                *hits.notes,
            ),
        )
        if self.twins is None:
            return answer
        again = _attacked(method, asked, np.sort(answer.index), keep=True)
        return _with_twins(answer, again, name, self.twins, request)


@dataclass(frozen=True)
class MaxConfidence:
    """The rows whose adversarial twin the model is surest of, with those twins.

    Parameters
    ----------
    attack, most
        As in `Dfal`; there is no shortlist, because the confidence after the crossing is not known before.
    """

    attack: AttackName | Attack | None = None
    most: int | None = None

    def __call__(self, request: Request) -> Query:
        """Rank by the likeliest class's probability at the adversarial point; failures come last."""
        model = request.fitted()
        name, method = _method(self.attack, model)
        asked = _at_most(request, self.most)
        hits = _attacked(method, asked, asked.candidates, confidence=True)
        answer = pick(
            replace(asked, candidates=hits.rows),
            hits.confidence,
            gradients=hits.gradients,
            queries=hits.queries,
        )
        again = _attacked(method, asked, np.sort(answer.index), keep=True)
        return _with_twins(answer, again, name, "crossing", request)


@dataclass(frozen=True)
class _Hits:
    """What attacking ``rows`` gave; points are kept for a batch only, never for the pool."""

    rows: Index
    distance: Floats
    queries: int
    gradients: int
    confidence: Floats
    found: tuple[Adversarial, ...] = ()
    notes: tuple[str, ...] = ()


def _attacked(
    method: Attack, request: Request, rows: Index, *, keep: bool = False, confidence: bool = False
) -> _Hits:
    """Attack ``rows`` of the pool, chunk by chunk; the same row gets the same answer in any chunk."""
    distance, sure = np.full(len(rows), np.inf), np.full(len(rows), -np.inf)
    queries = gradients = 0
    kept: list[Adversarial] = []
    for start in range(0, len(rows), CHUNK):
        part = slice(start, start + CHUNK)
        points = request.pool.rows(rows[part])
        result = run_attack(request.model, points, method, box=request.box, rng=request.seed)
        distance[part] = result.distance
        queries += int(result.queries.sum())
        gradients += int(result.gradients.sum())
        if confidence and result.found.any():
            crossed = np.flatnonzero(result.found)
            there = like(result.points[crossed], points) if is_frame(points) else result.points[crossed]
            queries += len(crossed)
            sure[start + crossed] = probabilities(request.model, there).max(axis=1)
        if keep:
            kept.append(result)
    return _Hits(rows, distance, queries, gradients, sure, tuple(kept))


def _rows_of(request: Request, method: Attack, rows: Index) -> Floats:
    missing = getattr(method, "takes_missing", False)
    return numbers(request.pool.rows(request.candidates[rows]), name="pool", missing=missing)


def _nearest_rows(method: Any, request: Request) -> _Hits:
    """Return the n nearest candidates from an attack that finds them itself; the others are not nearer."""
    check_order(request.model, request.pool.names, "pool")
    found = method.nearest_rows(
        request.model,
        partial(_rows_of, request, method),
        len(request.candidates),
        request.n,
        request.box,
    )
    distance = np.full(len(request.candidates), np.inf)
    distance[found.index] = found.distance
    doubtful = f"{len(found.doubtful)} others may be as near: a limit stopped their search"
    notes = (doubtful,) if len(found.doubtful) else ()
    return _Hits(request.candidates, distance, 0, 0, np.empty(0), notes=notes)


def _two_stage(method: Attack, request: Request, shortlist: float) -> _Hits:
    """Attack candidates in order of their estimate until no other can be among the n nearest."""
    model, n = request.model, request.n
    estimate = request.score(lambda X: margins(model, X))
    order = top(-estimate, len(estimate), request.seed)
    proved = _is_euclidean_1nn(model) and method.norm == 2
    hits, size = _Hits(np.empty(0, dtype=np.intp), np.empty(0), len(request.pool), 0, np.empty(0)), 0
    while size < len(order) and n:
        start, size = size, min(len(order), max(int(np.ceil(shortlist * n)), size + max(n, size // 2)))
        hits = _joined(hits, _attacked(method, request, request.candidates[order[start:size]]))
        if size < len(order) and np.isfinite(hits.distance).sum() >= n:
            factor = 0.5 if proved else _smallest_ratio(hits.distance, estimate[order[:size]])
            if np.partition(hits.distance, n - 1)[n - 1] <= factor * estimate[order[size]]:
                break
    return hits


def _is_euclidean_1nn(model: Model) -> bool:
    """Return whether half the estimate is a proven bound: of two nearest neighbours in the Euclidean metric."""
    inner = unwrapped(model)
    return (
        isinstance(inner, KNeighborsClassifier)
        and inner.n_neighbors == 1
        and inner.effective_metric_ in ("euclidean", "l2")
    )


def _smallest_ratio(distance: Floats, estimate: Floats) -> float:
    """Return the smallest distance / estimate among the rows that crossed and have an estimate."""
    usable = np.isfinite(distance) & (estimate > 0)
    return float((distance[usable] / estimate[usable]).min()) if usable.any() else 0.0


def _joined(a: _Hits, b: _Hits) -> _Hits:
    return _Hits(
        np.concatenate([a.rows, b.rows]),
        np.concatenate([a.distance, b.distance]),
        a.queries + b.queries,
        a.gradients + b.gradients,
        np.concatenate([a.confidence, b.confidence]),
    )


def _with_twins(answer: Query, hits: _Hits, name: str, twins: float | str, request: Request) -> Query:
    """Add a twin for each picked row whose attack crossed."""
    made: list[Created] = []
    start = 0
    for part in hits.found:
        crossed = np.flatnonzero(part.found & (part.distance > 0))
        scale = np.ones(len(crossed)) if twins == "crossing" else float(twins) / part.distance[crossed]
        points, source = part.points[crossed], part.source[crossed]
        if twins != "crossing":
            step = scale.reshape(-1, *[1] * (source.ndim - 1)).astype(source.dtype)
            points = source + step * (points - source)
        if request.box is not None:
            points = request.box.clip(points.reshape(len(points), -1)).reshape(points.shape)
        made.append(Created(points, hits.rows[start + crossed], name, scale, part.label[crossed]))
        start += len(part.found)
    if not made:
        return answer
    created = Created(
        np.concatenate([part.points for part in made]),
        np.concatenate([part.source for part in made]),
        name,
        np.concatenate([part.scale for part in made]),
        joined(*(part.crossed_into for part in made)),
    )
    return replace(
        answer,
        created=created,
        queries=answer.queries + hits.queries,
        gradients=answer.gradients + hits.gradients,
    )


def attack_for(model: Model) -> AttackName:
    """Return the name of the attack that suits the model, where none is named."""
    if module_of(model) is not None:
        return "deepfool"
    return exact(model)[0] or "race"


def _method(attack: AttackName | Attack | None, model: Model) -> tuple[str, Attack]:
    attack = attack_for(model) if attack is None else attack
    name = attack if isinstance(attack, str) else type(attack).__name__
    return name, component(ATTACKS, attack, "attack")


def _at_most(request: Request, most: int | None) -> Request:
    """Return the request with at most ``most`` candidates, drawn uniformly, never fewer than ``n``."""
    if most is None or most >= len(request.candidates):
        return request
    rows = draw(request.candidates, max(most, request.n), request.seed, "attacked")
    return replace(request, candidates=np.sort(rows))


def _check_twins(twins: object) -> None:
    length = isinstance(twins, (int, float)) and not isinstance(twins, bool) and 0 < twins < np.inf
    if twins is not None and twins != "crossing" and not length:
        raise InputError(f"twins must be None, 'crossing' or a length above 0; got {twins!r}.")
