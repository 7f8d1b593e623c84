"""Data sets. `DATASETS` lists them, `load` makes them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgewise.registry import Row, lookup


if TYPE_CHECKING:
    from edgewise.data.dataset import Dataset
    from edgewise.randomness import Rng


_SMALL = {"train": 60, "held_out": 10, "test": 20}

DATASETS: Mapping[str, Row] = {
    "halfmoon": Row("edgewise.data.synthetic:Halfmoon", "Table 1; generated", small=_SMALL),
    "abalone": Row("edgewise.data.tables:Abalone", "Table 1; UCI", ("files",), _SMALL),
    "cancer": Row("edgewise.data.tables:Cancer", "section 5.2; UCI", ("files",), _SMALL),
    "australian": Row("edgewise.data.tables:Australian", "section 5.2; UCI", ("files",), _SMALL),
    "covtype": Row("edgewise.data.tables:Covtype", "section 5.2; UCI", ("files",), _SMALL),
    "digits": Row("edgewise.data.images:Digits", "scikit-learn; UCI", small=_SMALL),
    "digits-1v7": Row("edgewise.data.images:Digits1v7", "scikit-learn; UCI", small=_SMALL),
    "mnist-1v7": Row("edgewise.data.images:Mnist1v7", "Table 1", ("files",), _SMALL),
    "mnist": Row("edgewise.data.images:Mnist", "Table 1", ("files",), _SMALL),
    "cifar10": Row("edgewise.data.images:Cifar10", "Table 1", ("files",), _SMALL),
}


def load(name: str, *, rng: Rng, data_home: str | Path | None = None, **settings: Any) -> Dataset:
    """Return a data set: train, held-out and test part, box, class names and provenance.

    Parameters
    ----------
    name
        A row of `DATASETS`.
    rng
        Seed or generator; the same seed gives the same split, whatever source the rows came from.
    data_home
        A folder with the canonical files, flat or in their usual sub-folders; by default the one that
        ``$EDGEWISE_DATA`` names. What is not there is looked for in the cache, then fetched.
    settings
        Those of the row, such as ``train=500`` or ``reading="source"``.

    Raises
    ------
    InputError
        An unknown name or setting, or more rows than there are.
    MissingDataError
        The files are nowhere to be had; an `InputError` too.

    Examples
    --------
    >>> data = load("halfmoon", rng=0, train=100)
    >>> data.train.X.shape, data.test.X.shape
    ((100, 2), (200, 2))
    """
    from edgewise.randomness import seed_of

    return lookup(DATASETS, name, "data set").make(**settings)(seed_of(rng), data_home)
