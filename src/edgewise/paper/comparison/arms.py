"""The strategies that are compared: all of the package at their defaults, and variants that answer a question."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from edgewise.strategies import STRATEGIES
from edgewise.strategies.frame import Strategy
from edgewise.strategies.herding import Herding


ARMS: Mapping[str, Callable[[], Strategy]] = {
    **{name: entry.make for name, entry in STRATEGIES.items()},
    "herding-share-0": lambda: Herding(share=0),
    "herding-distances": lambda: Herding(unit=False),
}
"""``herding-share-0`` draws no uniform rows: what do those cost, where nothing is estimated from them? And
``herding-distances`` never compares directions: what do these gain, where a few rows are near all others?"""
