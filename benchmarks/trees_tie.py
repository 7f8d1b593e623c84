"""The Australian row of RF 100x10 on which Veritas and `trees` disagree: who is right?

    EDGEWISE_DATA=... python benchmarks/trees_tie.py

A mixed-integer program (HiGHS) maximises the lead of the other class within a radius, over all leaves and all
thresholds of the forest; nothing of the search of `trees` is used, only its rule for float32 thresholds.
"""

from itertools import pairwise

import numpy as np
import trees
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_matrix

import edgewise as ew
from edgewise.attacks.trees.ensemble import float32_wall


ROW = 8


def leaves_within(model, low, high):
    """Every leaf that the box meets: its tree, its path of (feature, wall, goes left), and P1 - P0."""

    def walk(tree, wall, node, path, low, high):
        if tree.children_left[node] < 0:
            yield path, tree.value[node, 0, 1] - tree.value[node, 0, 0]
            return
        f, last = int(tree.feature[node]), wall[node]
        if low[f] <= last:
            left = np.where(np.arange(len(high)) == f, np.minimum(high, last), high)
            yield from walk(tree, wall, tree.children_left[node], (*path, (f, last, True)), low, left)
        first = np.nextafter(last, np.inf)
        if high[f] >= first:
            right = np.where(np.arange(len(low)) == f, np.maximum(low, first), low)
            yield from walk(tree, wall, tree.children_right[node], (*path, (f, last, False)), right, high)

    for t, each in enumerate(model.estimators_):
        for path, lead in walk(each.tree_, float32_wall(each.tree_.threshold), 0, (), low, high):
            yield t, path, lead


def greatest_lead(model, x, radius):
    """Return the greatest P1 - P0, summed over the trees, of a point of [0, 1] within ``radius`` of ``x``."""
    low, high = np.maximum(x - radius, 0), np.minimum(x + radius, 1)
    leaves = list(leaves_within(model, low, high))
    walls = sorted({(f, wall) for _, path, _ in leaves for f, wall, _ in path if low[f] <= wall < high[f]})
    number, first = {wall: i for i, wall in enumerate(walls)}, len(walls)
    rows, most, least = [], [], []

    def add(entries, a, b):
        rows.append(entries)
        least.append(a)
        most.append(b)

    for one, other in pairwise(walls):
        if one[0] == other[0]:
            add([(number[one], 1), (number[other], -1)], -np.inf, 0)
    for t in range(len(model.estimators_)):
        add([(first + k, 1) for k, leaf in enumerate(leaves) if leaf[0] == t], 1, 1)
    for k, (_, path, _) in enumerate(leaves):
        for f, wall, left in path:
            if (f, wall) in number:
                side = [(first + k, 1), (number[f, wall], -1 if left else 1)]
                add(side, -np.inf, 0 if left else 1)
    cells = [(r, c, value) for r, row in enumerate(rows) for c, value in row]
    r, c, values = zip(*cells, strict=True)
    size = first + len(leaves)
    done = milp(
        np.concatenate([np.zeros(first), [-lead for _, _, lead in leaves]]),
        constraints=LinearConstraint(csr_matrix((values, (r, c)), (len(rows), size)), least, most),
        integrality=np.arange(size) < first,
        bounds=Bounds(0, 1),
    )
    return -done.fun


def main():
    X, y, Q = trees.table("australian")
    model = trees.MODELS["RF 100x10"]().fit(X, np.searchsorted(np.unique(y), y))
    radius = ew.radius(model, Q[ROW : ROW + 1], box=(0, 1), norm=np.inf).distance[0]
    print(f"ours: {radius:.12f}")
    for scale in (0.9700, 1 - 1e-6, 1 + 1e-6):
        lead = greatest_lead(model, Q[ROW], radius * scale)
        print(
            f"within {scale:.6f} of that the greatest P1 - P0 of 100 trees is {lead:.3g} (class 1 needs above 0)"
        )


if __name__ == "__main__":
    main()
