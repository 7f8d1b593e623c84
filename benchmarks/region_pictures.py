"""Draw docs/img/region-cells.png and docs/img/region-growth.svg.

    python benchmarks/region_pictures.py

The first is computed on the spot; the second from results/benchmarks/region.json.
"""

import json
from pathlib import Path

import matplotlib as mpl


mpl.use("svg")

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import Circle
from scipy.spatial import Voronoi, voronoi_plot_2d

from edgewise.attacks.region import RegionIndex, find


ROOT = Path(__file__).parents[1]
INK, OWN, OTHER, WINNER, SCREENED = "#222222", "#2a6f97", "#c1666b", "#e09f3e", "#dddddd"
LINES = (
    ("floor_us", INK, "float64 distances (floor)"),
    ("free_us", OWN, "exact, no box"),
    ("box_us", OTHER, "exact, in the box"),
)


def cells():
    """The region picture: points, cells, the query, its ball, the winner, the screened."""
    rng = np.random.default_rng(11)
    X = rng.random((34, 2))
    y = (X[:, 0] + 0.35 * np.sin(5 * X[:, 1]) > 0.62).astype(int)
    x = np.array([[0.808, 0.364]])
    own = y[((X - x) ** 2).sum(1).argmin()]
    index = RegionIndex.of(X, y, 2)
    at = find(index, x, np.array([own]), None)
    radius, winner = float(np.sqrt(at.squares[0])), int(index.order[at.winner[0]])
    first = ((X[y == own] - x) ** 2).sum(1).argmin()
    anchor = X[y == own][first]
    others = np.flatnonzero(y != own)
    away = ((X - x) ** 2).sum(1)
    apart = np.linalg.norm(X - anchor, axis=1).clip(1e-12)
    bound = np.maximum(away - ((anchor - x) ** 2).sum(), 0) / (2 * apart)
    side = np.linspace(-0.02, 1.02, 700)
    grid = np.stack(np.meshgrid(side, side), -1).reshape(-1, 2)
    nearest = ((grid[:, None] - X) ** 2).sum(2).argmin(1).reshape(700, 700)
    shade = [
        (WINNER, 0.55)
        if j == winner
        else (OWN, 0.12)
        if y[j] == own
        else (SCREENED, 1.0)
        if bound[j] > radius
        else (OTHER, 0.35)
        for j in range(len(X))
    ]
    colour = np.array([mpl.colors.to_rgba(*each) for each in shade])
    figure, axes = plt.subplots(figsize=(6.4, 6.4))
    axes.imshow(colour[nearest], origin="lower", extent=(-0.02, 1.02, -0.02, 1.02), interpolation="nearest")
    voronoi_plot_2d(
        Voronoi(X), axes, show_points=False, show_vertices=False, line_colors="white", line_width=1
    )
    axes.scatter(*X[y == own].T, c=OWN, s=28, label="points of the query's class", zorder=3)
    axes.scatter(*X[others].T, c=OTHER, s=28, marker="s", label="points of the other class", zorder=3)
    axes.add_patch(Circle(x[0], radius, fill=False, color=INK, linewidth=1.2))
    axes.annotate("", at.points[0], x[0], arrowprops={"arrowstyle": "-|>", "color": INK, "lw": 1.6})
    axes.scatter(*x.T, c=INK, marker="*", s=150, label="query", zorder=4)
    axes.scatter([], [], c=WINNER, marker="s", s=90, alpha=0.55, label="cell that wins")
    axes.scatter([], [], c=OTHER, marker="s", s=90, alpha=0.35, label="cell the screening leaves")
    axes.scatter([], [], c="#cccccc", marker="s", s=90, label="cell screened by its bisector")
    axes.set(xticks=[], yticks=[], xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.01), ncol=2, frameon=False, fontsize=9)
    save(figure, "region-cells.png")


def growth():
    """Time a query with n and with d, beside the floor."""
    report = json.loads((ROOT / "results" / "benchmarks" / "region.json").read_text())
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.6), sharey=True)
    for axes, rows, by in ((left, report["growth_n"], "n"), (right, report["growth_d"], "d")):
        for key, colour, label in LINES:
            axes.loglog(
                [row[by] for row in rows], [row[key] for row in rows], "o-", color=colour, label=label
            )
        axes.spines[["top", "right"]].set_visible(False)
        axes.set_xticks([row[by] for row in rows], [f"{row[by]:,}" for row in rows], fontsize=8)
        axes.minorticks_off()
    left.set(xlabel="training points n (MNIST, d = 784)", ylabel="microseconds a query, one thread")
    right.set(xlabel="features d (uniform, n = 5,000)")
    left.legend(frameon=False)
    save(figure, "region-growth.svg")


def save(figure, name):
    target = ROOT / "docs" / "img" / name
    target.parent.mkdir(parents=True, exist_ok=True)
    with mpl.rc_context({"svg.hashsalt": "edgewise"}):
        stamp = {"Date": None} if name.endswith("svg") else {}
        figure.savefig(target, bbox_inches="tight", dpi=110, metadata=stamp)
    plt.close(figure)


if __name__ == "__main__":
    cells()
    if (ROOT / "results" / "benchmarks" / "region.json").exists():
        growth()
