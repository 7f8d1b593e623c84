"""Nadaraya-Watson classification: the label's share in a window of training points."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from edgewise.arrays import Floats, InputError, Labels
from edgewise.models.access import Pullback
from edgewise.models.kernels import SMOOTHING, along_differences, blocks, check_scale, squared_distances
from edgewise.models.unwrap import Model
from edgewise.registry import unknown


class NadarayaWatsonClassifier(ClassifierMixin, BaseEstimator):
    """Estimate each class's probability by its weighted share among the training points near ``x``.

    ``eta(x) = sum_i w_i K(|x - x_i| / h) y_i / sum_i w_i K(|x - x_i| / h)`` (Nadaraya 1964, Watson 1964).
    A window without training points answers the training shares of the classes, never NaN. The Gaussian
    window is never empty: far from all data it tends to the nearest training point's label. A tie goes to
    the smaller label.

    Parameters
    ----------
    kernel
        ``"box"``, ``"epanechnikov"`` (both 0 beyond ``bandwidth``) or ``"gaussian"``.
    bandwidth
        ``h``, in input units. The paper's soft k-NN (equation 10) with constant ``c`` is the Gaussian kernel
        with ``h = sqrt(c / 2)``; see `soft_neighbours`.

    Attributes
    ----------
    classes_
        The labels, sorted.
    X_, shares_
        Training points of positive weight ``(m, d)`` and their votes, one column per class ``(m, c)``.
    prior_
        Weighted share of each class ``(c,)``.

    Examples
    --------
    >>> model = NadarayaWatsonClassifier("box", bandwidth=1.0).fit([[0.0], [1.0], [5.0]], ["a", "b", "b"])
    >>> model.regress([[0.5], [9.0]]).round(3)
    array([0.5  , 0.667])
    """

    def __init__(self, kernel: str = "gaussian", bandwidth: float = 1.0) -> None:
        self.kernel = kernel
        self.bandwidth = bandwidth

    def fit(
        self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> NadarayaWatsonClassifier:
        """Keep the training points ``X`` (m, d) and labels ``y`` (m,).

        Parameters
        ----------
        sample_weight
            A non-negative vote for each point; one over the density they were drawn with undoes the bias of
            points that an attack or a strategy chose. A weight of 0 leaves the point out.

        Raises
        ------
        InputError
            An unknown kernel, a bandwidth that is not positive, bad weights, or fewer than two classes.
        """
        if self.kernel not in SMOOTHING:
            raise InputError(unknown(self.kernel, SMOOTHING, "kernel"))
        check_scale(self.bandwidth, "bandwidth")
        points, votes, self.classes_, codes = training(self, X, y, sample_weight)
        self.X_ = points
        self.shares_ = np.zeros((len(points), len(self.classes_)))
        self.shares_[np.arange(len(points)), codes] = votes
        self.prior_ = self.shares_.sum(axis=0) / self.shares_.sum()
        return self

    def regress(self, X: ArrayLike) -> Floats:
        """Return the estimate of P(y = classes_[1] | x) ``(n,)``; with more classes of each, ``(n, c)``."""
        shares = self.predict_proba(X)
        return shares if len(self.classes_) > 2 else shares[:, 1]

    def predict_proba(self, X: ArrayLike) -> Floats:
        """Return the estimated probability of every class ``(n, c)``."""
        asked = asked_points(self, X)
        return np.concatenate([self._window(asked[rows])[0] for rows in blocks(len(asked), len(self.X_))])

    def predict(self, X: ArrayLike) -> Labels:
        """Return the likeliest label of each row ``(n,)``."""
        shares = self.predict_proba(X)
        return self.classes_[np.argmax(shares, axis=1)]

    def scores_and_pullback(self, X: ArrayLike) -> tuple[Floats, Pullback]:
        """Return the probabilities ``(n, c)`` and their pullback, weights ``(n, c)`` to gradients ``(n, d)``.

        The gradient is exact where the estimate is differentiable; at the edge of a window it is one-sided,
        and 0 for the box kernel and in empty windows.
        """
        asked = asked_points(self, X)

        def pullback(weights: Floats) -> Floats:
            parts = [self._pull(asked[rows], weights[rows]) for rows in blocks(len(asked), len(self.X_))]
            return np.concatenate(parts)

        return self.predict_proba(asked), pullback

    def _window(self, X: Floats) -> tuple[Floats, Floats]:
        """Return the scores and, for each training point, the slope of its vote over all votes ``(n, m)``."""
        t = squared_distances(X, self.X_, self.bandwidth)
        if self.kernel == "gaussian":
            # Only ratios count: measured from the nearest point they never all underflow.
            t -= t.min(axis=1, keepdims=True)
        return window(self.kernel, t, self.shares_, self.prior_)

    def _pull(self, X: Floats, weights: Floats) -> Floats:
        scores, slope = self._window(X)
        # d score_c = sum_i (share_ic - vote_i score_c) dK_i / total, the quotient rule.
        mean = (weights * scores).sum(axis=1)
        surplus = weights @ self.shares_.T - np.outer(mean, self.shares_.sum(axis=1))
        return along_differences(X, self.X_, surplus * slope, self.bandwidth)


def window(kernel: str, t: Floats, shares: Floats, prior: Floats | float) -> tuple[Floats, Floats]:
    """Return the estimates (n, c), and for each training point the slope of its vote over all votes (n, m).

    ``t`` are squared distances in units of the bandwidth (n, m), ``shares`` the votes of training points, one
    column a class (m, c), and ``prior`` the estimates (c,) where nothing is in reach.
    """
    value, slope = SMOOTHING[kernel](t)
    votes = value @ shares
    total = votes.sum(axis=1, keepdims=True)
    empty = total <= 0
    total = np.where(empty, 1.0, total)
    return np.where(empty, prior, votes / total), np.where(empty, 0.0, slope) / total


def soft_neighbours(scale: float) -> NadarayaWatsonClassifier:
    """Return the soft k-NN of the paper's equation 10, votes ``exp(-|z - x|^2 / scale)``, unfitted.

    Examples
    --------
    >>> soft_neighbours(2.0)
    NadarayaWatsonClassifier()
    """
    return NadarayaWatsonClassifier("gaussian", float(np.sqrt(check_scale(scale, "scale") / 2)))


def training(
    model: Model, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None
) -> tuple[Floats, Floats, Labels, Labels]:
    """Check what an estimator is fitted with: points, positive weights, classes, class numbers.

    Raises
    ------
    InputError
        Weights that are negative or not one a row, or fewer than two classes of positive weight.
    """
    points, labels = validate_data(model, X, y, dtype=np.float64, copy=True)
    check_classification_targets(labels)
    votes = np.ones(len(points)) if sample_weight is None else np.asarray(sample_weight, dtype=float)
    if votes.shape != labels.shape:
        raise InputError(
            f"sample_weight must be one number per row, shape {labels.shape}; got shape {votes.shape}."
        )
    if not np.isfinite(votes).all() or (votes < 0).any():
        raise InputError(
            "sample_weight must hold finite numbers of at least 0; "
            f"{np.sum(~np.isfinite(votes) | (votes < 0))} of {len(votes)} are not."
        )
    kept = votes > 0
    if not kept.any():
        raise InputError("every sample_weight is zero; some points need a positive one.")
    classes, codes = np.unique(labels[kept], return_inverse=True)
    if len(classes) < 2:
        raise InputError(
            f"a classifier needs points of at least two classes; got {len(classes)} class: "
            f"{classes.tolist()}."
        )
    return points[kept], votes[kept], classes, codes


def asked_points(model: Model, X: ArrayLike) -> Floats:
    """Return ``X`` checked against what ``model`` was fitted with, in float64."""
    check_is_fitted(model)
    return validate_data(model, X, reset=False, dtype=np.float64)
