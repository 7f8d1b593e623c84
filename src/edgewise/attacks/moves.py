"""How the features of a table may move: which not at all, which one way, on which values, at which price."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from edgewise.arrays import Box, Floats, InputError
from edgewise.models.unwrap import names_known


Feature = int | str
"""A column: its number, or its name where the model was fitted on named columns."""


@dataclass(frozen=True)
class Moves:
    """What a change of a row may consist of. The default: any feature to any value.

    Parameters
    ----------
    frozen
        Features that stay as they are.
    up, down
        Features that may only grow, only shrink.
    integers
        Features that take whole numbers only.
    grid
        For a feature, the values it may take; those observed, say.
    weights
        What a unit of each feature costs ``(d,)``: the distance is the norm of ``weights * move``.
    step
        The least a feature moves if it moves at all, a number or one a feature; features with ``integers``
        or a ``grid`` have their own.

    Examples
    --------
    >>> Moves(frozen=("age",), up=("income",), integers=("children",)).free
    False
    """

    frozen: Sequence[Feature] = ()
    up: Sequence[Feature] = ()
    down: Sequence[Feature] = ()
    integers: Sequence[Feature] = ()
    grid: Mapping[Feature, ArrayLike] = field(default_factory=dict[Feature, ArrayLike])
    weights: ArrayLike | None = None
    step: ArrayLike = 0.0

    @property
    def free(self) -> bool:
        """Whether nothing is asked for."""
        asked = self.frozen, self.up, self.down, self.integers, self.grid
        return not any(len(each) for each in asked) and self.weights is None and not np.any(self.step)

    def of(self, model: object, n_features: int) -> Rules:
        """Return the same for a model with ``n_features`` columns, checked.

        Raises
        ------
        InputError
            A feature there is not, a grid that is no list of numbers, a weight or step that is not one.
        """
        names = names_known(model)

        def number(feature: Feature) -> int:
            if isinstance(feature, str):
                if feature in names:
                    return names.index(feature)
                known = ", ".join(names[:20]) or "none: it was fitted on an array; give column numbers"
                raise InputError(f"moves name the feature {feature!r}; the model knows {known}.")
            if isinstance(feature, bool) or not isinstance(feature, (int, np.integer)):
                raise InputError(f"a feature is a column number or name; got {feature!r}.")
            if not 0 <= feature < n_features:
                raise InputError(f"moves name feature {feature}; there are features 0 to {n_features - 1}.")
            return int(feature)

        direction = np.zeros(n_features, np.int32)
        for features, sign in ((self.up, 1), (self.down, -1), (self.frozen, 2)):
            if isinstance(features, str):
                raise InputError(f"features must be given as a list; got the string {features!r}.")
            direction[[number(f) for f in features]] = sign
        both = {number(f) for f in self.up} & {number(f) for f in self.down}
        if both:
            raise InputError(f"features {sorted(both)} are said to move up only and down only; freeze them.")
        grid = {number(f): _values(f, values) for f, values in self.grid.items()}
        return Rules(
            direction,
            tuple(sorted({number(f) for f in self.integers})),
            grid,
            _numbers(self.weights, 1.0, "weights", n_features, above=True),
            _numbers(self.step, 0.0, "step", n_features, above=False),
        )


@dataclass(frozen=True)
class Rules:
    """`Moves` with features by number: ``direction`` is 1, -1, 0 for either and 2 for neither ``(d,)``."""

    direction: NDArray[np.int32]
    integers: tuple[int, ...]
    grid: Mapping[int, Floats]
    weights: Floats
    step: Floats

    def ranges(self, X: Floats, box: Box | None) -> tuple[Floats, Floats]:
        """Return the bounds ``(n, d)`` that box, frozen and one-way features leave to each row."""
        low = np.broadcast_to(-np.inf if box is None else box.low, X.shape)
        high = np.broadcast_to(np.inf if box is None else box.high, X.shape)
        stays = np.isin(self.direction, (1, 2))
        low = np.where(stays, np.maximum(X, low), low)
        return low, np.where(np.isin(self.direction, (-1, 2)), np.minimum(X, high), high)


def _values(feature: Feature, values: ArrayLike) -> Floats:
    try:
        given = np.unique(np.asarray(values, float))
    except (TypeError, ValueError):
        given = np.empty(0)
    if not given.size or not np.isfinite(given).all():
        raise InputError(f"the grid of feature {feature!r} must be a list of finite numbers.")
    return given


def _numbers(values: ArrayLike | None, default: float, name: str, n: int, *, above: bool) -> Floats:
    try:
        given = np.array(np.broadcast_to(np.asarray(default if values is None else values, float), (n,)))
    except (TypeError, ValueError):
        raise InputError(f"{name} must be a number or one for each of the {n} features.") from None
    if not np.isfinite(given).all() or (given < 0).any() or (above and (given == 0).any()):
        what = "above 0" if above else "of at least 0"
        raise InputError(f"{name} must be finite numbers {what}; to forbid a move, freeze the feature.")
    return given
