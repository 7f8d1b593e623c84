"""The robustness radius alone: how far the nearest adversary is, without making it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from edgewise.arrays import Box, Floats, check_box, check_count, check_X
from edgewise.attacks.exact import exact
from edgewise.attacks.linear import LinearExact
from edgewise.attacks.moves import Moves
from edgewise.attacks.region.radius import radius as neighbours_radius
from edgewise.attacks.trees.compiled import Compiled, each_nearest
from edgewise.attacks.trees.nearest import Limits
from edgewise.geometry import Norm, check_norm
from edgewise.models.answers import UnansweredError, predict
from edgewise.progress import track


def radius(
    model: Any,
    X: ArrayLike,
    *,
    box: Box | tuple[ArrayLike, ArrayLike] | None = None,
    norm: Norm = 2,
    nodes: int = 50_000,
    threads: int = 1,
    progress: bool = False,
) -> Floats:
    """Return how far each row of ``X`` (n, d) can move in any direction before ``model`` changes its label.

    Exact: nothing nearer is labelled otherwise, and something as near as that is (on the boundary itself a
    tie). Infinite where nothing in the box is labelled otherwise at all.

    Parameters
    ----------
    model
        Fitted nearest neighbours (Euclidean; with more than one, equal votes and norm 2), trees, forests and
        boosting (see `TreesExact`), or a linear classifier (see `LinearExact`).
    X
        Points ``(n, d)``; for trees NaN is a missing value and stays one.
    box
        Where the moves have to stay; None, numbers or one a feature.
    norm
        1, 2 or infinity.
    nodes
        With trees or more than one neighbour: boxes or cells to solve at most for a row; where they do not
        suffice the answer is a proved lower bound.
    threads
        Rows to work on at a time; the answers do not depend on it.
    progress
        Draw a progress bar on standard error.

    Raises
    ------
    InputError
        Bad input, or a model without an exact answer.

    Examples
    --------
    >>> from sklearn.neighbors import KNeighborsClassifier
    >>> knn = KNeighborsClassifier(1).fit([[0.0, 0.0], [2.0, 0.0]], ["a", "b"])
    >>> radius(knn, [[0.5, 0.0], [1.5, 1.0]])
    array([0.5, 0.5])
    """
    order = check_norm(norm)
    check_count(nodes, "nodes")
    check_count(threads, "threads")
    name, reason = exact(model, order)
    if name == "linear":
        return LinearExact(order).distances(model, X, box=box)
    if name == "trees":
        points = check_X(X, missing=True)
        bounds = check_box(box, points.shape[1])
        known = Compiled.of(model, points.dtype, points.shape[1], Moves())
        own = known.numbers(predict(model, points))
        with track(len(points), "measuring radii", show=progress) as advance:
            answers = each_nearest(
                known, points, own, bounds, order, Limits(nodes), threads=threads, advance=advance
            )
        return np.array([answer.lower for answer in answers])
    if name is None and not hasattr(model, "n_neighbors"):
        raise UnansweredError(reason)
    return neighbours_radius(model, X, box=box, norm=norm, nodes=nodes, threads=threads, progress=progress)
