"""Kernel ridge regression of 0 and 1, measured as scikit-learn measures it: a reading of Table 5."""

from __future__ import annotations

from typing import cast

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.kernel_ridge import KernelRidge

from edgewise.arrays import Floats, Labels
from edgewise.data.dataset import Split
from edgewise.learning.metrics import accuracy
from edgewise.models.unwrap import Model


class LabelRegression(BaseEstimator):
    """scikit-learn's kernel ridge with a linear kernel on 0 and 1: read as printed, not as a good classifier.

    Parameters
    ----------
    shift
        Taken from the labels before they are regressed.
    r2
        Whether it is measured by R2, as scikit-learn's ``score`` does, in place of accuracy.
    """

    def __init__(self, shift: float = 0.0, r2: bool = False) -> None:
        self.shift = shift
        self.r2 = r2

    def fit(self, X: Floats, y: Labels) -> LabelRegression:
        """Regress the class numbers less ``shift``."""
        self.classes_, numbers = np.unique(y, return_inverse=True)
        self.ridge_ = KernelRidge(kernel="linear").fit(X, numbers - self.shift)
        return self

    def predict(self, X: Floats) -> Labels:
        """Return the class on whose side of one half the estimate lies."""
        estimate = cast("Floats", self.ridge_.predict(X))
        return self.classes_[(estimate + self.shift > 0.5).astype(int)]

    def measured(self, test: Split) -> float:
        """Return R2 or accuracy on ``test``."""
        if not self.r2:
            return accuracy(self, *test)
        return float(self.ridge_.score(test.X, np.searchsorted(self.classes_, test.y) - self.shift))


def measured(model: Model, test: Split) -> float:
    """Return what ``model`` is measured by: accuracy unless it says otherwise."""
    return model.measured(test) if isinstance(model, LabelRegression) else accuracy(model, *test)
