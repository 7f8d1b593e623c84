"""The region attacks: the nearest point of another class's region, exactly and with a proof.

`RegionExact` and `RegionApprox` are attacks; `find` over a `RegionIndex` is the engine without a model.
"""

from __future__ import annotations

from edgewise.attacks.region.attack import RegionApprox, RegionExact
from edgewise.attacks.region.batch import Nearest, find
from edgewise.attacks.region.index import RegionIndex


__all__ = ["Nearest", "RegionApprox", "RegionExact", "RegionIndex", "find"]
