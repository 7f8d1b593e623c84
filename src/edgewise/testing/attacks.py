"""What every attack promises, as checks on a call ``(model, X, *, y, box, rng) -> Adversarial``."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import update_wrapper

import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier

from edgewise.arrays import Box, Floats, Labels
from edgewise.attacks.adversarial import Adversarial
from edgewise.geometry import length
from edgewise.models.nadaraya_watson import NadarayaWatsonClassifier
from edgewise.models.rows import Rows
from edgewise.models.unwrap import Model
from edgewise.testing.promise import promise


Attack = Callable[..., Adversarial]


class Counted(KNeighborsClassifier):
    """A k-NN that counts the rows it is asked about."""

    asked = 0

    def predict(self, X: Rows) -> Labels:
        """Answer, and count."""
        self.asked += len(X)
        return super().predict(X)


# It answers as its base does, and says so: what is inside may be read.
update_wrapper(Counted.predict, KNeighborsClassifier.predict)


@dataclass(frozen=True)
class AttackProblem:
    """A small problem an attack can solve: a fitted model, samples in a box.

    Parameters
    ----------
    model
        The fitted model.
    X
        Samples ``(n, d)`` to attack.
    box
        What they, and points made from them, lie in.
    """

    model: Model
    X: Floats
    box: Box

    @classmethod
    def neighbours(cls) -> AttackProblem:
        """Return a three-class 1-NN in the unit square, four of whose samples sit near its boundary."""
        X, y, samples = _points()
        # Brute force, because scikit-learn's trees count their own calls and so change when asked.
        return cls(Counted(1, algorithm="brute").fit(X, y), samples, _unit())

    @classmethod
    def gradient(cls) -> AttackProblem:
        """Return a soft three-class model with a gradient on the same points."""
        X, y, samples = _points()
        return cls(NadarayaWatsonClassifier("gaussian", 0.2).fit(X, y), samples, _unit())

    @classmethod
    def trees(cls) -> AttackProblem:
        """Return a three-class forest on the same points."""
        X, y, samples = _points()
        return cls(RandomForestClassifier(7, random_state=0).fit(X, y), samples, _unit())

    @classmethod
    def weights(cls) -> AttackProblem:
        """Return a three-class linear model on the same points."""
        X, y, samples = _points()
        return cls(LogisticRegression(C=100).fit(X, y), samples, _unit())

    @classmethod
    def for_needs(cls, needs: Sequence[str]) -> AttackProblem:
        """Return the problem for an attack that puts these questions to a model."""
        for need in ("gradient", "trees", "weights"):
            if need in needs:
                return getattr(cls, need)()
        return cls.neighbours()


def _points() -> tuple[Floats, Labels, Floats]:
    rng = np.random.default_rng(5)
    centres = np.array([[0.2, 0.2], [0.8, 0.3], [0.4, 0.8]])
    y = np.repeat(np.array(["a", "b", "c"]), 12)
    X = np.clip(np.repeat(centres, 12, axis=0) + rng.normal(0, 0.08, (36, 2)), 0, 1)
    return X, y, np.clip(rng.uniform(0.1, 0.9, (9, 2)), 0, 1)


def _unit() -> Box:
    return Box(np.zeros(2), np.ones(2))


def crosses(attack: Attack, problem: AttackProblem) -> None:
    """What is found, the model itself labels otherwise, on exactly the row returned."""
    adv = attack(problem.model, problem.X, rng=0)
    answered = problem.model.predict(adv.points)
    promise(adv.found.any(), "nothing found on a problem where every sample has a boundary near")
    promise((answered == adv.label).all(), "label is not the model's label of the points returned")
    promise(
        (adv.label[adv.found] != adv.source_label[adv.found]).all(), "a point is found but does not cross"
    )


def fails_openly(attack: Attack, problem: AttackProblem) -> None:
    """What is not found comes back as its source, at infinite distance, and not as found."""
    adv = attack(problem.model, problem.X, rng=0)
    lost = ~adv.found
    promise((adv.points[lost] == problem.X[lost]).all(), "a failed sample came back moved")
    promise(np.isinf(adv.distance[lost]).all(), "a failed sample has a finite distance")
    promise(np.isfinite(adv.distance[adv.found]).all(), "a found sample has no distance")
    promise(set(adv.status) <= {"crossed", "already", "failed", "none-exists"}, "unknown status")


def measures(attack: Attack, problem: AttackProblem) -> None:
    """The distance is that of the points returned, in the norm stated, and no certificate exceeds it."""
    adv = attack(problem.model, problem.X, rng=0)
    real = length(adv.points - problem.X, adv.norm)
    promise(np.allclose(adv.distance[adv.found], real[adv.found], rtol=1e-9, atol=0), "wrong distance")
    if adv.lower is not None:
        promise((adv.lower <= adv.distance * (1 + 1e-9) + 1e-12).all(), "a lower bound above the distance")


def stays_in_box(attack: Attack, problem: AttackProblem) -> None:
    """With a box every point returned obeys it, bit for bit, and one is still found."""
    adv = attack(problem.model, problem.X, box=problem.box, rng=0)
    promise(problem.box.contains(adv.points).all(), "a point outside the box")
    promise(adv.found.any(), "the box made every sample fail")


def repeats(attack: Attack, problem: AttackProblem) -> None:
    """The same seed gives the same bytes."""
    one, two = (attack(problem.model, problem.X, rng=3) for _ in range(2))
    promise(one.points.tobytes() == two.points.tobytes(), "two calls with one seed differ")


def touches_nothing(attack: Attack, problem: AttackProblem) -> None:
    """Samples, model and global random state are as they were."""
    X, before = problem.X.copy(), pickle.dumps(_state(problem.model))
    state = global_state()
    attack(problem.model, X, rng=0)
    promise((X == problem.X).all(), "the samples were changed")
    promise(pickle.dumps(_state(problem.model)) == before, "the model was changed")
    promise(global_state() == state, "the global random state was used")


def global_state() -> bytes:
    """Return NumPy's global random state."""
    return pickle.dumps(np.random.get_state())  # noqa: NPY002 - the legacy state is what must not be used


def _state(model: Model) -> dict[str, object]:
    return {name: value for name, value in model.__dict__.items() if name != "asked"}


def counts(attack: Attack, problem: AttackProblem) -> None:
    """Every row the model answered is counted, on behalf of a sample."""
    if not isinstance(problem.model, Counted):
        return
    before = problem.model.asked
    adv = attack(problem.model, problem.X, rng=0)
    asked = problem.model.asked - before
    promise(int(adv.queries.sum()) == asked, f"{asked} rows asked, {int(adv.queries.sum())} counted")


def skips_the_already_wrong(attack: Attack, problem: AttackProblem) -> None:
    """A sample the model labels otherwise already comes back as it is, at distance 0."""
    y = problem.model.predict(problem.X)
    wrong = y.copy()
    wrong[0] = next(label for label in problem.model.classes_ if label != y[0])
    adv = attack(problem.model, problem.X, y=wrong, rng=0)
    promise(adv.status[0] == "already", "an already wrong sample has no status of its own")
    promise(adv.found[0], "an already wrong sample counts as not found")
    promise(adv.distance[0] == 0, "an already wrong sample has a distance")
    promise((adv.points[0] == problem.X[0]).all(), "an already wrong sample was moved")


def keeps_the_dtype(attack: Attack, problem: AttackProblem) -> None:
    """Samples in float32 give points in float32 that cross as they are."""
    X = problem.X.astype(np.float32)
    adv = attack(problem.model, X, rng=0)
    promise(adv.points.dtype == np.float32, "float32 samples came back in another dtype")
    crossed = problem.model.predict(adv.points[adv.found]) != adv.source_label[adv.found]
    promise(adv.found.any(), "nothing found in float32")
    promise(crossed.all(), "a float32 point does not cross")


def takes_one(attack: Attack, problem: AttackProblem) -> None:
    """One sample is answered, alone, in the same shape."""
    adv = attack(problem.model, problem.X[:1], rng=0)
    promise(adv.points.shape == problem.X[:1].shape, "one sample came back in another shape")


def ignores_batch_mates(attack: Attack, problem: AttackProblem) -> None:
    """The answer for a sample depends neither on the order of the batch nor on who is in it."""
    whole = attack(problem.model, problem.X, rng=0)
    part = attack(problem.model, problem.X[::-2], rng=0)
    promise(
        np.allclose(whole.points[::-2], part.points, rtol=1e-7, atol=1e-9), "batch-mates change the answer"
    )


ATTACK_CHECKS: tuple[Callable[[Attack, AttackProblem], None], ...] = (
    crosses,
    fails_openly,
    measures,
    stays_in_box,
    repeats,
    touches_nothing,
    counts,
    skips_the_already_wrong,
    keeps_the_dtype,
    takes_one,
    ignores_batch_mates,
)
