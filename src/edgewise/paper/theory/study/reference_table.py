"""The published table of the theory page (§6.3) that its text specifies fully, to be reproduced.

Rows whose every setting is stated: the ridge with k-NN, Epanechnikov NW, linear kernel ridge, and the areas
of 1-NN and n^(2/(2+d))-NN. Left out are the wave (its curve is not stated) and Matérn ridge (neither is its
length scale). Cells are mean/standard error over 24 seeds: ``risk`` in excess risk x 1000, tuned by the
mean over the page's grid for each law; ``area`` of the correct set under the uniform law; ``mass`` under
μ_β.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from importlib import resources

import numpy as np


LAWS = ((0.0, 0.0), (0.25, 0.0), (0.5, 0.0), (0.75, 0.0), (0.9, 0.0), (1.0, 0.05), (2.0, 0.05), (4.0, 0.05))
"""The (β, τ) of the columns."""

DRAW_SEED = 2026
"""Seed of the draw of cells to reproduce, fixed before any was looked at."""


@dataclass(frozen=True)
class Published:
    """One cell: ridge with a = 4 in ``dim`` dimensions, with its mean, standard error and rounding unit."""

    measure: str
    dim: int
    labels: str
    n: int
    learner: str
    beta: float
    tau: float
    mean: float
    error: float

    @property
    def unit(self) -> float:
        """Half the last printed digit."""
        return 0.005 if self.measure == "risk" else 0.00005


def cells() -> list[Published]:
    """Return all cells of ``reference_table.csv`` with a printed error above 0: the others cannot fail.

    Examples
    --------
    >>> len(cells()) > 300
    True
    """
    text = (
        resources.files("edgewise.paper.theory.study")
        .joinpath("reference_table.csv")
        .read_text(encoding="utf-8")
    )
    out: list[Published] = []
    for measure, dim, labels, n, learner, *figures in list(csv.reader(text.splitlines()))[1:]:
        for (beta, tau), figure in zip(LAWS, figures, strict=True):
            mean, error = (float(part) for part in figure.split("/"))
            if error > 0:
                out.append(Published(measure, int(dim), labels, int(n), learner, beta, tau, mean, error))
    return out


def drawn(count: int = 20, seed: int = DRAW_SEED) -> list[Published]:
    """Return ``count`` cells drawn at random without replacement.

    Examples
    --------
    >>> len({str(cell) for cell in drawn()})
    20
    """
    population = cells()
    chosen = np.random.default_rng(seed).choice(len(population), count, replace=False)
    return [population[i] for i in sorted(chosen)]
