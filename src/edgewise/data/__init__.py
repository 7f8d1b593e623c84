"""Data sets. `DATASETS` lists them, `load` makes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgewise.data.names import DATASETS as DATASETS
from edgewise.importing import lazily
from edgewise.registry import classes


if TYPE_CHECKING:
    from edgewise.data.dataset import Dataset as Dataset
    from edgewise.data.dataset import Split as Split
    from edgewise.data.files import MissingDataError as MissingDataError
    from edgewise.data.loading import load as load

if not TYPE_CHECKING:  # an editor sees the imports above, and a misspelt name
    __getattr__, __dir__ = lazily(
        __name__,
        {
            **classes(DATASETS),
            "Dataset": "edgewise.data.dataset",
            "Split": "edgewise.data.dataset",
            "MissingDataError": "edgewise.data.files",
            "load": "edgewise.data.loading",
        },
    )
