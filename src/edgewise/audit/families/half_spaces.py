"""Rebuild a victim that is linear in features: every answer cuts the space of weights, the next row cuts most.

One score ranks rows of the pool and rows that are made: the expected drop of the share of points on the wrong
side, summed over points of the data's own law.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from scipy.special import ndtr

from edgewise.arrays import Floats, Index
from edgewise.audit.families.frame import Answers, Space
from edgewise.audit.families.posterior import Posterior


SEGMENTS = 200
WATCHED = 200
FEW = 20
"""Fewer watched points than this near the boundary say nothing of it; points on it do."""


@dataclass
class HalfSpaces:
    """The weights of a victim ``argmax_k w_k . f(z)``, known through answers.

    Parameters
    ----------
    space, answers
        Where rows lie and what was answered.
    features
        Maps standard coordinates ``(n, d)`` to features ``(n, D)``.
    noise
        The share of answers flipped at random.
    linear
        Whether features are the coordinates and a constant, so that points can be put on planes.
    """

    space: Space
    answers: Answers
    features: Callable[[Floats], Floats]
    noise: float
    linear: bool
    classes: int = field(init=False)
    posterior: Posterior = field(init=False)
    _told: int = field(init=False, default=0)
    _pool: Floats | None = field(init=False, default=None, repr=False)

    def __post_init__(self) -> None:
        self.learn_again()

    def learn_again(self) -> None:
        """Start from the prior and take in every answer."""
        self.classes = max(2, len(self.answers.classes))
        width = self.features(self.space.Z[:1]).shape[1]
        self.posterior = Posterior(width * (1 if self.classes == 2 else self.classes), self.noise)
        self._told, self._pool = 0, None
        self.take_in()
        self.posterior.sweep(4)

    def take_in(self) -> None:
        """Take in the answers that are new; a new class means to start again."""
        if max(2, len(self.answers.classes)) != self.classes:
            self.learn_again()
            return
        new = slice(self._told, len(self.answers))
        if new.start == new.stop:
            return
        F, y = self.features(self.answers.Z[new]), self.answers.y[new]
        self._told = len(self.answers)
        if self.classes == 2:
            self.posterior.add(self.lift(F, y, 1 - y))
            return
        others = np.array([[k for k in range(self.classes) if k != label] for label in y])
        rows = np.repeat(np.arange(len(y)), self.classes - 1)
        self.posterior.add(self.lift(F[rows], y[rows], others.ravel()))

    def lift(self, F: Floats, first: Index, second: Index) -> Floats:
        """Return the vectors ``v`` for which ``v . w > 0`` says that ``first`` beats ``second``."""
        if self.classes == 2:
            return F * (2.0 * first - 1)[:, None]
        V = np.zeros((len(F), self.classes, F.shape[1]))
        rows = np.arange(len(F))
        V[rows, first] = F
        V[rows, second] = -F
        return V.reshape(len(F), -1)

    def weights(self) -> Floats:
        """Return the mean weights, one row for two classes, else one a class."""
        mu = self.posterior.mu
        return mu[None] if self.classes == 2 else mu.reshape(self.classes, -1)

    def best_two(self, F: Floats) -> tuple[Index, Index]:
        """Return the likeliest class of each row and the next."""
        if self.classes == 2:
            first = (F @ self.posterior.mu > 0).astype(np.intp)
            return first, 1 - first
        order = np.argsort(-(F @ self.weights().T), axis=1)
        return order[:, 0], order[:, 1]

    def sureness(self, V: Floats) -> tuple[Floats, Floats]:
        """Return the standardised margin of each vector and its standard deviation, no less than rounding."""
        S = self.posterior.S
        least = np.finfo(float).eps * np.square(V).sum(axis=1) * np.abs(S).max()
        s = np.sqrt(np.maximum(np.einsum("ij,ij->i", V @ S, V), np.maximum(least, 1e-300)))
        return (V @ self.posterior.mu) / s, s

    def risk(self, rng: np.random.Generator, n: int = 400) -> float:
        """Return the expected share of points labelled wrongly, over smoothed and uniform points.

        The boundary moves by ``s`` in units of the margin; what lies there is the density of margins at 0.
        """
        half = n // 2
        Z = np.concatenate([self.space.smoothed(rng, half), self.space.uniform(rng, half)])
        F = self.features(Z)
        margin = np.sort(self.lift(F, *self.best_two(F)) @ self.posterior.mu)
        density = 0.1 / max(float(margin[n // 10]), 1e-300)
        at = self._on_boundary(rng)
        if not len(at):
            return float(np.mean(ndtr(-margin / self.sureness(self.lift(F, *self.best_two(F)))[1])))
        return min(0.5, density * float(np.mean(self.sureness(at)[1])) / np.sqrt(2 * np.pi))

    def _on_boundary(self, rng: np.random.Generator) -> Floats:
        """Return the vectors of points on the predicted boundary."""
        Z = self.crossings(rng)[:WATCHED]
        F = self.features(Z) if len(Z) else np.empty((0, self.posterior.size))
        return self.lift(F, *self.best_two(F)) if len(Z) else F

    def candidates(self, rng: np.random.Generator, made: bool, top: int = 1000) -> tuple[Floats, Index]:
        """Return rows of the victim that could be asked, and which pool row each is (-1: made)."""
        left = self.answers.unasked()
        if len(left) > top:
            left = np.sort(rng.choice(left, top, replace=False))
        if not made and len(left):
            return self.space.pool[left], left
        parts = [self.crossings(rng), *([self.projected(rng)] if self.linear else [])]
        points = np.concatenate(parts)
        rows = self.space.rows(points if len(points) else self.space.uniform(rng, 100))
        rows = rows[~self.answers.was_asked(rows)]
        return np.concatenate([self.space.pool[left], rows]), np.append(
            left, np.full(len(rows), -1, dtype=np.intp)
        )

    def pick(self, X: Floats, origin: Index, rng: np.random.Generator, batch: int) -> Index:
        """Return the ``batch`` rows of ``X`` whose answers should lower the summed risk most."""
        watched = np.concatenate(
            [
                self.space.Z[rng.choice(len(self.space.Z), min(WATCHED, len(self.space.Z)), replace=False)],
                self.space.smoothed(rng, WATCHED),
            ]
        )
        seen = self.features(watched)
        near = self.lift(seen, *self.best_two(seen))
        t, s = self.sureness(near)
        at = self._on_boundary(rng) if np.sum(np.abs(t) < 3) < FEW else near[:0]
        Q, (t, s) = (at, self.sureness(at)) if len(at) else (near, (t, s))
        S = self.posterior.S
        SQ = S @ Q.T
        L = (SQ * (np.exp(-t * t / 2) / s)) @ SQ.T
        F = self._features_of(X, origin)
        V = self.lift(F, *self.best_two(F))
        t, s = self.sureness(V)
        density2 = np.exp(-t * t) / (2 * np.pi)
        keep = density2 / np.maximum(ndtr(t) * ndtr(-t), 1e-300)
        score = keep * np.einsum("ij,ij->i", V @ L, V) / s**2
        chosen: list[int] = []
        for _ in range(min(batch, len(X))):
            best = int(np.argmax(score))
            chosen.append(best)
            if len(chosen) < batch:
                overlap = (V @ (S @ V[best])) ** 2 / (s * s[best]) ** 2
                score = score * np.clip(1 - keep[best] * overlap, 0, 1)
                score[best] = -1.0
        return np.array(chosen, dtype=np.intp)

    def _features_of(self, X: Floats, origin: Index) -> Floats:
        """Return the features of rows; those of the pool are kept."""
        if self._pool is None:
            self._pool = self.features(self.space.Z)
        made = origin < 0
        F = self._pool[origin]
        if made.any():
            F[made] = self.features(self.space.z(X[made]))
        return F

    def crossings(self, rng: np.random.Generator, steps: int = 9) -> Floats:
        """Return where segments between pool rows cross the predicted boundary, standard coordinates."""
        n = len(self.space.Z)
        a, b = self.space.Z[rng.integers(n, size=SEGMENTS)], self.space.Z[rng.integers(n, size=SEGMENTS)]
        first, other = self._side(a), self._side(b)
        a, b, first = a[first != other], b[first != other], first[first != other]
        low, high = np.zeros(len(a)), np.ones(len(a))
        for _ in range(steps if not self.linear or self.classes > 2 else 0):
            middle = (low + high) / 2
            same = self._side(a + middle[:, None] * (b - a)) == first
            low, high = np.where(same, middle, low), np.where(same, high, middle)
        t = (low + high) / 2
        if self.linear and self.classes == 2 and len(a):
            start, end = self.features(a) @ self.posterior.mu, self.features(b) @ self.posterior.mu
            t = start / (start - end)
        return a + t[:, None] * (b - a)

    def _side(self, Z: Floats) -> Index:
        return self.best_two(self.features(Z))[0]

    def projected(self, rng: np.random.Generator) -> Floats:
        """Return pool rows moved onto the plane between their two best classes, inside the box.

        The nearest point of plane and box has the form ``clip(x - lam w)``; ``lam`` is found by bisection.
        Rows whose plane misses the box are left out.
        """
        some = rng.choice(len(self.space.Z), min(SEGMENTS, len(self.space.Z)), replace=False)
        Z = self.space.Z[some]
        W = self.weights()
        first, second = self.best_two(self.features(Z))
        plane = np.repeat(W, len(Z), axis=0) if self.classes == 2 else W[first] - W[second]
        w, b = plane[:, :-1], plane[:, -1]
        low, high = self.space.bounds
        size = np.maximum(np.einsum("ij,ij->i", w, w), 1e-300)
        start = (np.einsum("ij,ij->i", w, Z) + b) / size
        lam = np.stack([np.minimum(0, 64 * start), np.maximum(0, 64 * start)])
        for _ in range(45):
            middle = lam.mean(axis=0)
            value = np.einsum("ij,ij->i", w, np.clip(Z - middle[:, None] * w, low, high)) + b
            lam = np.where(value > 0, np.stack([middle, lam[1]]), np.stack([lam[0], middle]))
        moved = np.clip(Z - lam.mean(axis=0)[:, None] * w, low, high)
        residual = np.abs(np.einsum("ij,ij->i", w, moved) + b) / np.sqrt(size)
        return moved[residual < 1e-6]
