"""The robustness radius alone: how far the nearest adversary is, without making it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from edgewise.arrays import Box, Floats, check_box, check_count, check_X
from edgewise.attacks.region.batch import find
from edgewise.attacks.region.index import fitted
from edgewise.attacks.region.k_neighbours import vote
from edgewise.attacks.region.trees import exact_tree
from edgewise.geometry import Norm, check_norm
from edgewise.models.access import Access, UnansweredError
from edgewise.progress import track


def radius(
    model: Any,
    X: ArrayLike,
    *,
    box: Box | tuple[ArrayLike, ArrayLike] | None = None,
    norm: Norm = 2,
    nodes: int = 20_000,
    threads: int = 1,
    progress: bool = False,
) -> Floats:
    """Return how far each row of ``X`` (n, d) can move in any direction before ``model`` changes its label.

    Exact: nothing nearer is labelled otherwise, and something as near as that is (on the boundary itself a
    tie). Infinite where nothing in the box is labelled otherwise at all.

    Parameters
    ----------
    model
        A fitted `KNeighborsClassifier` (Euclidean; with more than one neighbour, equal votes and norm 2) or
        `DecisionTreeClassifier`.
    X
        Points ``(n, d)``.
    box
        Where the moves have to stay; None, numbers or one a feature.
    norm
        1, 2 or infinity.
    nodes
        With more than one neighbour: cells to solve at most for a row; where they do not suffice the answer
        is a proved lower bound.
    threads
        Rows to work on at a time; the answers do not depend on it.
    progress
        Draw a progress bar on standard error.

    Raises
    ------
    InputError
        Bad input, or another model.

    Examples
    --------
    >>> from sklearn.neighbors import KNeighborsClassifier
    >>> knn = KNeighborsClassifier(1).fit([[0.0, 0.0], [2.0, 0.0]], ["a", "b"])
    >>> radius(knn, [[0.5, 0.0], [1.5, 1.0]])
    array([0.5, 0.5])
    """
    points, order = check_X(X), check_norm(norm)
    bounds = check_box(box, points.shape[1])
    check_count(nodes, "nodes")
    check_count(threads, "threads")
    access = Access.to(model, len(points))
    labels = access.labels(points)
    with track(len(points), "measuring radii", show=progress) as advance:
        if hasattr(model, "tree_"):
            return np.asarray(exact_tree(access, points, labels, bounds, order, advance).lower)
        fit, known = fitted(access)
        own, start = np.searchsorted(fit.classes, labels).astype(np.intp), points.astype(np.float64)
        if known.k == 1:
            return np.sqrt(
                find(fit.index, start, own, bounds, norm=order, threads=threads, advance=advance).lower
            )
        if order != 2 or known.weights != "uniform":
            raise UnansweredError(
                f"with {known.k} neighbours the norm must be 2 and the weights 'uniform'; "
                f"got norm {norm} and {known.weights!r}."
            )
        return np.sqrt(
            vote(fit.index, known.k, start, own, bounds, nodes=nodes, threads=threads, advance=advance).lower
        )
