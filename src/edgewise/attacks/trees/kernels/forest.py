"""An ensemble as kernels see it: its nodes in cell numbers, and the class of a vector of cells."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit

from edgewise.arrays import Mask
from edgewise.attacks.trees.kernels.compiling import BLOCK, INNER, LISTING, Reals, Wholes, dated


class Forest(NamedTuple):
    """Nodes of all trees in one row; ``feature`` is -1 in a leaf, whose row of ``value`` is ``cut``.

    A numeric node sends cells up to ``cut`` left. In a categorical one ``cut`` is ``-1 - row of sets``.
    """

    root: Wholes
    feature: Wholes
    cut: Wholes
    left: Wholes
    right: Wholes
    missing_left: Mask
    value: Reals
    sets: Mask
    init: Reals
    group_end: Wholes
    group_rule: Reals
    rule: Reals


@njit(**INNER)
def goes_left(forest: Forest, node: int, cell: int) -> bool:
    """Say whether a node sends ``cell`` left; -1 is a missing value."""
    if cell < 0:
        return forest.missing_left[node]
    cut = forest.cut[node]
    if cut >= 0:
        return cell <= cut
    row = -1 - cut
    return cell < forest.sets.shape[1] and forest.sets[row, cell]


@njit(**INNER)
def leaf_at(forest: Forest, tree: int, z: Wholes) -> int:
    """Return the number of the leaf of a tree that cells ``z`` (d,) lie in."""
    node = forest.root[tree]
    while forest.feature[node] >= 0:
        left = goes_left(forest, node, z[forest.feature[node]])
        node = forest.left[node] if left else forest.right[node]
    return forest.cut[node]


@njit(**INNER)
def add_up(forest: Forest, z: Wholes, sums: Reals) -> None:
    """Add up the scores at cells ``z`` (d,) into ``sums[0]``, in the model's own order; ``sums[1]`` is scratch."""
    columns = forest.init.shape[0]
    single = forest.rule[0] != 0.0
    for c in range(columns):
        sums[0, c] = 0.0
    tree = 0
    for g in range(forest.group_end.shape[0]):
        for c in range(columns):
            sums[1, c] = forest.init[c]
        while tree < forest.group_end[g]:
            leaf = leaf_at(forest, tree, z)
            for c in range(columns):
                added = sums[1, c] + forest.value[leaf, c]
                sums[1, c] = np.float64(np.float32(added)) if single else added
            tree += 1
        for c in range(columns):
            sums[0, c] += sums[1, c] / forest.group_rule[g, 0] * forest.group_rule[g, 1]
    for c in range(columns):
        sums[0, c] /= forest.rule[1]


@njit(**INNER)
def crosses(forest: Forest, z: Wholes, own: int, strict: float, sums: Reals) -> bool:
    """Say whether the model labels cells ``z`` otherwise than ``own``.

    With ``strict`` above 0 the winner has to lead by that much. ``sums`` (2, c) is scratch.
    """
    add_up(forest, z, sums)
    if sums.shape[1] == 1:
        score = sums[0, 0]
        return score > forest.rule[2] + strict if own == 0 else score <= forest.rule[2] - strict
    mine = sums[0, own]
    for c in range(sums.shape[1]):
        lead = sums[0, c] - mine
        if c != own and (lead >= strict if c < own or strict > 0 else lead > 0):
            return True
    return False


@njit(**BLOCK)
def winners(forest: Forest, Z: Wholes, sums: Reals, own: Wholes, ahead: Reals) -> None:
    """Write the class at each row of cells ``Z`` (n, d), and how far it is ahead of the next."""
    for row in range(Z.shape[0]):
        add_up(forest, Z[row], sums)
        if sums.shape[1] == 1:
            lead = sums[0, 0] - forest.rule[2]
            own[row], ahead[row] = int(lead > 0), abs(lead)
            continue
        best = 0
        for c in range(1, sums.shape[1]):
            if sums[0, c] > sums[0, best]:
                best = c
        own[row], ahead[row] = best, np.inf
        for c in range(sums.shape[1]):
            if c != best:
                ahead[row] = min(ahead[row], sums[0, best] - sums[0, c])


@njit(**LISTING)
def sizes(root: Wholes, feature: Wholes, left: Wholes, right: Wholes) -> tuple[int, int]:
    """Return the depth of the deepest tree and the number of conditions of all leaves."""
    depth: Any = np.zeros(feature.shape[0], np.int64)
    deepest, conditions = 0, 0
    for tree in range(root.shape[0]):
        last = root[tree + 1] if tree + 1 < root.shape[0] else feature.shape[0]
        stack = [root[tree]]
        while len(stack) > 0:
            node = stack.pop()
            if feature[node] < 0:
                deepest = max(deepest, depth[node])
                conditions += depth[node]
            else:
                for child in (left[node], right[node]):
                    depth[child] = depth[node] + 1
                    stack.append(child)
        if last < 0:
            break
    return deepest, conditions


dated(sizes)
dated(winners)
