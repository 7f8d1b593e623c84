"""The robustness radius alone: how far the nearest adversary is, without making it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from edgewise.arrays import Box, Floats, Mask, check_box, check_count, check_X
from edgewise.attacks.exact import exact
from edgewise.attacks.linear import LinearExact
from edgewise.attacks.moves import Moves
from edgewise.attacks.region.attacked import Attacked
from edgewise.attacks.region.first_label import first_labels, known_bounds
from edgewise.attacks.region.past_the_boundary import attained, away, cross, outvote
from edgewise.attacks.trees.compiled import Compiled, each_nearest
from edgewise.attacks.trees.nearest import Limits
from edgewise.geometry import Norm, check_norm
from edgewise.models.access import Access
from edgewise.models.answers import UnansweredError
from edgewise.models.rows import check_rows, columns_of, is_frame, numbers
from edgewise.models.unwrap import Model, check_order
from edgewise.progress import Advance, track


@dataclass(frozen=True, eq=False, repr=False)
class Radius:
    """How far each row is from the decision boundary; ``np.asarray`` of it is ``distance``.

    Parameters
    ----------
    distance
        Of the nearest point labelled otherwise ``(n,)``; infinite where none was found. On the boundary itself
        a tie.
    lower
        A proved lower bound on it ``(n,)``: the same number, except where a limit stopped the search or
        rounding leaves the last digits in doubt. Infinite where it was proved that there is none.
    norm
        The norm of both.
    attack
        The name of the exact attack that measured them.
    """

    distance: Floats
    lower: Floats
    norm: float
    attack: str

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[np.generic]:
        """Return ``distance``."""
        made = self.distance if dtype is None else self.distance.astype(dtype, copy=False)
        return made.copy() if copy else made

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.distance)

    def __repr__(self) -> str:
        """Return one line: how many rows, by which attack, how far."""
        proved = int((self.lower >= self.distance * (1 - 1e-9)).sum())
        reach = self.distance[np.isfinite(self.distance)]
        far = f"median {np.median(reach):.4g}" if len(reach) else "none reached"
        return f"Radius: {len(self)} rows by {self.attack!r}, norm {self.norm:g}, {far}, {proved} proved"


def radius(
    model: Model,
    X: ArrayLike,
    *,
    box: Box | tuple[ArrayLike, ArrayLike] | None = None,
    norm: Norm = 2,
    nodes: int = 50_000,
    threads: int = 1,
    progress: bool = False,
) -> Radius:
    """Return how far each row of ``X`` (n, d) can move in any direction before ``model`` changes its label.

    Exact: nothing nearer is labelled otherwise, and something as near as that is (on the boundary itself a
    tie). Infinite where nothing in the box is labelled otherwise at all.

    Parameters
    ----------
    model
        Fitted nearest neighbours (Euclidean; with more than one, equal votes and norm 2), trees, forests and
        boosting (see `TreesExact`), or a linear classifier (see `LinearExact`).
    X
        Points ``(n, d)``, an array or a frame; for trees NaN is a missing value and stays one.
    box
        Where the moves have to stay; None, numbers or one per feature.
    norm
        1, 2 or infinity.
    nodes
        With trees or more than one neighbour: boxes or cells to solve at most for a row; where they do not
        suffice, ``lower`` and ``distance`` enclose the optimum.
    threads
        Rows to work on at a time; the answers do not depend on it.
    progress
        Draw a progress bar on standard error.

    Returns
    -------
    Radius
        ``distance`` and ``lower`` of each row.

    Raises
    ------
    InputError
        Bad input, or a model without an exact answer.

    Examples
    --------
    >>> from sklearn.neighbors import KNeighborsClassifier
    >>> knn = KNeighborsClassifier(1).fit([[0.0, 0.0], [2.0, 0.0]], ["a", "b"])
    >>> radius(knn, [[0.5, 0.0], [1.5, 1.0]])
    Radius: 2 rows by 'region-exact', norm 2, median 0.5, 2 proved
    >>> radius(knn, [[0.5, 0.0], [1.5, 1.0]]).distance
    array([0.5, 0.5])
    """
    order = check_norm(norm)
    check_count(nodes, "nodes")
    check_count(threads, "threads")
    name, reason = exact(model, order)
    if name is None:
        raise UnansweredError(reason)
    rows = check_rows(X, missing=name == "trees")
    check_order(model, columns_of(rows))
    points = check_X(numbers(rows, missing=name == "trees"), missing=name == "trees")
    bounds = check_box(box, points.shape[1])
    if name == "linear":
        distance = LinearExact(order).distances(model, points, box=bounds)
        return Radius(distance, distance, order, name)
    access = Access.to(model, len(points), given=rows if is_frame(rows) else None)
    measure = _trees if name == "trees" else _neighbours
    with track(len(points), "measuring radii", show=progress) as advance:
        distance, lower = measure(access, points, bounds, order, nodes, threads, advance)
    return Radius(distance, lower, order, name)


def _trees(
    access: Access, X: Floats, box: Box | None, norm: float, nodes: int, threads: int, advance: Advance
) -> tuple[Floats, Floats]:
    known = Compiled.of(access.model, X.dtype, X.shape[1], Moves())
    own = known.numbers(access.labels(X))
    answers = each_nearest(known, X, own, box, norm, Limits(nodes), threads=threads, advance=advance)
    return np.array([answer.cost for answer in answers]), np.array([answer.lower for answer in answers])


def _neighbours(
    access: Access, X: Floats, box: Box | None, norm: float, nodes: int, threads: int, advance: Advance
) -> tuple[Floats, Floats]:
    given = Attacked(access, X, first_labels(access, X), box, norm)
    votes, mixed = None, False
    if access.neighbours().k == 1:
        at = given.nearest(bounds=known_bounds(access), threads=threads, advance=advance)
        distance, lower = np.sqrt(at.squares), np.sqrt(at.lower)
    else:
        votes = given.votes(nodes, threads=threads, advance=advance)
        lower = np.sqrt(votes.lower)
        distance = np.where(votes.found, lower, np.inf)
        # Which of coinciding training points of several classes count, only the model knows: it is asked about points.
        mixed = bool(given.fit.mixed)
    open_ = np.flatnonzero(mixed | _doubtful(distance, lower))
    if len(open_):
        some = replace(given, model=access.view(open_), X=X[open_], y=given.y[open_])
        points = (
            cross(some, some.nearest()) if votes is None else outvote(some, votes.of(open_), nodes, advance)
        )
        there = away(points, some)
        distance[open_] = np.where(attained(points, lower[open_], some), lower[open_], there)
        lower[open_] = np.minimum(lower[open_], there)
    return distance, lower


def _doubtful(distance: Floats, lower: Floats) -> Mask:
    """Say where a search stopped early, or rounding left nothing of the bound: there the model is asked."""
    return np.asarray((np.isinf(distance) & np.isfinite(lower)) | (lower == 0))
