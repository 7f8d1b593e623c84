"""Small tables of measurements: Abalone, Cancer, Australian, Covertype.

Features are mapped to [0, 1] by the training part's range; other parts may fall a little
outside, which is why these sets have no box.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np

from edgewise.arrays import Floats, InputError, Labels
from edgewise.data.dataset import Dataset
from edgewise.data.files import Source
from edgewise.data.files import rows as rows_of
from edgewise.data.splitting import Sizes, min_max, parts, take
from edgewise.data.table_files import ABALONE, AUSTRALIAN, CANCER, COVTYPE, SEXES, UCI


LICENCE = "CC BY 4.0"


class _About(NamedTuple):
    """What a table is called, what its labels 0 and 1 mean, and where it is from."""

    name: str
    classes: tuple[str, ...]
    source: str
    notes: tuple[str, ...]


def _table(about: _About, X: Floats, y: Labels, sizes: Sizes, seed: int) -> Dataset:
    """Split a table, scale it by its training part, and say so."""
    chosen = parts(len(X), sizes, seed, about.name)
    train, held_out, test = min_max(*(take(X, y.astype(np.int64), rows) for rows in chosen))
    return Dataset(
        about.name,
        train,
        held_out,
        test,
        None,
        about.classes,
        about.source,
        LICENCE,
        notes=(
            *about.notes,
            "each feature min-max scaled to [0, 1] on the training part; no clipping, so no box",
        ),
    )


@dataclass(frozen=True)
class Abalone:
    """Abalone: whether the animal is older than eleven years, from its size and weight.

    The default is the paper's own words, "age greater than eleven", for all animals and 8 features. UCI
    gives age = rings + 1.5 years, so age > 11 means rings >= 10 (2081 of 4177 animals: balanced, as the
    paper's accuracies near 0.5 for kernel ridge suggest). The study whose region attacks the paper builds on
    reads it otherwise: females only, rings >= 11 (635 of 1307), and the 7 features other than sex.
    Neither gives the paper's 1-NN accuracy of 66.5 %: over 40 splits the first has 71 %, the second 62 %.

    Parameters
    ----------
    train, held_out, test
        Rows of each part; the paper's Table 1, its 600 "adversary" points read as train + 100 held out.
    reading
        ``"paper"`` or ``"source"``. Eight features force the sex into one number: infant 0, female 1,
        male 2, before scaling.
    """

    train: int = 500
    held_out: int = 100
    test: int = 200
    reading: Literal["paper", "source"] = "paper"

    def __call__(self, seed: int, data_home: str | Path | None = None) -> Dataset:
        """Return the data set of this seed."""
        if self.reading not in ("paper", "source"):
            raise InputError(f"reading must be 'paper' or 'source'; got {self.reading!r}.")
        sizes = Sizes(self.train, self.held_out, self.test)
        table = rows_of(ABALONE, data_home)
        if self.reading == "paper":
            return _table(_OLDER, table[:, :8], table[:, 8] >= 10, sizes, seed)
        females = table[table[:, 0] == SEXES["F"]]
        return _table(_FEMALES, females[:, 1:8], females[:, 8] >= 11, sizes, seed)


_OLDER = _About(
    "abalone",
    ("11 years or less", "over 11 years"),
    f"{UCI}, Abalone (1995)",
    (
        "all animals, 8 features, sex as infant 0, female 1, male 2",
        "label 1: age = rings + 1.5 > 11 years, that is rings >= 10",
    ),
)
_FEMALES = _About(
    "abalone",
    ("10 rings or fewer", "11 rings or more"),
    f"{UCI}, Abalone (1995)",
    ("females only, 7 features without sex", "label 1: rings >= 11"),
)


def _larger(source: Source, data_home: str | Path | None) -> tuple[Floats, Labels]:
    """Return the features and the truth of the larger label."""
    table = rows_of(source, data_home)
    return table[:, :-1], table[:, -1] == table[:, -1].max()


@dataclass(frozen=True)
class Cancer:
    """Breast Cancer Wisconsin (original): benign or malignant, from 9 grades between 1 and 10.

    The 16 samples with a missing grade and the id column are left out: 444 benign, 239 malignant. The paper
    names the set without sizes; 300 training points and the 100 held out of its other small sets are used.

    Parameters
    ----------
    train, held_out, test
        Rows of each part.
    """

    train: int = 300
    held_out: int = 100
    test: int = 200

    def __call__(self, seed: int, data_home: str | Path | None = None) -> Dataset:
        """Return the data set of this seed."""
        X, y = _larger(CANCER, data_home)
        about = _About(
            "cancer",
            ("benign", "malignant"),
            f"{UCI}, Breast Cancer Wisconsin (original)",
            ("the sample id column and rows with a missing value are left out",),
        )
        return _table(about, X, y, Sizes(self.train, self.held_out, self.test), seed)


@dataclass(frozen=True)
class Australian:
    """Australian credit approval (Statlog): 14 anonymous features, classes ``-`` (383) and ``+`` (307).

    The paper names the set without sizes; those of `Cancer` are used.

    Parameters
    ----------
    train, held_out, test
        Rows of each part.
    """

    train: int = 300
    held_out: int = 100
    test: int = 200

    def __call__(self, seed: int, data_home: str | Path | None = None) -> Dataset:
        """Return the data set of this seed."""
        X, y = _larger(AUSTRALIAN, data_home)
        about = _About(
            "australian",
            ("-", "+"),
            f"{UCI}, Statlog (Australian Credit Approval)",
            ("categories keep the numbers of the source",),
        )
        return _table(about, X, y, Sizes(self.train, self.held_out, self.test), seed)


@dataclass(frozen=True)
class Covtype:
    """Forest cover: lodgepole pine (cover type 2) against the six other types, from 54 features.

    From files: a random subset of 10,000 rows (4870 of type 2). Fetched: all 581,012 rows of UCI, of which
    the split takes its own; the notes say which it was, since their figures differ.

    Parameters
    ----------
    train, held_out, test
        Rows of each part; the paper names the set without sizes.
    """

    train: int = 2000
    held_out: int = 100
    test: int = 1000

    def __call__(self, seed: int, data_home: str | Path | None = None) -> Dataset:
        """Return the data set of this seed."""
        X, y = _larger(COVTYPE, data_home)
        about = _About(
            "covtype",
            ("other", "lodgepole pine"),
            f"{UCI}, Covertype",
            ("label 1: cover type 2; label 0: any other", f"drawn from {len(X):,} rows"),
        )
        return _table(about, X, y, Sizes(self.train, self.held_out, self.test), seed)
