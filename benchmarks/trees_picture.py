"""Draw docs/img/trees-search.svg: two features, the walls, the staircase bound, the ball.

python benchmarks/trees_picture.py
"""

from pathlib import Path

import matplotlib as mpl


mpl.use("svg")

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import Circle
from sklearn.ensemble import GradientBoostingClassifier

import edgewise as ew
from edgewise.attacks import Moves
from edgewise.attacks.trees.compiled import Compiled
from edgewise.attacks.trees.kernels.reduction import reduce
from edgewise.attacks.trees.nearest import Seat, ask


OUT = Path(__file__).parents[1] / "docs" / "img" / "trees-search.svg"
INK, OWN, OTHER, WINNER = "#222222", "#2a6f97", "#c1666b", "#e09f3e"


def problem():
    rng = np.random.default_rng(4)
    X = rng.random((300, 2))
    y = (X[:, 1] > 0.5 + 0.28 * np.sin(6 * X[:, 0])).astype(int)
    model = GradientBoostingClassifier(n_estimators=9, max_depth=3, random_state=0).fit(X, y)
    return model, np.array([[0.25, 0.52]])


def staircases(model, x):
    """What the trees can gain together within each radius, and what they need."""
    known = Compiled.of(model, x.dtype, 2, Moves())
    own = int(known.numbers(model.predict(x))[0])
    seat = Seat.at(known.cells)
    query = ask(known.batch(x, np.array([own]), None, 2), seat, 0)
    cells, needed = known.cells, known.cells.needed(own, 1 - own)
    reduce(cells.forest, seat.table, cells.worth, own, 1 - own, np.inf, False, seat.path, seat.rung)
    rung, table = seat.rung, seat.table
    steps = []
    for t in range(rung.size[0]):
        leaves = []
        for leaf in range(rung.tree[t], rung.tree[t + 1]):
            cost = 0.0
            for k in range(rung.condition[leaf], rung.condition[leaf + 1]):
                a = rung.on[k]
                cell = np.clip(rung.start[a], rung.least[k], rung.most[k])
                cost += table.cost[rung.offset[a] + cell]
            leaves.append((np.sqrt(cost), rung.gain[leaf]))
        steps.append(sorted(leaves))
    radii = np.unique([r for tree in steps for r, _ in tree])
    total = [sum(max(g for r, g in tree if r <= at) for tree in steps) + rung.fixed[0] for at in radii]
    return radii, np.array(total), needed, query.least


def draw():
    model, x = problem()
    adv = ew.attack(model, x, rng=0)
    radius = float(adv.distance[0])
    radii, total, needed, bound = staircases(model, x)
    plt.rcParams.update(
        {"font.size": 9, "svg.hashsalt": "edgewise", "text.color": INK, "axes.labelcolor": INK}
    )
    figure, (plane, steps) = plt.subplots(1, 2, figsize=(9.2, 4.3), gridspec_kw={"width_ratios": [1.1, 1]})
    side = np.linspace(0, 1, 500)
    grid = np.stack(np.meshgrid(side, side), -1).reshape(-1, 2)
    plane.contourf(
        side, side, model.predict(grid).reshape(500, 500), [-0.5, 0.5, 1.5], colors=[OWN, OTHER], alpha=0.25
    )
    for tree in model.estimators_[:, 0]:
        for f, threshold in zip(tree.tree_.feature, tree.tree_.threshold, strict=True):
            if f >= 0:
                (plane.axvline if f == 0 else plane.axhline)(threshold, color=INK, lw=0.4, alpha=0.5)
    plane.add_patch(Circle(x[0], bound, fill=False, ec=INK, ls=":", lw=1.2))
    plane.add_patch(Circle(x[0], 1.7 * bound, fill=False, ec=INK, ls="--", lw=0.8))
    plane.add_patch(Circle(x[0], radius, fill=False, ec=WINNER, lw=1.6))
    plane.annotate("", adv.points[0], x[0], arrowprops={"arrowstyle": "->", "color": WINNER, "lw": 2})
    plane.plot(*x[0], "*", color=INK, ms=11)
    plane.set(xlim=(0, 0.75), ylim=(0.05, 0.8), xlabel="feature 1", ylabel="feature 2", aspect="equal")
    plane.set_title("walls, the ball searched, the nearest change", fontsize=9)
    near = radii <= 0.42
    steps.step(radii[near], total[near], where="post", color=OWN, lw=1.8)
    steps.axhline(needed, color=OTHER, lw=1)
    steps.axvline(bound, color=INK, ls=":", lw=1.2)
    steps.axvline(1.7 * bound, color=INK, ls="--", lw=0.8)
    steps.axvline(radius, color=WINNER, lw=1.6)
    for at, text in ((bound, "bound"), (1.7 * bound, "first rung"), (radius, "distance")):
        steps.text(at + 0.004, steps.get_ylim()[0] + 0.05, text, rotation=90, va="bottom", fontsize=8)
    steps.text(0.3, needed, "needed", va="bottom", color=OTHER, fontsize=8)
    steps.set(xlim=(0, 0.4), xlabel="radius", ylabel="what the trees can gain together")
    steps.set_title("the staircase bound", fontsize=9)
    figure.tight_layout()
    figure.savefig(OUT, metadata={"Date": None})
    print(f"bound {bound:.4f}, distance {radius:.4f}")


if __name__ == "__main__":
    draw()
