"""The region attacks on nearest neighbours: exact, and on the nearest regions only."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from edgewise.arrays import Box, Floats, InputError, Labels, check_count, check_X
from edgewise.attacks.frame import Proposal
from edgewise.attacks.region.attacked import Attacked
from edgewise.attacks.region.batch import COUNTS, nearest_others
from edgewise.attacks.region.first_label import first_labels, known_bounds
from edgewise.attacks.region.past_the_boundary import attained, away, cross, outvote
from edgewise.attacks.region.trees import LeafRegions
from edgewise.attacks.trees.attack import TreesExact
from edgewise.geometry import check_norm
from edgewise.models.access import Access, UnansweredError
from edgewise.progress import Advance


@dataclass(frozen=True)
class RegionExact:
    """The nearest point that neighbours, or trees, label otherwise (RBA-Exact, eq. 8), with proof.

    Every region of another class is either solved or ruled out by a bound, so that the distance is the
    smallest there is, with and without a box; ``lower`` of the result is the proved bound. The point itself
    is a little beyond the boundary: as little as the model's own arithmetic can tell. Where a region is
    reached at a tie only (it just touches the box) or rounding leaves the optimum in doubt, ``lower`` and
    ``distance`` enclose it and ``counts["exact"]`` is false.

    Parameters
    ----------
    nodes
        With more than one neighbour: cells to solve at most for a query. Where they do not suffice, ``lower``
        and ``distance`` enclose the optimum, and ``counts["exact"]`` says so.
    threads
        How many queries to work on at a time; the answers do not depend on it.
    norm
        1, 2 or infinity; with more than one neighbour, 2.

    Examples
    --------
    >>> from sklearn.neighbors import KNeighborsClassifier
    >>> from edgewise import attack
    >>> knn = KNeighborsClassifier(1).fit([[0.0, 0.0], [2.0, 0.0], [0.0, 3.0]], [0, 1, 1])
    >>> attack(knn, [[0.5, 0.0]], RegionExact()).points.round(6)
    array([[1., 0.]])
    """

    nodes: int = 20_000
    threads: int = 1
    norm: float = 2
    takes_outside = True
    confirms = True

    def __post_init__(self) -> None:
        check_count(self.nodes, "nodes")
        check_count(self.threads, "threads")
        check_norm(self.norm)

    def first_labels(self, model: Access, X: Floats) -> Labels:
        """Return the labels to be lost; see `edgewise.attacks.region.first_label`."""
        return first_labels(model, X)

    def __call__(
        self, model: Access, X: Floats, y: Labels, *, box: Box | None, seed: int, advance: Advance
    ) -> Proposal:
        """Propose points; see `edgewise.attacks.frame.Attack`."""
        if _is_trees(model):
            found = TreesExact(self.norm, threads=self.threads)
            return found(model, X, y, box=box, seed=seed, advance=advance)
        if model.neighbours().k > 1:
            if self.norm != 2:
                raise InputError(f"with more than one neighbour the norm must be 2; got {self.norm}.")
            return _several(Attacked(model, X, y, box), self.nodes, self.threads, advance)
        return _one(Attacked(model, X, y, box, self.norm), None, self.threads, advance)


@dataclass(frozen=True)
class RegionApprox:
    """The same over the regions of the nearest ``regions`` other-class training points (RBA-Approx).

    Parameters
    ----------
    regions
        How many regions to solve; the paper has 50.
    threads
        How many queries to work on at a time; the answers do not depend on it.
    training
        For trees and forests, which keep none: points ``(n, d)`` whose regions may be taken.
    norm
        2 for neighbours; 1, 2 or infinity for trees.

    Examples
    --------
    >>> from sklearn.neighbors import KNeighborsClassifier
    >>> from edgewise import attack
    >>> knn = KNeighborsClassifier(1).fit([[0.0, 0.0], [2.0, 0.0], [0.0, 3.0]], [0, 1, 1])
    >>> attack(knn, [[0.5, 0.0]], RegionApprox(1)).distance.round(6)
    array([0.5])
    """

    regions: int = 50
    threads: int = 1
    training: ArrayLike | None = field(default=None, repr=False, compare=False)
    norm: float = 2
    takes_outside = True
    confirms = True

    def __post_init__(self) -> None:
        check_count(self.regions, "regions")
        check_count(self.threads, "threads")
        check_norm(self.norm)

    def first_labels(self, model: Access, X: Floats) -> Labels:
        """Return the labels to be lost; see `edgewise.attacks.region.first_label`."""
        return first_labels(model, X)

    def __call__(
        self, model: Access, X: Floats, y: Labels, *, box: Box | None, seed: int, advance: Advance
    ) -> Proposal:
        """Propose points; see `edgewise.attacks.frame.Attack`."""
        if _is_trees(model):
            if self.training is None:
                raise InputError("trees do not keep their training points; give some with training=X_train.")
            known = check_X(self.training, name="training", n_features=X.shape[1])
            leaves = LeafRegions(known.astype(float), self.regions, self.norm)
            return leaves(model, X, y, box, advance)
        if model.neighbours().k > 1:
            raise UnansweredError(
                f"'region-approx' takes 1 neighbour; the model has {model.neighbours().k}. "
                "Use 'region-exact' with a limit of nodes."
            )
        if self.norm != 2:
            raise InputError(f"'region-approx' on neighbours takes norm 2; got {self.norm}.")
        return _one(Attacked(model, X, y, box, whole=True), self.regions, self.threads, advance)


def _is_trees(model: Access) -> bool:
    return hasattr(model.model, "tree_") or hasattr(model.model, "estimators_")


def _one(given: Attacked, regions: int | None, threads: int, advance: Advance) -> Proposal:
    """Attack a model of one neighbour."""
    bounds = known_bounds(given.model) if given.index is given.fit.index else None
    allowed, beyond = None, np.full(len(given.X), np.inf)
    if regions is not None:
        allowed, beyond = nearest_others(given.index, given.start, given.own, regions)
    at = given.nearest(allowed=allowed, bounds=bounds, threads=threads, advance=advance)
    lower = np.minimum(np.sqrt(at.lower), np.maximum(beyond - np.sqrt(at.near), 0) / 2)
    points = cross(given, at)
    counts = {name: at.counts[:, e] for e, name in enumerate(COUNTS)}
    none = np.isinf(lower)
    return Proposal(points, lower, none, counts | {"exact": attained(points, lower, given) | none})


def _several(given: Attacked, nodes: int, threads: int, advance: Advance) -> Proposal:
    """Attack a model of several neighbours with equal votes."""
    known = given.model.neighbours()
    if known.weights != "uniform":
        raise UnansweredError(
            "with more than one neighbour the exact region attack knows equal votes only; "
            f"the model has weights={known.weights!r}. Fit it with weights='uniform', or "
            "use 'race'."
        )
    at = given.votes(nodes, threads=threads, advance=advance)
    points = outvote(given, at, nodes, advance)
    # A row very far from all training points: the model's rounding decides, and may do so nearer than the geometry.
    lower = np.minimum(np.sqrt(at.lower), away(points, given))
    exact = at.found & attained(points, lower, given)
    return Proposal(points, lower, at.none, {"nodes": at.nodes, "exact": exact | at.none})
