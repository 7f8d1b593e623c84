"""Kernel ridge regression of ``y - 1/2`` as a classifier."""

from __future__ import annotations

import os

import numpy as np
from numpy.typing import ArrayLike
from scipy.linalg import LinAlgError, cho_factor, cho_solve
from sklearn.base import BaseEstimator, ClassifierMixin

from edgewise.arrays import Floats, InputError, Labels
from edgewise.models.access import Pullback
from edgewise.models.kernels import Kernel, blocks, kernel
from edgewise.models.nadaraya_watson import asked_points, training


class KernelRidgeClassifier(ClassifierMixin, BaseEstimator):
    """Regress ``y - 1/2`` on a kernel, one class against the rest, and answer the largest estimate's class.

    ``eta = 1/2 + sum_i a_i k(x_i, .)`` with ``(K + alpha I) a = y - 1/2``. Regressing ``y`` itself would let
    a large ``alpha`` shrink every estimate to 0 and so answer the first class everywhere; shrunk to 1/2,
    the classes keep their order. There is no other intercept. A tie goes to the smaller label.

    Parameters
    ----------
    kernel
        ``"linear"``, ``"rbf"``, ``"matern-1/2"``, ``"matern-3/2"``, ``"matern-5/2"`` or ``"laplacian"``.
    scale
        The kernel's length, in input units; the linear kernel has none.
    alpha
        The ridge, at least 0; the same as scikit-learn's `KernelRidge`.

    Attributes
    ----------
    classes_
        The labels, sorted.
    X_, dual_coef_
        Training points ``(m, d)`` and coefficients: one column for two classes, else one a class.

    Examples
    --------
    >>> model = KernelRidgeClassifier("rbf", alpha=0.1).fit([[0.0], [1.0], [2.0]], ["a", "b", "b"])
    >>> model.predict([[0.1], [1.8]]).tolist()
    ['a', 'b']
    """

    def __init__(self, kernel: str = "rbf", scale: float = 1.0, alpha: float = 1.0) -> None:
        self.kernel = kernel
        self.scale = scale
        self.alpha = alpha

    def fit(
        self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> KernelRidgeClassifier:
        """Solve for the coefficients by one Cholesky factorisation.

        Parameters
        ----------
        X, y
            Points ``(m, d)`` and labels ``(m,)``.
        sample_weight
            A non-negative weight of each point's squared error. A weight of 0 leaves the point out.

        Raises
        ------
        InputError
            A bad setting, fewer than two classes, a kernel matrix that needs more memory than there is, or
            one that is singular because ``alpha`` is too small.
        """
        function = kernel(self.kernel, self.scale)
        if isinstance(self.alpha, bool) or not 0 <= self.alpha < np.inf:
            raise InputError(f"alpha must be a finite number of at least 0; got {self.alpha!r}.")
        points, weights, self.classes_, codes = training(self, X, y, sample_weight)
        numbers = np.arange(1, 2) if len(self.classes_) == 2 else np.arange(len(self.classes_))
        targets = (codes[:, None] == numbers) - 0.5
        self.X_ = points
        self.dual_coef_ = solve_ridge(_gram(function, points), targets, weights, float(self.alpha))
        return self

    def regress(self, X: ArrayLike) -> Floats:
        """Return the estimate of P(y = classes_[1] | x) ``(n,)``; with more classes of each, ``(n, c)``.

        It is a regression: it may leave [0, 1], and more than two estimates need not add to 1.
        """
        return self.decision_function(X) + 0.5

    def decision_function(self, X: ArrayLike) -> Floats:
        """Return `regress` less 1/2: ``(n,)`` for two classes, positive for the second; else ``(n, c)``."""
        asked = asked_points(self, X)
        function = kernel(self.kernel, self.scale)
        values = np.concatenate(
            [function(asked[rows], self.X_) @ self.dual_coef_ for rows in blocks(len(asked), len(self.X_))]
        )
        return values if len(self.classes_) > 2 else values[:, 0]

    def predict(self, X: ArrayLike) -> Labels:
        """Return the label of the largest estimate ``(n,)``."""
        values = self.decision_function(X)
        chosen = (values > 0).astype(int) if values.ndim == 1 else np.argmax(values, axis=1)
        return self.classes_[chosen]

    def scores_and_pullback(self, X: ArrayLike) -> tuple[Floats, Pullback]:
        """Return scores ``(n, c)`` and the map from weights ``(n, c)`` on them to gradients ``(n, d)``.

        The scores are the decision values; for two classes, minus and plus half of theirs.
        """
        asked = asked_points(self, X)
        values = self.decision_function(asked)
        function = kernel(self.kernel, self.scale)
        two = values.ndim == 1

        def pullback(weights: Floats) -> Floats:
            on_values = (weights[:, 1:] - weights[:, :1]) / 2 if two else weights
            return np.concatenate(
                [
                    function.pullback(asked[rows], self.X_, on_values[rows] @ self.dual_coef_.T)
                    for rows in blocks(len(asked), len(self.X_))
                ]
            )

        return np.stack([-values, values], axis=1) / 2 if two else values, pullback


def _gram(function: Kernel, X: Floats) -> Floats:
    _check_memory(len(X))
    matrix = np.empty((len(X), len(X)), order="F")
    for rows in blocks(len(X), len(X)):
        matrix[rows] = function(X[rows], X)
    return matrix


def solve_ridge(matrix: Floats, targets: Floats, weights: Floats, alpha: float) -> Floats:
    """Return the coefficients ``a`` (m, c) with ``(K + alpha / weights) a = targets``; overwrites ``matrix``.

    ``matrix`` is K (m, m), symmetric, in Fortran's order; ``weights`` (m,) are those of squared errors, positive.

    Raises
    ------
    InputError
        The matrix is singular because ``alpha`` is too small.
    """
    roots = np.sqrt(weights)[:, None]
    for rows in blocks(len(matrix), len(matrix)):
        matrix[rows] *= roots[rows] * roots.T
    matrix.flat[:: len(matrix) + 1] += alpha
    try:
        factor = cho_factor(matrix, lower=True, overwrite_a=True, check_finite=False)
    except LinAlgError:
        raise InputError(
            f"the kernel matrix is singular at alpha={alpha:g}; use a larger alpha, a smaller "
            "scale, or drop repeated points."
        ) from None
    return roots * cho_solve(factor, roots * targets)


def _check_memory(m: int) -> None:
    needed = 8 * m**2
    try:
        free = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return
    if needed > free:
        raise InputError(
            f"kernel ridge on {m} points needs a matrix of {needed / 2**30:.1f} GiB and "
            f"{free / 2**30:.1f} GiB are free; train on a subset."
        )
