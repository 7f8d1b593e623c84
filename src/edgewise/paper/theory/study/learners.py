"""What the bounds are about, for a whole grid of settings at once: averages, local fits, kernel ridge.

Each function returns η̂ - 1/2 at the points asked, regressing y - 1/2; the classifier is 1[η̂ > 1/2]. A point
with no label in reach gets 0, which is class 0. ``weights`` are the cure of the design bias
(docs/layers/theory.md): votes weighted by target density / sampling density.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np
from scipy.spatial import KDTree
from scipy.spatial.distance import cdist

from edgewise.arrays import Floats, Index, InputError
from edgewise.models.kernel_ridge import solve_ridge
from edgewise.models.kernels import SMOOTHING, kernel
from edgewise.models.nadaraya_watson import window
from edgewise.paper.theory.bounds.constants import check_neighbours, check_positive
from edgewise.registry import lookup


Grid: TypeAlias = Sequence[float]
Scorer: TypeAlias = Callable[[Floats, Index, Floats, Grid, "Floats | None"], Floats]
"""(X, y, Z, grid, weights) to the scores (G, M) at Z (M, d) for each setting of the grid."""


def knn(X: Floats, y: Index, Z: Floats, grid: Grid, weights: Floats | None = None) -> Floats:
    """Return k-NN scores for each k of ``grid``: the (weighted) mean of y - 1/2 over the k nearest.

    Examples
    --------
    >>> knn(np.array([[0.0], [1.0]]), np.array([0, 1]), np.array([[0.9]]), [1, 2])
    array([[0.5],
           [0. ]])
    """
    ks = np.array([int(k) for k in grid])
    for k in ks:
        check_neighbours(len(X), int(k))
    index = _nearest(X, Z, int(ks.max()))
    vote = np.ones(len(X)) if weights is None else np.asarray(weights)
    return (np.cumsum((vote * (y - 0.5))[index], axis=1) / np.cumsum(vote[index], axis=1))[:, ks - 1].T


def _nearest(X: Floats, Z: Floats, k: int) -> Index:
    """Return the k nearest rows of ``X`` to each row of ``Z`` as (M, k), nearest first."""
    return np.asarray(KDTree(X).query(Z, k=k)[1], np.intp).reshape(len(Z), k)


def _smoother(name: str) -> Scorer:
    def nadaraya_watson(X: Floats, y: Index, Z: Floats, grid: Grid, weights: Floats | None = None) -> Floats:
        squares = cdist(Z, X, "sqeuclidean")
        vote = np.ones(len(X)) if weights is None else np.asarray(weights)
        shares = np.column_stack([vote * (y == 0), vote * (y == 1)])
        scales = [check_positive(h, "h", "a bandwidth") ** 2 for h in grid]
        return np.stack([window(name, squares / scale, shares, 0.5)[0][:, 1] - 0.5 for scale in scales])

    return nadaraya_watson


def local_linear(X: Floats, y: Index, Z: Floats, grid: Grid, weights: Floats | None = None) -> Floats:
    """Return local linear fits (Fan 1992) with an Epanechnikov kernel of each bandwidth of ``grid``.

    A relative ridge of 1e-6 on the slopes keeps sparse neighbourhoods solvable.

    Examples
    --------
    >>> X = np.linspace(-1, 1, 21)[:, None]
    >>> local_linear(X, (X[:, 0] > 0).astype(int), np.array([[0.0]]), [2.0]).round(2)
    array([[-0.03]])
    """
    squares, d = cdist(Z, X, "sqeuclidean"), X.shape[1]
    vote = np.ones(len(X)) if weights is None else np.asarray(weights)
    first, second = np.triu_indices(d)
    features = np.column_stack(
        [np.ones(len(X)), X, X[:, first] * X[:, second], y - 0.5, X * (y - 0.5)[:, None]]
    )
    pairs = len(first)
    scores: list[Floats] = []
    for h in grid:
        kernel_values = SMOOTHING["epanechnikov"](squares / check_positive(h, "h", "a bandwidth") ** 2)[0]
        sums = kernel_values @ (vote[:, None] * features)
        s0, s1 = sums[:, 0], sums[:, 1 : 1 + d]
        safe = np.where(s0 > 0, s0, 1)[:, None]
        mean, b0 = s1 / safe, sums[:, 1 + d + pairs] / safe[:, 0]
        second_moment = np.empty((len(Z), d, d))
        products = sums[:, 1 + d : 1 + d + pairs] / safe
        second_moment[:, first, second] = second_moment[:, second, first] = products
        spread = second_moment - mean[:, :, None] * mean[:, None, :] + 1e-6 * h**2 * np.eye(d)
        cross = sums[:, 2 + d + pairs :] / safe - mean * b0[:, None]
        slope = np.linalg.solve(spread, cross[..., None])[..., 0]
        scores.append(np.where(s0 > 0, b0 + np.sum(slope * (Z - mean), axis=1), 0.0))
    return np.stack(scores)


def _ridge(name: str, scale: float) -> Scorer:
    def kernel_ridge(X: Floats, y: Index, Z: Floats, grid: Grid, weights: Floats | None = None) -> Floats:
        k = kernel(name, scale)
        K, k_x, vote = k(X, X), k(Z, X), np.ones(len(X)) if weights is None else np.asarray(weights)
        targets = y[:, None] - 0.5
        ridges = [check_positive(lam, "lam", "the penalty of kernel ridge") for lam in grid]
        return np.stack([(k_x @ solve_ridge(K.copy("F"), targets, vote, lam))[:, 0] for lam in ridges])

    return kernel_ridge


SCORERS: dict[str, Scorer] = {
    "knn": knn,
    "nw-box": _smoother("box"),
    "nw-epan": _smoother("epanechnikov"),
    "local-linear": local_linear,
    "krr-linear": _ridge("linear", 1.0),
    "krr-matern32": _ridge("matern-3/2", 1.0),
    "krr-rbf": _ridge("rbf", 0.5),
    "krr-laplacian": _ridge("laplacian", 1.0),
}
"""The learners by the names of the published table; Matérn and Laplacian have ℓ = 1, RBF ℓ = 1/2."""


def scores(learner: str, X: Floats, y: Index, Z: Floats, grid: Grid, weights: Floats | None = None) -> Floats:
    """Return η̂ - 1/2 at ``Z`` (M, d) for each setting of ``grid``, as (G, M).

    Parameters
    ----------
    learner
        One of `SCORERS`.
    X, y
        Labelled points (n, d) and labels 0 or 1 (n,).
    grid
        The k, bandwidths h, or penalties λ.
    weights
        Vote weights (n,), positive, or None.

    Raises
    ------
    InputError
        An unknown learner, k outside [1, n], or h or λ that is not positive.

    Examples
    --------
    >>> scores("nw-box", np.array([[0.0], [1.0]]), np.array([0, 1]), np.array([[0.9]]), [0.5])
    array([[0.5]])
    """
    if weights is not None and not (np.asarray(weights) > 0).all():
        raise InputError("vote weights must be positive: target density / sampling density, both above 0.")
    return lookup(SCORERS, learner, "learner")(X, y, Z, grid, weights)


def smoother_weights(learner: str, X: Floats, Z: Floats, setting: float) -> Floats:
    """Return the w_i(x) (M, n) with η̂ - 1/2 = Σ w_i (y_i - 1/2), for Theorem G.

    Examples
    --------
    >>> smoother_weights("knn", np.array([[0.0], [1.0], [5.0]]), np.array([[0.2]]), 2)
    array([[0.5, 0.5, 0. ]])
    """
    if learner == "knn":
        check_neighbours(len(X), int(setting))
        w = np.zeros((len(Z), len(X)))
        np.put_along_axis(w, _nearest(X, Z, int(setting)), 1 / setting, axis=1)
        return w
    if learner.startswith("nw-"):
        profile = SMOOTHING[{"nw-box": "box", "nw-epan": "epanechnikov"}[learner]]
        values = profile(cdist(Z, X, "sqeuclidean") / check_positive(setting, "h", "a bandwidth") ** 2)[0]
        total = values.sum(axis=1, keepdims=True)
        return values / np.where(total > 0, total, 1)
    named = {
        "krr-linear": ("linear", 1.0),
        "krr-matern32": ("matern-3/2", 1.0),
        "krr-rbf": ("rbf", 0.5),
        "krr-laplacian": ("laplacian", 1.0),
    }
    k = kernel(*lookup(named, learner, "linear smoother"))
    lam = check_positive(setting, "lam", "the penalty of kernel ridge")
    return solve_ridge(np.asfortranarray(k(X, X)), k(X, Z), np.ones(len(X)), lam).T
