"""Slow and simple answers to hold the fast ones against."""

from itertools import combinations

import numpy as np
from scipy.optimize import linprog, nnls


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
    rest = system @ nnls(system, target, maxiter=1000)[0] - target
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


def untied(X, y):
    """Return labels that agree where points coincide."""
    place = np.unique(X, axis=0, return_inverse=True)[1].ravel()
    return np.array([y[np.flatnonzero(place == at)[0]] for at in place])
