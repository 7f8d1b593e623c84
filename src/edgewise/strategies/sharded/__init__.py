"""Pools in pieces: many files, scored on any engine, of which the driver keeps only the best rows."""

from edgewise.pools.shards import Shards
from edgewise.strategies.sharded.query import ShardQuery, query_shards


__all__ = ["ShardQuery", "Shards", "query_shards"]
