"""What is picked from: pools in memory, in files and in shards."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgewise.importing import lazily


if TYPE_CHECKING:
    from edgewise.pools.pool import Pool as Pool
    from edgewise.pools.shards import Shards as Shards

if not TYPE_CHECKING:  # an editor sees the imports above, and a misspelt name
    __getattr__, __dir__ = lazily(
        __name__, {"Pool": "edgewise.pools.pool", "Shards": "edgewise.pools.shards"}
    )
