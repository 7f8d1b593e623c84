"""One query again where the fast search could not finish: cutting planes, each step by a proved solver.

A cell's half-spaces and the bounds of the box are added as they are violated. A step is a least distance
problem, solved as non-negative least squares (Lawson and Hanson 1974, chapter 23) for norm 2 and as a linear
program otherwise: neither has a step that depends on a line search.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import linprog, nnls

from edgewise.arrays import Floats, Index
from edgewise.attacks.region.cell_arrays import Query
from edgewise.attacks.region.index import RegionIndex
from edgewise.attacks.region.l2_cell import slack_rounding
from edgewise.geometry import length


_ROUNDS = 1000
_POOL = 64  # nearest own points whose bisectors bound a cell from below


@dataclass(frozen=True)
class Careful:
    """The nearest point of one query as a step from it, its length, a proved lower bound, and its region."""

    step: Floats
    length: float
    lower: float
    winner: int
    gap: float


@dataclass(frozen=True)
class _Held:
    """A query, the own points ``rivals`` (m, d) that hold it back, how far ``away`` (squared) they are, the norm."""

    q: Query
    rivals: Floats
    away: Floats
    norm: float


def careful(index: RegionIndex, q: Query, norm: float, within: float = np.inf) -> Careful:
    """Return the nearest point to ``q`` whose nearest training point is of another class than its own.

    Regions farther than ``within`` are not looked at, unless nothing is found as near as that.
    """
    rows = np.arange(len(index.order))
    mine = (rows >= index.start[q.own]) & (rows < index.stop[q.own])
    others = q.allowed if q.allowed.size else rows[(index.order >= 0) & ~mine]
    own = rows[mine]
    if within < np.inf:
        own, others = _reached(index, q, own, others, within * (len(q.x) ** 0.5 if norm == np.inf else 1))
    points = index.X[own]
    away = ((points - q.x) ** 2).sum(1)
    held = _Held(q, points, away, norm)
    far = ((index.X[others] - q.x) ** 2).sum(1)
    bounds, left = np.zeros(len(others)), np.arange(len(others))
    for i in np.argsort(away)[:_POOL]:
        apart = length(index.X[others[left]] - points[i], np.inf if norm == 1 else 2 if norm == 2 else 1)
        gain = far[left] - away[i] - 1e-14 * (far[left] + away[i])
        bounds[left] = np.maximum(bounds[left], gain / (2 * np.maximum(apart, 1e-300)))
        left = left[bounds[left] < within]
    best = Careful(np.full(len(q.x), np.nan), np.inf, np.inf, -1, np.inf)
    lower = np.inf
    for e in np.argsort(bounds, kind="stable"):
        if bounds[e] >= min(best.length, within):
            break
        step, least, gap = _cell(held, index.X[others[e]], far[e], best.length)
        lower = min(lower, max(least, bounds[e]))
        if step is not None and (size := float(length(step[None], norm)[0])) < best.length:
            best = Careful(step, size, 0.0, int(others[e]), gap)
    if best.length > within:
        return careful(index, q, norm)
    lower = min(lower, best.length)
    lower = best.length if lower >= best.length * (1 - 1e-10) else lower
    return Careful(best.step, best.length, float(lower), best.winner, best.gap)


def _reached(index: RegionIndex, q: Query, own: Index, others: Index, reach: float) -> tuple[Index, Index]:
    """Return the own points, and those of other classes, that can be nearest at a point ``reach`` from the query.

    The nearest own point is at most its distance and ``reach`` away from there.
    """
    lows = index.bounds(q.x[None]).lows[0]
    nearest = np.linalg.norm(index.X[own[lows[own].argmin()]] - q.x)
    widest = ((nearest + 2 * reach) * (1 + 1e-9)) ** 2
    return own[lows[own] <= widest], others[lows[others] <= widest]


def _cell(held: _Held, point: Floats, far: float, best: float) -> tuple[Floats | None, float, float]:
    """Return the least step into one cell, or None, a proved lower bound, and the shortest active normal."""
    q, rivals = held.q, held.rivals
    normals = point - rivals
    size = np.sqrt((normals**2).sum(1))
    if not size.all():
        return None, np.inf, np.inf
    normals = normals / size[:, None]
    half = ((point - q.x) + (rivals - q.x)) / 2
    offsets = (normals * half).sum(1) + q.margin / size
    tol, room = slack_rounding(far, len(point)), np.sqrt(q.cap if q.cap >= 0 else far * (1 + 1e-9))
    active, least = [int(np.argmin(held.away))], 0.0
    for _ in range(_ROUNDS):
        step, sure = _least(normals[active], offsets[active], held, tol, room)
        if step is None:
            return None, (sure if sure < np.inf else np.inf), np.inf
        least = max(least, sure)
        if least >= best:
            return None, least, np.inf
        slack = normals @ step - offsets
        slack[active] = np.inf
        worst = int(np.argmin(slack))
        if slack[worst] >= -2 * tol:
            return step, least, float((size[active] ** 2).min())
        active.append(worst)
    return None, least, np.inf


def _least(
    normals: Floats, offsets: Floats, held: _Held, tol: float, room: float
) -> tuple[Floats | None, float]:
    """Return the least step over a few half-spaces in the box, and a proved lower bound on its length.

    (None, infinity) where there is none, (None, 0) where the solver did not say.
    """
    q = held.q
    if held.norm != 2:
        return _linear(normals, offsets, held, room)
    fixed = q.low == q.high
    free = np.flatnonzero(~fixed)
    beside = np.where(fixed, q.low, 0.0)
    right = offsets - normals @ beside
    bounds: list[tuple[int, float]] = []
    step = beside.copy()
    for _ in range(2 * len(free) + 1):
        rows = np.vstack([normals[:, free], *(_unit(len(free), e, way) for e, way in bounds)])
        limits = np.r_[right, [q.low[free[e]] if way > 0 else -q.high[free[e]] for e, way in bounds]]
        inner, sure = _squares(rows, limits, tol, room)
        if inner is None:
            return None, float(np.hypot(sure, np.linalg.norm(beside)))
        step[free] = inner
        out = np.maximum(q.low - step, step - q.high)[free]
        for e, way in bounds:
            out[e] = -np.inf if (step[free[e]] < q.low[free[e]]) == (way > 0) else out[e]
        if not (out > tol).any():
            step = np.clip(step, q.low, q.high)
            return step, float(np.hypot(sure, np.linalg.norm(beside)))
        fresh = np.flatnonzero(out > tol)
        bounds += [(int(e), 1.0 if step[free[e]] < q.low[free[e]] else -1.0) for e in fresh]
    return None, 0.0


def _unit(d: int, e: int, way: float) -> Floats:
    row = np.zeros((1, d))
    row[0, e] = way
    return row


def _squares(rows: Floats, limits: Floats, tol: float, room: float) -> tuple[Floats | None, float]:
    """Return the least ``step`` with ``rows @ step >= limits`` and a proved bound on its length."""
    if (limits <= tol).all():
        return np.zeros(int(rows.shape[1])), 0.0
    scale = max(room, 1e-300)
    system, target = np.vstack([rows.T, (limits - tol) / scale]), np.r_[np.zeros(rows.shape[1]), 1.0]
    try:
        weights, _ = nnls(system, target, maxiter=100 * (len(limits) + rows.shape[1]))
    except RuntimeError:
        return None, 0.0
    rest = target - system @ weights
    last = float(rest[-1])
    if last < 0.25:  # of a step within ``room`` it is at least a half
        return None, np.inf
    held = np.flatnonzero(weights > 0)
    step = -scale * rest[:-1] / last
    if len(held):
        exact = np.linalg.lstsq(rows[held], limits[held], rcond=None)[0]
        if (rows @ exact - limits >= -4 * tol).all():
            step = exact
    sure = -scale * rest[:-1] / last
    return step, float(np.linalg.norm(sure)) if len(held) else 0.0


def _linear(normals: Floats, offsets: Floats, held: _Held, room: float) -> tuple[Floats | None, float]:
    """Do the same in L1 or L-infinity, in units of ``room``."""
    d, right = normals.shape[1], -offsets / room
    low, high = held.q.low / room, held.q.high / room
    eye, none = np.eye(d), np.zeros((len(normals), d if held.norm == 1 else 1))
    side = eye if held.norm == 1 else np.ones((d, 1))
    rows = np.vstack([np.hstack([-normals, none]), np.hstack([eye, -side]), np.hstack([-eye, -side])])
    answer = linprog(
        np.r_[np.zeros(d), np.ones(none.shape[1])],
        rows,
        np.r_[right, np.zeros(2 * d)],
        bounds=[*zip(low, high, strict=True), *[(0, None)] * none.shape[1]],
        options={"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10},
    )
    if answer.status == 2:
        return None, np.inf
    if answer.status != 0:
        return None, 0.0
    return np.asarray(answer.x[:d]) * room, float(answer.fun) * room * (1 - 1e-9)
