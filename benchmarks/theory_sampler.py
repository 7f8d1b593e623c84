"""Draws per second of the exact sampler of μ_β, one thread: ``python benchmarks/theory_sampler.py``."""

import platform
import time

import numpy as np
import scipy

from edgewise.paper.theory import Ball, BoundaryDensity, HalfMoons, Islands, Ridge, RkhsExact, Wave


DRAWS = 1_000_000
CASES = [
    (Ridge(1), 0.9, 0.0),
    (Ridge(1), 4.0, 0.05),
    (Ridge(2), 0.5, 0.0),
    (Ridge(5), 0.75, 0.0),
    (Ball(2), 0.5, 0.0),
    (Ball(5), 2.0, 0.05),
    (Wave(), 0.75, 0.0),
]
CELLS = [(RkhsExact(), 0.5, 0.0), (Islands(), 0.5, 0.0), (Islands(), 2.0, 0.05), (HalfMoons(), 1.0, 0.05)]


def rate(law: BoundaryDensity, draws: int) -> float:
    rng = np.random.default_rng(0)
    law.sample(1000, rng)
    seconds = []
    for _ in range(3):
        start = time.perf_counter()
        law.sample(draws, rng)
        seconds.append(time.perf_counter() - start)
    return draws / min(seconds)


def main() -> None:
    print(
        f"Python {platform.python_version()}, NumPy {np.__version__}, SciPy {scipy.__version__}, "
        f"{platform.machine()}"
    )
    for problem, beta, tau in CASES:
        law = BoundaryDensity(problem, beta, tau)
        print(
            f"{problem.name:24s} {law.label:16s} {rate(law, DRAWS) / 1e6:6.2f} million draws/s (inverse CDF)"
        )
    for problem, beta, tau in CELLS:
        law = BoundaryDensity(problem, beta, tau)
        print(f"{problem.name:24s} {law.label:16s} {rate(law, 5000) / 1e6:6.3f} million draws/s (cells)")


if __name__ == "__main__":
    main()
