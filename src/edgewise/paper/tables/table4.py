"""Table 4: 1-NN trained with gradient attacks on a shallow network."""

from __future__ import annotations

from edgewise.paper.tables.transfer import Transferred


def table4() -> Transferred:
    """Return Table 4: 1-NN shadows by budget."""
    return Transferred("table4", "1-NN trained with gradient attacks on a shallow network", ("1-nn",))
