"""Boxes still to search: a heap by bound over slots that are used again."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from edgewise.attacks.trees.kernels.compiling import INNER, Reals, Wholes


class Nodes(NamedTuple):
    """Open boxes: a heap of slots by key, the slots' bounds, and the slots that are free again.

    ``size``: boxes in the heap, slots ever used, slots free, nodes evaluated.
    """

    heap: Wholes
    key: Reals
    low: Wholes
    high: Wholes
    free: Wholes
    size: Wholes


@njit(**INNER)
def insert(nodes: Nodes, slot: int) -> None:
    """Put a slot on the heap."""
    at = nodes.size[0]
    nodes.size[0] += 1
    while at > 0:
        parent = (at - 1) // 2
        if nodes.key[nodes.heap[parent]] <= nodes.key[slot]:
            break
        nodes.heap[at] = nodes.heap[parent]
        at = parent
    nodes.heap[at] = slot


@njit(**INNER)
def take(nodes: Nodes) -> int:
    """Take the slot with the least key off the heap."""
    top = nodes.heap[0]
    nodes.size[0] -= 1
    count = nodes.size[0]
    if count > 0:
        slot, at = nodes.heap[count], 0
        while True:
            child = 2 * at + 1
            if child >= count:
                break
            if child + 1 < count and nodes.key[nodes.heap[child + 1]] < nodes.key[nodes.heap[child]]:
                child += 1
            if nodes.key[nodes.heap[child]] >= nodes.key[slot]:
                break
            nodes.heap[at] = nodes.heap[child]
            at = child
        nodes.heap[at] = slot
    return top


@njit(**INNER)
def release(nodes: Nodes, slot: int) -> None:
    """Let a slot be used again."""
    nodes.free[nodes.size[2]] = slot
    nodes.size[2] += 1


@njit(**INNER)
def acquire(nodes: Nodes) -> int:
    """Return a free slot."""
    if nodes.size[2] > 0:
        nodes.size[2] -= 1
        return nodes.free[nodes.size[2]]
    nodes.size[1] += 1
    return nodes.size[1] - 1


def empty_nodes(slots: int, features: int) -> Nodes:
    """Return room for so many open boxes."""
    return Nodes(
        np.zeros(slots, np.int32),
        np.zeros(slots),
        np.zeros((slots, features), np.int32),
        np.zeros((slots, features), np.int32),
        np.zeros(slots, np.int32),
        np.zeros(4, np.int64),
    )


def grown(nodes: Nodes) -> Nodes:
    """Return the same boxes with twice the room."""
    more = empty_nodes(2 * len(nodes.key), nodes.low.shape[1])
    for old, new in zip(nodes, more, strict=True):
        new[: len(old)] = old
    return more
