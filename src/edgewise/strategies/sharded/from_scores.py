"""How each strategy answers from scores, samples and shortlists of a pool in pieces."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from edgewise.arrays import Floats, Index
from edgewise.pools.top_rows import Best, Columns, margin_bin, smallest_share, uniform
from edgewise.randomness import child_seed, stream
from edgewise.strategies.adversarial import Dfal
from edgewise.strategies.clusters import Typical, systematic
from edgewise.strategies.diversity import Badge, CoreSet
from edgewise.strategies.edge_mix import NARROW, EdgeMix, by_turns, quota_chances
from edgewise.strategies.foreign import Scored
from edgewise.strategies.frame import Query, Strategy, chosen
from edgewise.strategies.herding import Herding
from edgewise.strategies.measured import Source
from edgewise.strategies.sharded.scoring import Ask, Doubts, Gaps, Gradients, Margins, Rated
from edgewise.strategies.sharded.task import Task


SHORT, EACH = 5_000, 20
"""Rows of a shortlist: so many, or so many for each row asked for; what `Stratified` samples as well."""


def random(task: Task, notes: tuple[str, ...] = ()) -> Query:
    """Draw uniformly; no shard is read."""
    n = task.request.n
    rows = stream(task.request.seed, "order").permutation(task.draw(n, "uniform"))
    return Query(rows, np.zeros(n), np.ones(n), np.ones(n, dtype=bool), notes=notes)


def rated(task: Task, ask: Rated) -> Query:
    """Take the rows with the largest scores."""
    request = task.request
    if not isinstance(ask.strategy, Scored):
        request.fitted()
    best = _best(task, ask, request.n)
    return chosen(
        list(best["row"]), list(best["score"]), queries=0 if request.model is None else len(task.shards)
    )


def shortlisted(task: Task, method: Strategy) -> Query:
    """Ask ``method`` about a shortlist as its whole pool."""
    request = task.request
    size = task.shortlist or max(60_000 if isinstance(method, Typical) else SHORT, EACH * request.n)
    rows, how, queries = _shortlist(task, method, min(size, task.free))
    answer = method(task.on(rows))
    created = answer.created
    if created is not None:
        created = replace(created, source=rows[created.source])
    notes = (*answer.notes, f"chosen from {len(rows)} of {task.free} rows: {how}")
    return replace(
        answer, index=rows[answer.index], created=created, notes=notes, queries=answer.queries + queries
    )


def _shortlist(task: Task, method: Strategy, size: int) -> tuple[Index, str, int]:
    """Return the rows of a shortlist, what they are, and the model queries they cost."""
    request, cost = task.request, len(task.shards)
    if size < task.free and isinstance(method, Dfal):
        request.fitted()
        return np.sort(_best(task, Margins(), size)["row"]), "the smallest margins", cost
    if size < task.free and isinstance(method, Badge):
        request.fitted()
        best = Best(size, request.seed)
        seed = child_seed(request.seed, "badge shortlist")
        for block in task.scores(Gradients(method.space))():
            best.add({"score": _weighted(block["score"], uniform(seed, block["row"])), "row": block["row"]})
        return np.sort(best.all()["row"]), "drawn in proportion to the squared length of the gradient", cost
    if size < task.free and isinstance(method, CoreSet) and request.labelled is not None:
        far = _best(task, Gaps(request.labelled.X, method.space), size // 2)["row"]
        drawn = np.setdiff1d(task.draw(size, "shortlist"), far)
        rest = stream(request.seed, "half").permutation(drawn)[: size - size // 2]
        return np.sort(np.concatenate([far, rest])), "half the farthest from labels, half drawn", 0
    return task.draw(size, "shortlist"), "a uniform sample", 0


def _best(task: Task, ask: Ask, n: int) -> Columns:
    best = Best(n, task.request.seed)
    for block in task.scores(ask)():
        best.add(block)
    return best.all()


def _weighted(weight: Floats, chance: Floats) -> Floats:
    """Return keys whose largest are a draw without replacement by weight (Efraimidis & Spirakis 2006)."""
    with np.errstate(divide="ignore"):
        return np.where(weight > 0, np.log(chance) / weight, -np.inf)


def herding(task: Task, method: Herding) -> Query:
    """Answer as `Herding` does of the pool in one piece: the same samples, doubts from the scores."""

    def scored() -> Iterable[Columns]:
        return task.scores(Doubts())()

    return method.pick_from(Source(task.free, len(task.shards), task.draw, scored, task.points), task.request)


def edge_mix(task: Task, method: EdgeMix) -> Query:
    """Answer as `EdgeMix`: its uniform share from a uniform sample, its boundary share from all margins."""
    request = task.request
    sample = task.draw(task.shortlist or max(SHORT, EACH * request.n), "edge-mix sample")
    asked = task.on(sample)
    plan = method.plan(asked)
    if plan.refused:
        return random(task, (plan.refused,))
    share = method.uniform_share(asked, plan)
    if not plan.boundary:
        return replace(share, index=sample[share.index])
    own = dict(Margins()(request.model, asked.pool.rows(share.index))) | {"row": sample[share.index]}
    size = max(plan.boundary, math.ceil(method.slab * task.free))
    near, chance, beside = (_nearest if plan.greedy else _from_slab)(task, plan.boundary, size, own)
    both: Columns = {name: np.concatenate([near[name], own[name]]) for name in ("row", "score")}
    return Query(
        both["row"],
        both["score"],
        np.concatenate([chance, beside]) * task.free / request.n,
        np.arange(request.n) >= plan.boundary,
        notes=(plan.note(request.n),),
        queries=share.queries + len(task.shards) + len(sample),
    )


def _nearest(task: Task, m: int, size: int, own: Columns) -> tuple[Columns, Floats, Floats]:
    """Return the boundary rows with the smallest margins of each pair; they have no chance of inclusion."""
    most = min(size, NARROW * m)
    slab = _without(_best(task, Margins(), most + len(own["row"])), own, most)
    pair = np.unique(slab["pair"], return_inverse=True)[1]
    rows = by_turns(quota_chances(pair, m), pair, m)
    share = task.request.n / task.free
    return (
        {name: column[rows] for name, column in slab.items()},
        np.full(m, np.nan),
        np.full(len(own["row"]), share),
    )


def _from_slab(task: Task, m: int, size: int, own: Columns) -> tuple[Columns, Floats, Floats]:
    """Return boundary rows drawn from a uniform sample of the slab, and the chances of all rows.

    The chance of a row is that of entering the sample times that of being drawn from it, so that its inverse
    makes averages unbiased, as for `EdgeMix` on one machine.
    """
    scores, request = task.scores(Margins()), task.request
    edge, inside = smallest_share(scores(), size), 0
    seed = child_seed(request.seed, "slab sample")
    best = Best(max(SHORT, EACH * m) + len(own["row"]), request.seed)
    for block in scores():
        keep = margin_bin(-block["score"]) <= edge
        inside += int(keep.sum())
        part = {name: column[keep] for name, column in block.items()}
        best.add(
            {
                "score": uniform(seed, part["row"]),
                "row": part["row"],
                "pair": part["pair"],
                "minus": part["score"],
            }
        )
    slab = _without(best.all(), own, max(SHORT, EACH * m))
    known, pair = np.unique(slab["pair"], return_inverse=True)
    chance = quota_chances(pair, m)
    rows = systematic(chance, pair, stream(request.seed, "slab"))
    near = margin_bin(-own["score"]) <= edge
    by_pair = np.ones(len(known))
    by_pair[pair] = chance
    place = np.searchsorted(known, own["pair"]).clip(0, len(known) - 1)
    beside = np.where(known[place] == own["pair"], by_pair[place], 1.0) * near
    entered = len(slab["row"]) / max(1, inside - int(near.sum()))
    first = len(own["row"]) / task.free
    return (
        {"row": slab["row"][rows], "score": slab["minus"][rows]},
        first + (1 - first) * entered * chance[rows],
        first + (1 - first) * entered * beside,
    )


def _without(columns: Columns, own: Columns, n: int) -> Columns:
    """Return the first ``n`` entries that the uniform share did not take."""
    free = np.flatnonzero(~np.isin(columns["row"], own["row"]))[:n]
    return {name: column[free] for name, column in columns.items()}
