"""Slow and simple answers to hold the fast ones against."""

from itertools import combinations

import numpy as np
from scipy.optimize import linprog, lsq_linear, nnls


def non_negative(system, target, maxiter):
    """Return the weights w >= 0 of least ||system w - target||.

    SciPy's NNLS can end far from the optimum where many rows are equal, and says then that nothing is left; its
    bounded-variable solver is asked in its place.
    """
    weights, left = nnls(system, target, maxiter=maxiter)
    if abs(np.linalg.norm(system @ weights - target) - left) > 1e-9:
        weights = lsq_linear(system, target, bounds=(0, np.inf), method="bvls", tol=1e-15).x
    return weights


def project(normals, offsets, x, box):
    """Return the length of the least delta with normals @ delta >= offsets and x + delta in the box.

    Least distance programming by non-negative least squares (Lawson and Hanson 1974, chapter 23).
    """
    kept = np.abs(normals).sum(1) > 0
    rows, right = [normals[kept]], [offsets[kept]]
    if box is not None:
        rows += [np.eye(len(x)), -np.eye(len(x))]
        right += [box.low - x, x - box.high]
    rows, right = np.vstack(rows), np.concatenate(right)
    rows, right = rows[np.isfinite(right)], right[np.isfinite(right)]
    if len(rows) == 0 or (right <= 0).all():
        return 0.0
    scale = np.abs(right).max()
    system = np.vstack([rows.T, right / scale])
    target = np.r_[np.zeros(len(x)), 1.0]
    rest = system @ non_negative(system, target, 1000) - target
    return np.inf if np.linalg.norm(rest) < 1e-9 else float(scale * np.linalg.norm(rest[:-1] / rest[-1]))


def least_linear(normals, offsets, x, box, norm):
    """Return the same in L1 or L-infinity."""
    d = len(x)
    low = np.full(d, -np.inf) if box is None else box.low - x
    high = np.full(d, np.inf) if box is None else box.high - x
    if norm == np.inf:
        ones, eye = np.ones((d, 1)), np.eye(d)
        rows = np.vstack(
            [
                np.hstack([-normals, np.zeros((len(normals), 1))]),
                np.hstack([eye, -ones]),
                np.hstack([-eye, -ones]),
            ]
        )
        right = np.r_[-offsets, np.zeros(2 * d)]
        answer = linprog(np.r_[np.zeros(d), 1], rows, right, bounds=[*zip(low, high, strict=True), (0, None)])
    else:
        signs = np.hstack([np.eye(d), -np.eye(d)])
        rows, right = np.vstack([-normals @ signs, signs, -signs]), np.r_[-offsets, high, -low]
        answer = linprog(
            np.ones(2 * d), rows[np.isfinite(right)], right[np.isfinite(right)], bounds=[(0, None)] * (2 * d)
        )
    return answer.fun if answer.status == 0 else np.inf


def one_neighbour(X, y, x, own, box, norm=2):
    """Return the radius of ``x`` by solving every cell with every constraint."""
    rivals = X[y == own]
    best = np.inf
    for j in np.flatnonzero(y != own):
        normals = X[j] - rivals
        offsets = (((X[j] - x) ** 2).sum() - ((rivals - x) ** 2).sum(1)) / 2
        cell = (normals, offsets, x, box)
        best = min(best, project(*cell) if norm == 2 else least_linear(*cell, norm))
    return best


def several_neighbours(X, y, x, own, k, n_classes, box):
    """Return the radius of ``x`` by trying every set of k neighbours that does not elect ``own``."""
    best = np.inf
    away = ((X - x) ** 2).sum(1)
    for chosen in combinations(range(len(X)), k):
        inside = list(chosen)
        if np.bincount(y[inside], minlength=n_classes).argmax() == own:
            continue
        outside = [i for i in range(len(X)) if i not in chosen]
        normals = (X[inside][:, None] - X[outside]).reshape(-1, len(x))
        offsets = (away[inside][:, None] - away[outside]).ravel() / 2
        best = min(best, project(normals, offsets, x, box))
    return best


def cell(X, y, x, own, j, box):
    """Return unit normals, offsets and bounds of one cell, all relative to ``x``: small numbers stay small."""
    rivals, point = X[y == own] - x, X[j] - x
    normals = X[j] - X[y == own]
    size = np.linalg.norm(normals, axis=1)
    normals = normals / size[:, None]
    offsets = (normals * (point + rivals) / 2).sum(1)
    low = np.full(len(x), -np.inf) if box is None else box.low - x
    high = np.full(len(x), np.inf) if box is None else box.high - x
    return normals, offsets, low, high


def without_fixed(normals, offsets, low, high):
    """Return the same without features that cannot move, and what those add to the squared length."""
    fixed = low == high
    offsets = offsets - normals[:, fixed] @ low[fixed]
    return normals[:, ~fixed], offsets, low[~fixed], high[~fixed], float(low[fixed] @ low[fixed])


def rows_of(normals, offsets, low, high):
    """Return half-spaces and finite bounds as one system."""
    rows = np.vstack([normals, np.eye(len(low)), -np.eye(len(low))])
    right = np.r_[offsets, low, -high]
    return rows[np.isfinite(right)], right[np.isfinite(right)]


def by_nnls(normals, offsets, low, high, room):
    """Return the length of the least step by non-negative least squares, in units of ``room``."""
    normals, offsets, low, high, beside = without_fixed(normals, offsets, low, high)
    rows, right = rows_of(normals, offsets, low, high)
    if len(rows) == 0 or (right <= 0).all():
        return np.sqrt(beside)
    system = np.vstack([rows.T, right / room])
    target = np.r_[np.zeros(rows.shape[1]), 1.0]
    weights = non_negative(system, target, 5000)
    rest = target - system @ weights
    if rest[-1] < 0.25:
        return np.inf
    held = weights > 0
    step = -room * rest[:-1] / rest[-1]
    exact = np.linalg.lstsq(rows[held], right[held], rcond=None)[0] if held.any() else step
    if (rows @ exact - right).min() >= -1e-13 * room:
        step = exact
    return float(np.sqrt(step @ step + beside))


def by_quadratic_program(normals, offsets, low, high, room):
    """Return the same by quadprog's dual active set (Goldfarb and Idnani 1983), in units of ``room``."""
    import quadprog

    normals, offsets, low, high, beside = without_fixed(normals, offsets, low, high)
    rows, right = rows_of(normals, offsets, low, high)
    if len(rows) == 0 or (right <= 0).all():
        return np.sqrt(beside)
    d = rows.shape[1]
    if d == 0:
        return np.inf
    try:
        step = quadprog.solve_qp(np.eye(d), np.zeros(d), rows.T.copy(), right / room)[0] * room
    except ValueError:
        return np.inf
    return float(np.sqrt(step @ step + beside))


def nearest_cell(X, y, x, own, box, solve):
    """Return the radius of ``x`` by ``solve`` over every cell, those skipped that a bisector rules out."""
    far = ((X - x) ** 2).sum(1)
    room = np.sqrt(far.max() if box is None else (np.maximum(box.high - x, x - box.low) ** 2).sum()) or 1.0
    rivals = np.flatnonzero(y == own)
    near = rivals[far[rivals].argmin()]
    others = np.flatnonzero(y != own)
    best, bounds = np.inf, np.zeros(len(others))
    for e, j in enumerate(others):
        gap = X[j] - X[near]
        bounds[e] = gap @ (((X[j] - x) + (X[near] - x)) / 2) / np.linalg.norm(gap)
    for e in np.argsort(bounds, kind="stable"):
        if bounds[e] * (1 - 1e-9) >= best:
            break
        normals, offsets, low, high = cell(X, y, x, own, others[e], box)
        if max(offsets.max(), 0.0) * (1 - 1e-9) < best:
            best = min(best, solve(normals, offsets, low, high, room))
    return best


def close_points(rng, d, spread, kind, n=24, queries=8):
    """Return points ``spread`` of the box apart with labels, queries, their nearest's labels, and a box.

    ``kind``: "plain"; "ties" (a lattice), "flat" (some features of the box cannot move), "offset" (1e6 away),
    "clusters" (several such places in the box), "outside" (some points lie outside the box), "slivers" (nearly
    on a line) or "pairs" (each point with a twin a thousand times closer).
    """
    from edgewise.arrays import Box

    centre = rng.uniform(0.2, 0.8, (3 if kind == "clusters" else 1, d))
    offset = 1e6 if kind == "offset" else 0.0
    steps = rng.integers(-2, 3, (n, d)) if kind == "ties" else rng.normal(size=(n, d))
    if kind == "slivers":
        steps = rng.normal(size=(n, 1)) * rng.normal(size=d) + 1e-5 * steps
    if kind == "pairs":
        steps[1::2] = steps[::2] + 1e-3 * steps[1::2]
    X = offset + centre[rng.integers(0, len(centre), n)] + spread * steps
    low, high = np.full(d, offset), np.full(d, offset + 1.0)
    start = X[rng.integers(0, n, queries)] + spread * rng.normal(size=(queries, d)) * rng.choice([0, 1, 10])
    far = rng.uniform(low, high, (queries, d))
    Q = np.clip(np.where(rng.random((queries, 1)) < 0.25, far, start), low, high)
    if kind == "outside":
        low = np.maximum(low, X.mean(0) - spread)
        Q = np.clip(Q, low, high)
    if kind == "flat":
        still = rng.random(d) < 0.4
        Q[:, still] = Q[0, still]
        low[still] = high[still] = Q[0, still]
    y = untied(X, rng.integers(0, int(rng.integers(2, 4)), n))
    own = y[((Q[:, None] - X) ** 2).sum(2).argmin(1)]
    return X, y, Q, own, Box(low, high)


def untied(X, y):
    """Return labels that agree where points coincide."""
    place = np.unique(X, axis=0, return_inverse=True)[1].ravel()
    return np.array([y[np.flatnonzero(place == at)[0]] for at in place])
