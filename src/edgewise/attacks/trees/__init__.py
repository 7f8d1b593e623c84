"""Exact attacks on trees, forests and boosting; docs/trees.md explains the algorithm."""
