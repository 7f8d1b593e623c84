"""The study's cells: what is run, at which settings, in full and in quick form."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import product
from typing import TypeAlias

from edgewise.arrays import Values, check_count
from edgewise.paper.theory.study.reference_table import LAWS, drawn
from edgewise.store import Cell


SLAB = (4.0, 0.2)
CAPPED = ((0.0, 0.0), (1.0, 0.05), (2.0, 0.05))
PICTURE_LAWS = ((0.0, 0.0), (0.5, 0.0), (2.0, 0.05))
KS_LAWS = (
    ("ridge", 1, 0.9, 0.0),
    ("ridge", 1, 0.5, 0.0),
    ("ridge", 1, 4.0, 0.05),
    ("ridge", 2, 0.75, 0.0),
    ("ridge", 2, 1.0, 0.05),
    ("ridge", 5, 0.25, 0.0),
    ("ball", 2, 0.5, 0.0),
    ("ball", 3, 0.75, 0.0),
    ("ball", 5, 2.0, 0.05),
    ("wave", 2, 0.25, 0.0),
    ("wave", 2, 0.75, 0.0),
    ("wave", 2, 2.0, 0.05),
    ("ridge-linear", 1, 0.75, 0.0),
    ("ridge-linear", 2, 1.0, 0.1),
)


def knn_grid(n: int, d: int) -> list[int]:
    """Return the k of the published table: 1, log n, n^(2/(2+d)).

    Examples
    --------
    >>> knn_grid(5000, 2)
    [1, 9, 71]
    """
    return [1, max(1, round(math.log(n))), math.ceil(n ** (2 / (2 + d)))]


def bandwidths(n: int, d: int) -> list[float]:
    """Return the h of the published table: {1/2, 1, 2} √d n^(-1/(d+2))."""
    return [c * math.sqrt(d) * n ** (-1 / (d + 2)) for c in (0.5, 1.0, 2.0)]


def study(*, quick: bool = False, seeds: int | None = None) -> list[Cell]:
    """Return every cell of the study.

    Parameters
    ----------
    quick
        Fewer settings and four seeds: every part runs, in about a minute on 2 cores.
    seeds
        Seeds of each setting; 20 in full, 4 in quick form unless given.

    Raises
    ------
    InputError
        ``seeds`` below 2: an error bar needs two.

    Examples
    --------
    >>> len({cell.settings["problem"] for cell in study() if cell.what == "theory-guarantee"})
    1
    """
    count = check_count((4 if quick else 20) if seeds is None else seeds, "seeds", low=2)
    parts = (
        _sampler(quick),
        _regions(quick),
        _exponents(quick),
        _cure(quick),
        _guarantees(quick),
        _risks(quick),
        _designs(quick),
    )
    cells = [
        Cell(what, settings, seed)
        for part in parts
        for what, settings in part
        for seed in range(1 if what == "theory-sampler" else count)
    ]
    return _published(24 if not quick else count, 20 if not quick else 4) + cells


Part: TypeAlias = Iterator[tuple[str, Values]]


def _setting(
    problem: str,
    d: int,
    a: float,
    n: int,
    law: tuple[float, float],
    labels: str,
    learner: str,
    **more: object,
) -> Values:
    return {
        "problem": problem,
        "d": d,
        "a": a,
        "n": n,
        "beta": float(law[0]),
        "tau": float(law[1]),
        "labels": labels,
        "learner": learner,
        **more,
    }


def _sampler(quick: bool) -> Part:
    for problem, d, beta, tau in KS_LAWS:
        yield (
            "theory-sampler",
            {
                "problem": problem,
                "d": d,
                "a": 1.0 if problem == "ridge-linear" else 4.0,
                "beta": beta,
                "tau": tau,
                "n": 20_000 if quick else 100_000,
            },
        )


def _regions(quick: bool) -> Part:
    for labels in ("clean", "noisy"):
        for law in PICTURE_LAWS:
            yield (
                "theory-region",
                _setting(
                    "wave", 2, 8.0, 1000 if quick else 4000, law, labels, "knn", side=41 if quick else 101
                ),
            )


def _exponents(quick: bool) -> Part:
    clean = (100, 400, 1600) if quick else (100, 200, 400, 800, 1600, 3200, 6400)
    noisy = (100, 400) if quick else (100, 400, 1600, 6400)
    for d in (1, 2):
        for beta in (0.0, 0.25, 0.5, 0.75):
            for n in clean:
                yield "theory-exponent", _setting("ridge", d, 4.0, n, (beta, 0), "clean", "knn")
            for n in noisy:
                yield "theory-exponent", _setting("ridge-linear", d, 1.0, n, (beta, 0), "noisy", "knn")
            for learner, most in (("nw-epan", 6400), ("krr-matern32", 1600)):
                for n in (n for n in noisy if n <= most):
                    yield "theory-exponent", _setting("ridge-linear", d, 1.0, n, (beta, 0), "noisy", learner)


def _cure(quick: bool) -> Part:
    schemes = (
        ("pure", (0.0, 0.0)),
        ("pure", (0.5, 0.0)),
        ("pure", (0.75, 0.0)),
        ("pure", SLAB),
        ("half", SLAB),
    )
    for scheme, law in schemes:
        for learner in ("knn", "knn-weighted", "nw-epan", "nw-epan-weighted", "local-linear"):
            yield (
                "theory-cure",
                _setting("wave", 2, 8.0, 400 if quick else 1600, law, "noisy", learner, scheme=scheme),
            )


def _guarantees(quick: bool) -> Part:
    sizes = (200,) if quick else (200, 1000, 5000)
    laws = LAWS[::3] if quick else LAWS
    for d, a, n in product((1, 2) if quick else (1, 2, 5), (4.0, 12.0), sizes):
        for law, labels, learner in product(laws, ("clean", "noisy"), ("knn", "nw-box")):
            yield "theory-guarantee", _setting("ridge", d, a, n, law, labels, learner)


def _risks(quick: bool) -> Part:
    problems = (
        ("ridge", 1, 4.0, 200),
        ("ridge", 2, 4.0, 1000),
        ("wave", 2, 8.0, 1000),
        ("ridge", 5, 4.0, 1000),
    )
    learners = ("knn", "knn-weighted", "nw-epan", "krr-matern32", "local-linear")
    for problem, d, a, n in problems[:2] if quick else problems:
        for law, labels, learner in product(LAWS[::2] if quick else LAWS, ("clean", "noisy"), learners):
            if d == 5 and learner == "local-linear":
                continue
            yield "theory-risk", _setting(problem, d, a, min(n, 200) if quick else n, law, labels, learner)


def _designs(quick: bool) -> Part:
    problems = (
        ("ridge", 1),
        ("ridge", 2),
        ("ball", 2),
        ("wave", 2),
        ("islands", 2),
        ("moons", 2),
        ("rkhs", 2),
    )
    for problem, d in problems[:2] if quick else problems:
        for law, learner in product(CAPPED, ("knn", "krr-matern32", "krr-rbf")):
            yield "theory-design", _setting(problem, d, 8.0, 100 if quick else 400, law, "noisy", learner)


def _published(seeds: int, count: int) -> list[Cell]:
    return [
        Cell(
            "theory-published",
            _setting("ridge", p.dim, 4.0, p.n, (p.beta, p.tau), p.labels, p.learner, measure=p.measure),
            seed,
        )
        for p in drawn(20)[:count]
        for seed in range(seeds)
    ]
