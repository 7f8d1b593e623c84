"""Load a data set by name."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from edgewise.data.dataset import Dataset
from edgewise.data.names import DATASETS
from edgewise.randomness import Rng, seed_of
from edgewise.registry import lookup


def load(name: str, *, rng: Rng = None, data_home: str | Path | None = None, **settings: object) -> Dataset:
    """Return a data set: train, held-out and test part, box, class names and provenance.

    Parameters
    ----------
    name
        A row of `DATASETS`.
    rng
        Seed or generator; the same seed gives the same split, whatever source the rows came from. None draws a
        fresh seed; the result carries it.
    data_home
        A folder with the canonical files, flat or in their usual sub-folders; by default the one that
        ``$EDGEWISE_DATA`` names. What is not there is looked for in the cache, then fetched.
    **settings
        Those of the row, such as ``train=500`` or ``reading="source"``.

    Returns
    -------
    Dataset
        Its parts, with the box, the names of the classes and where it is from.

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
    seed = seed_of(rng)
    return replace(lookup(DATASETS, name, "data set").make(**settings)(seed, data_home), seed=seed)
