"""The attack frame: a method proposes points, the frame verifies them with the model and measures them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike

from edgewise.arrays import Box, Floats, Index, InputError, Labels, Mask, check_box, check_X, check_y
from edgewise.geometry import Norm, length
from edgewise.models.access import Access, is_module
from edgewise.progress import Advance, track
from edgewise.randomness import Rng, seed_of


@dataclass(frozen=True)
class Proposal:
    """What a method hands to the frame.

    Parameters
    ----------
    points
        One candidate a sample, in the shape of its input.
    lower
        A proved lower bound on each distance, where the method has one.
    none_exists
        Samples for which the method proved that no adversary exists.
    counts
        Figures about the work done, one a sample, by name.
    """

    points: Floats
    lower: Floats | None = None
    none_exists: Mask | None = None
    counts: Mapping[str, Any] = field(default_factory=dict[str, Any])


@runtime_checkable
class Attack(Protocol):
    """A frozen dataclass of settings; calling it proposes points for samples the model still gets right."""

    @property
    def norm(self) -> Norm:
        """The norm it tries to keep small."""
        ...

    def __call__(
        self, model: Access, X: Floats, y: Labels, *, box: Box | None, seed: int, advance: Advance
    ) -> Proposal:
        """Propose one point a row of ``X`` (n, ...) that ``model`` does not label ``y`` (n,).

        ``advance(m)`` reports that ``m`` more samples are done.
        """
        ...


@dataclass(frozen=True)
class Adversarial:
    """Verified points, one a sample.

    Parameters
    ----------
    points
        Where ``found``: a point the model labels otherwise than ``source_label``. Elsewhere: the source.
    found
        Whether the model itself said so about exactly the row in ``points``.
    distance
        ``points - source`` in ``norm``, input units; infinite where not found, 0 where already wrong.
    label
        The model's label of each row of ``points``.
    source_label
        The label each sample was to lose.
    queries, gradients
        Rows the model answered for each sample, the frame's own included; gradient rows answered.
    status
        ``"crossed"``, ``"already"`` (was wrong before), ``"failed"`` or ``"none-exists"``.
    source
        The samples attacked (not copied).
    norm
        The norm of ``distance``.
    lower
        A proved lower bound on each distance, or None.
    counts
        Figures about the work done, by name.
    """

    points: Floats
    found: Mask
    distance: Floats
    label: Labels
    source_label: Labels
    queries: Index
    gradients: Index
    status: Labels
    source: Floats
    norm: float
    lower: Floats | None = None
    counts: Mapping[str, Any] = field(default_factory=dict[str, Any])

    def at(self, scale: float, box: Box | tuple[ArrayLike, ArrayLike] | None = None) -> Floats:
        """Return ``source + scale * (points - source)``, clipped to ``box``: below 1 short of the crossing.

        Raises
        ------
        InputError
            A negative or infinite scale.
        """
        if not (np.isfinite(scale) and scale >= 0):
            raise InputError(f"scale must be a finite number of at least 0; got {scale!r}.")
        moved = self.source + np.asarray(scale, self.points.dtype) * (self.points - self.source)
        checked = check_box(box, self.source[0].size)
        return moved if checked is None else _clip(moved, checked)


@dataclass(frozen=True)
class Foreign:
    """Any callable ``(model, X, y) -> X_adv`` as an attack; what it returns is verified like the rest."""

    function: Callable[..., Any]
    norm: Norm = 2

    def __call__(
        self, model: Access, X: Floats, y: Labels, *, box: Box | None, seed: int, advance: Advance
    ) -> Proposal:
        """Call it on copies; the answer must have the shape of ``X``."""
        answer = self.function(model.model, X.copy(), y.copy())
        points = np.asarray(answer.detach().cpu() if hasattr(answer, "detach") else answer)
        if points.shape != X.shape:
            raise InputError(
                f"the attack returned shape {points.shape}; one point a sample, {X.shape}, is taken."
            )
        advance(len(X))
        return Proposal(points)


def run(
    method: Attack | Callable[..., Any],
    model: Any,
    X: ArrayLike,
    *,
    y: ArrayLike | None = None,
    box: Box | tuple[ArrayLike, ArrayLike] | None = None,
    rng: Rng = 0,
    progress: bool = False,
) -> Adversarial:
    """Attack ``model`` at ``X`` with one method instance; see `edgewise.attack`."""
    method = method if isinstance(method, Attack) else Foreign(method)
    points = check_X(X, images=True, missing=getattr(method, "takes_missing", False))
    bounds = check_box(box, points[0].size)
    if bounds is not None and not getattr(method, "takes_outside", False):
        _check_inside(points, bounds)
    access = Access.to(model, len(points), getattr(method, "budget", None))
    predicted = access.labels(points)
    wanted = predicted if y is None else check_y(y, len(points), classes=_classes(access, points))
    todo = np.flatnonzero(predicted == wanted)
    with track(len(todo), f"attacking ({type(method).__name__})", show=progress) as advance:
        proposal = (
            method(
                access.view(todo), points[todo], wanted[todo], box=bounds, seed=seed_of(rng), advance=advance
            )
            if len(todo)
            else Proposal(points[todo])
        )
    return _verify(proposal, access, points, predicted, wanted, todo, bounds, method)


def _classes(access: Access, X: Floats) -> Labels | None:
    """Return the labels the model can give, where that is known; a bare module's are its columns."""
    if access.classes is None and is_module(access.model):
        return np.arange(access.view(np.zeros(1, np.intp)).scores(X[:1]).shape[1])
    return access.classes


def _verify(
    proposal: Proposal,
    access: Access,
    X: Floats,
    predicted: Labels,
    wanted: Labels,
    todo: Index,
    box: Box | None,
    method: Attack,
) -> Adversarial:
    norm = float(method.norm)
    points, label = X.copy(), predicted.copy()
    status = np.full(len(X), "already", dtype="<U11")
    proposed = np.asarray(proposal.points).astype(X.dtype, copy=False).reshape(len(todo), *X.shape[1:])
    same = np.isnan(proposed) & np.isnan(X[todo])
    finite = flattened(np.isfinite(proposed) | same).all(axis=1)
    if not finite.all():
        proposed = np.where(finite.reshape(len(todo), *[1] * (X.ndim - 1)), proposed, X[todo])
    if box is not None:
        proposed = _clip(proposed, box)
    if len(todo):
        answers = access.view(todo).labels(proposed)
        crossed = finite & (answers != wanted[todo])
        none = np.zeros(len(todo), bool) if proposal.none_exists is None else proposal.none_exists
        status[todo] = np.where(crossed, "crossed", np.where(none, "none-exists", "failed"))
        points[todo[crossed]], label[todo[crossed]] = proposed[crossed], answers[crossed]
    found = (status == "already") | (status == "crossed")
    distance = np.where(found, _distances(points, X, method, access.model), np.inf)
    return Adversarial(
        points,
        found,
        distance,
        label,
        wanted,
        access.queries,
        access.gradients,
        status,
        X,
        norm,
        _spread(proposal.lower, todo, status),
        {name: _spread(np.asarray(value), todo, status, 0) for name, value in proposal.counts.items()},
    )


def _distances(points: Floats, X: Floats, method: Attack, model: Any, rows: int = 4096) -> Floats:
    """Return the length of each row of ``points - X`` in float64, without holding all rows in float64.

    A method with a measure of its own, such as one with weights, is measured by that.
    """
    measure = getattr(method, "measure", None)
    lengths: list[Floats] = []
    for at in range(0, len(X), rows):
        move = points[at : at + rows].astype(float) - X[at : at + rows]
        lengths.append(length(move, method.norm) if measure is None else measure(move, model))
    return np.concatenate(lengths)


def _spread(values: Floats | None, todo: Index, status: Labels, fill: float = 0.0) -> Any:
    """Put figures of the attacked samples back among all samples."""
    if values is None:
        return None
    full = np.full(len(status), fill, dtype=values.dtype)
    full[todo] = values
    return full


def _clip(points: Floats, box: Box) -> Floats:
    return box.clip(flattened(points)).reshape(points.shape)


def flattened(X: Floats) -> Floats:
    """Return ``X`` (n, ...) as ``(n, d)``, also for no rows."""
    return X.reshape(len(X), int(np.prod(X.shape[1:])))


def _check_inside(X: Floats, box: Box) -> None:
    outside = np.flatnonzero(~box.contains(flattened(X)))
    if outside.size:
        raise InputError(
            f"{outside.size} of {len(X)} rows of X lie outside the box (first: row "
            f"{outside[0]}). Clip them, widen the box, or pass box=None."
        )
