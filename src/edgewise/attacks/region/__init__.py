"""The region attacks: the nearest point of another class's region, exactly and with a proof."""

from __future__ import annotations

from edgewise.attacks.region.attack import RegionApprox, RegionExact


__all__ = ["RegionApprox", "RegionExact"]
