"""Strategies: which rows of a pool to label next. `STRATEGIES` lists those that have a name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgewise.importing import lazily
from edgewise.registry import classes
from edgewise.strategies.names import STRATEGIES as STRATEGIES
from edgewise.strategies.names import StrategyName as StrategyName


if TYPE_CHECKING:
    from edgewise.strategies.adversarial import Dfal as Dfal
    from edgewise.strategies.adversarial import MaxConfidence as MaxConfidence
    from edgewise.strategies.bald import Bald as Bald
    from edgewise.strategies.clusters import Stratified as Stratified
    from edgewise.strategies.clusters import Typical as Typical
    from edgewise.strategies.density import DensityMargin as DensityMargin
    from edgewise.strategies.diversity import Badge as Badge
    from edgewise.strategies.diversity import CoreSet as CoreSet
    from edgewise.strategies.edge_mix import EdgeMix as EdgeMix
    from edgewise.strategies.frame import Created as Created
    from edgewise.strategies.frame import NoModelError as NoModelError
    from edgewise.strategies.frame import Query as Query
    from edgewise.strategies.frame import Request as Request
    from edgewise.strategies.frame import Strategy as Strategy
    from edgewise.strategies.herding import Herding as Herding
    from edgewise.strategies.probcover import ProbCover as ProbCover
    from edgewise.strategies.selecting import query as query
    from edgewise.strategies.sharded.query import ShardQuery as ShardQuery
    from edgewise.strategies.sharded.query import query_shards as query_shards
    from edgewise.strategies.typical_then_margin import TypicalThenMargin as TypicalThenMargin
    from edgewise.strategies.uncertainty import Entropy as Entropy
    from edgewise.strategies.uncertainty import LeastConfidence as LeastConfidence
    from edgewise.strategies.uncertainty import Margin as Margin
    from edgewise.strategies.uncertainty import Random as Random

_FRAME = dict.fromkeys(
    ("Created", "NoModelError", "Query", "Request", "Strategy"), "edgewise.strategies.frame"
)
_SHARDED = dict.fromkeys(("ShardQuery", "query_shards"), "edgewise.strategies.sharded.query")
if not TYPE_CHECKING:  # an editor sees the imports above, and a misspelt name
    __getattr__, __dir__ = lazily(
        __name__, {**classes(STRATEGIES), **_FRAME, **_SHARDED, "query": "edgewise.strategies.selecting"}
    )
