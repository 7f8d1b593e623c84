"""What answers say about the weights of a linear rule: a Gaussian kept by expectation propagation.

An answer says on which side of a plane the weights lie: ``v . w > 0``. The product of such half-spaces with a
Gaussian prior is approximated by a Gaussian whose sites match the first two moments (Minka 2001).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numba
import numpy as np

from edgewise.arrays import Floats


CERTAIN = 8.0
"""Standard deviations from which an answer adds nothing that float64 can hold."""


@numba.njit(cache=True, error_model="numpy")
def _one_site(m: float, s2: float, eps: float) -> tuple[float, float]:
    """Return precision and shift of the site of one half-space, from the cavity mean and variance."""
    s = math.sqrt(s2)
    t = m / s
    if eps == 0.0 and t > CERTAIN:
        return 0.0, 0.0
    density = math.exp(-0.5 * t * t) / math.sqrt(2 * math.pi)
    mass = 0.5 * math.erfc(-t / math.sqrt(2))
    if eps == 0.0 and t < -30.0:
        ratio = -t * (1 + 1 / (t * t))
    else:
        ratio = (1 - 2 * eps) * density / (eps + (1 - 2 * eps) * mass)
    beta = (ratio * ratio + t * ratio) / s2
    left = 1 - s2 * beta
    if beta <= 0.0 or left <= 1e-14:
        return 0.0, 0.0
    return beta / left, (ratio / s + m * beta) / left


@numba.njit(cache=True, error_model="numpy")
def _visit(
    V: Floats, tau: Floats, nu: Floats, mu: Floats, S: Floats, eps: float, damping: float, first: int
) -> None:
    """Visit sites ``first`` to the last once, each with a rank-one update of mean and covariance."""
    size = len(mu)
    a = np.empty(size)
    for i in range(first, len(V)):
        v = V[i]
        var = mean = 0.0
        for r in range(size):
            total = 0.0
            for c in range(size):
                total += S[r, c] * v[c]
            a[r] = total
            var += v[r] * total
            mean += v[r] * mu[r]
        if not var > 0.0:
            continue
        precision = 1 / var - tau[i]
        if precision <= 1e-12 / var:
            continue
        s2 = 1 / precision
        tau_new, nu_new = _one_site(s2 * (mean / var - nu[i]), s2, eps)
        d_tau, d_nu = damping * (tau_new - tau[i]), damping * (nu_new - nu[i])
        if 1 + d_tau * var <= 1e-12:
            continue
        scale = d_tau / (1 + d_tau * var)
        step = (d_nu - d_tau * mean) / (1 + d_tau * var)
        for r in range(size):
            mu[r] += step * a[r]
            for c in range(size):
                S[r, c] -= scale * a[r] * a[c]
        tau[i] += d_tau
        nu[i] += d_nu


@dataclass
class Posterior:
    """A Gaussian over weights ``(p,)`` after answers, each a vector ``v`` with ``v . w > 0``.

    Parameters
    ----------
    size
        The number of weights; the prior is standard normal.
    noise
        The share of answers that are flipped at random; 0 for a victim without noise.

    Examples
    --------
    >>> posterior = Posterior(2)
    >>> posterior.add(np.array([[1.0, 0.0], [0.0, 1.0]]))
    >>> bool((posterior.mu > 0).all())
    True
    """

    size: int
    noise: float = 0.0
    mu: Floats = field(init=False)
    _sites: Floats = field(init=False, repr=False)
    _cov: Floats = field(init=False, repr=False)
    _tau: Floats = field(init=False, repr=False)
    _nu: Floats = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._sites, self.mu, self._cov = np.empty((0, self.size)), np.zeros(self.size), np.eye(self.size)
        self._tau, self._nu = np.empty(0), np.empty(0)

    @property
    def V(self) -> Floats:
        """The half-spaces taken in ``(m, p)``."""
        return self._sites

    @property
    def S(self) -> Floats:
        """The covariance ``(p, p)``."""
        return self._cov

    def add(self, V: Floats) -> None:
        """Take in half-spaces ``V`` (m, p) by one update each."""
        first = len(self._sites)
        self._sites = np.ascontiguousarray(np.concatenate([self.V, V]))
        self._tau, self._nu = np.append(self._tau, np.zeros(len(V))), np.append(self._nu, np.zeros(len(V)))
        _visit(self.V, self._tau, self._nu, self.mu, self.S, self.noise, 1.0, first)

    def sweep(self, times: int = 2, damping: float = 0.9) -> None:
        """Visit every site again; undone if, without noise, the mean no longer gives every answer it gave.

        A posterior that has shrunk to rounding would otherwise flip its sign.
        """
        before = self.mu.copy(), self.S.copy(), self._tau.copy(), self._nu.copy()
        kept = self.wrong()
        for _ in range(times):
            _visit(self.V, self._tau, self._nu, self.mu, self.S, self.noise, damping, 0)
            self._cov = (self._cov + self._cov.T) / 2
        if (
            not np.isfinite(self.mu).all()
            or (np.diag(self.S) <= 0).any()
            or self.wrong() > kept + self._slack()
        ):
            self.mu, self._cov, self._tau, self._nu = before

    def wrong(self) -> int:
        """Return how many answers the mean does not give."""
        return int(np.sum(self.V @ self.mu <= 0))

    def left_out(self) -> Floats:
        """Return the log-probability of each answer by the posterior without it: leave-one-out evidence ``(m,)``."""
        from scipy.stats import norm

        var = np.einsum("ij,jk,ik->i", self.V, self.S, self.V)
        precision = np.maximum(1 / var - self._tau, 1e-12 / var)
        mean = ((self.V @ self.mu) / var - self._nu) / precision
        mass = np.asarray(norm.cdf(mean * np.sqrt(precision)))
        return np.log(np.maximum(self.noise + (1 - 2 * self.noise) * mass, 1e-12))

    def _slack(self) -> int:
        return int(self.noise * len(self.V) * 2)
