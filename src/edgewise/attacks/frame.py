"""The attack frame: a method proposes points, the frame verifies them with the model and measures them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol, TypeVar, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from edgewise.arrays import Box, Floats, Index, InputError, Labels, Mask, check_box, check_X
from edgewise.attacks.adversarial import Adversarial, Counts, clipped
from edgewise.attacks.auto import choose
from edgewise.attacks.names import ATTACKS, AttackName
from edgewise.geometry import Norm, length
from edgewise.models.access import Access
from edgewise.models.heard import Heard
from edgewise.models.joining import check_y, placed, same
from edgewise.models.rows import check_rows, columns_of, is_frame, is_sparse, numbers, only
from edgewise.models.unwrap import Model, check_columns, module_of
from edgewise.progress import Advance, track
from edgewise.randomness import Rng, seed_of
from edgewise.registry import component


Figure = TypeVar("Figure", bound=np.generic)


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
    counts: Counts = field(default_factory=dict[str, NDArray[np.generic]])


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
class Foreign:
    """Any callable ``(model, X, y) -> X_adv`` as an attack; what it returns is verified like the rest."""

    function: Callable[..., ArrayLike]
    norm: Norm = 2

    def __call__(
        self, model: Access, X: Floats, y: Labels, *, box: Box | None, seed: int, advance: Advance
    ) -> Proposal:
        """Call it on copies; the answer must have the shape of ``X``."""
        answer = self.function(model.model, X.copy(), y.copy())
        points = check_X(answer, name="what the attack returned", images=True, finite=False)
        if points.shape != X.shape:
            raise InputError(
                f"the attack returned shape {points.shape}; expected one point per sample, shape {X.shape}."
            )
        advance(len(X))
        return Proposal(points)


def attack(
    model: Model,
    X: ArrayLike,
    attack: AttackName | Attack | Callable[..., ArrayLike] = "auto",
    *,
    y: ArrayLike | None = None,
    box: Box | tuple[ArrayLike, ArrayLike] | None = None,
    rng: Rng = None,
    progress: bool = False,
    columns: Sequence[str] | None = None,
) -> Adversarial:
    """Move each sample just across the decision boundary of ``model``, verified by the model itself.

    Parameters
    ----------
    model
        A fitted scikit-learn classifier, a torch module, or a function that answers labels or scores; asked,
        never changed.
    X
        Samples ``(n, d)``, ``(n, ...)`` for torch modules, in input units, or a data frame; never changed.
    attack
        ``"auto"``: the exact attack where the model has one, else the best for what it answers. A name in
        `ATTACKS` stands for its default settings, an instance such as ``Direct(k=3)`` for its own; any
        function ``(model, X, y) -> X_adv`` will do.
    y
        Label the attack tries to change; defaults to the model's prediction. A sample that the model labels
        otherwise already comes back as it is, distance 0, status ``"already"``.
    box
        None, ``(low, high)`` as numbers or one per feature, or a `Box`; every point returned obeys it exactly.
    rng
        Seed or generator; the same seed gives the same points. None draws a fresh seed, which the result
        carries.
    progress
        Draw a progress bar on standard error.
    columns
        Of a data frame, the columns of numbers that move; the model gets each row with all others as they are, and
        ``points`` has these columns. For attacks that ask for labels only, such as ``race``.

    Returns
    -------
    Adversarial
        ``points, success, distance, lower, label, source_label, queries``. A point that does not cross is
        never reported as if it did: its sample comes back, ``found`` False, ``distance`` infinite.

    Raises
    ------
    InputError
        Bad input, an unknown name, a model that cannot answer what the attack asks.

    Examples
    --------
    >>> from sklearn.neighbors import KNeighborsClassifier
    >>> knn = KNeighborsClassifier(1).fit([[0.0], [1.0]], ["a", "b"])
    >>> attack(knn, [[0.2]]).distance.round(6)
    array([0.3])
    """
    method, why = _resolved(attack, model) if columns is None else _by_labels(attack)
    missing = getattr(method, "takes_missing", False)
    rows = check_rows(X, missing=missing)
    check_columns(model, columns_of(rows))
    if is_sparse(rows):
        raise InputError("X is sparse, and an attack moves every feature; give X.toarray() if it fits.")
    points = numbers(rows if columns is None else only(rows, columns), missing=missing)
    bounds = check_box(box, points[0].size)
    seed = seed_of(rng)
    if bounds is not None and not getattr(method, "takes_outside", False):
        _check_inside(points, bounds)
    given = rows if is_frame(rows) else None
    access = Access.to(model, len(points), getattr(method, "budget", None), given)
    access = replace(access, columns=columns)
    if getattr(method, "confirms", False):
        access = replace(access, heard=Heard(len(points)))
    first = getattr(method, "first_labels", None)
    predicted = access.labels(points) if first is None else first(access, points)
    wanted = predicted if y is None else check_y(y, len(points), classes=_classes(access, points))
    todo = np.flatnonzero(same(predicted, wanted, names=("the model's labels", "y")))
    with track(len(todo), f"attacking ({type(method).__name__})", show=progress) as advance:
        proposal = (
            method(access.view(todo), points[todo], wanted[todo], box=bounds, seed=seed, advance=advance)
            if len(todo)
            else Proposal(points[todo])
        )
    samples = Given(points, predicted, wanted, todo, bounds)
    return _verify(proposal, access, samples, method, attack=why, seed=seed)


def _resolved(attack: object, model: object) -> tuple[Attack, str]:
    """Return the instance to run and a line that says which it is and, where it was chosen here, why."""
    why = ""
    if isinstance(attack, str) and attack == "auto":
        attack, why = choose(model)
    found = component(ATTACKS, attack, "attack")
    method = found if isinstance(found, Attack) else Foreign(found)
    return method, f"{method!r}{why and ': '}{why}"


def _by_labels(attack: object) -> tuple[Attack, str]:
    """Return the instance to run on some columns of a frame: one that asks for labels and nothing else."""
    found = component(ATTACKS, "race" if attack == "auto" else attack, "attack")
    asking = [name for name, row in ATTACKS.items() if row.needs == ("labels",)]
    homes = [ATTACKS[name].factory for name in asking]
    if f"{type(found).__module__}:{type(found).__name__}" not in homes:
        raise InputError(
            f"columns go with attacks that ask for labels only ({', '.join(asking)}); {type(found).__name__} would "
            "read or move what the model is made of."
        )
    return found, repr(found)


@dataclass(frozen=True)
class Given:
    """What the frame knows before an attack proposes: samples, their labels, and which are to be moved."""

    X: Floats
    predicted: Labels
    wanted: Labels
    todo: Index
    box: Box | None


def _classes(access: Access, X: Floats) -> Labels | None:
    """Return the labels the model can give, where that is known; a bare module's are its columns."""
    if access.classes is None and module_of(access.model) is not None:
        return np.arange(int(access.view(np.zeros(1, np.intp)).scores(X[:1]).shape[1]))
    return access.classes


def _verify(
    proposal: Proposal, access: Access, given: Given, method: Attack, *, attack: str, seed: int
) -> Adversarial:
    X, todo, norm = given.X, given.todo, float(method.norm)
    points, label = X.copy(), given.predicted
    status = np.full(len(X), "already", dtype="<U11")
    proposed = np.asarray(proposal.points).astype(X.dtype, copy=False).reshape(len(todo), *X.shape[1:])
    known = np.isfinite(proposed)
    if not known.all():
        known |= np.isnan(proposed) & np.isnan(X[todo])
    finite = known.reshape(len(todo), X[0].size).all(axis=1)
    if not finite.all():
        proposed = np.where(finite.reshape(len(todo), *[1] * (X.ndim - 1)), proposed, X[todo])
    if given.box is not None:
        proposed = clipped(proposed, given.box)
    if len(todo):
        answers = access.view(todo).confirmed(proposed)
        crossed = finite & ~same(answers, given.wanted[todo])
        none = np.zeros(len(todo), bool) if proposal.none_exists is None else proposal.none_exists
        status[todo] = np.where(crossed, "crossed", np.where(none, "none-exists", "failed"))
        points[todo[crossed]] = proposed[crossed]
        label = placed(label, todo[crossed], answers[crossed])
    found = (status == "already") | (status == "crossed")
    return Adversarial(
        points,
        found,
        np.where(found, _distances(points, X, method, access.model), np.inf),
        label,
        given.wanted,
        access.queries,
        access.gradients,
        status,
        X,
        norm,
        attack,
        seed,
        None if proposal.lower is None else _spread(proposal.lower, todo, len(X)),
        {name: _spread(np.asarray(value), todo, len(X)) for name, value in proposal.counts.items()},
    )


def _distances(points: Floats, X: Floats, method: Attack, model: object, rows: int = 4096) -> Floats:
    """Return the length of each row of ``points - X`` in float64, without holding all rows in float64.

    A method with a measure of its own, such as one with weights, is measured by that.
    """
    measure = getattr(method, "measure", None)
    lengths: list[Floats] = []
    for at in range(0, len(X), rows):
        move = np.subtract(points[at : at + rows], X[at : at + rows], dtype=float)
        lengths.append(length(move, method.norm) if measure is None else measure(move, model))
    return np.concatenate(lengths)


def _spread(values: NDArray[Figure], todo: Index, n: int) -> NDArray[Figure]:
    """Put figures of the attacked samples back among all ``n`` samples, 0 for the others."""
    full = np.zeros(n, dtype=values.dtype)
    full[todo] = values
    return full


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
