"""Draw docs/pictures/strategies.png: the rows that each strategy picks from one pool.

python benchmarks/strategy_pictures.py
"""

from pathlib import Path

import matplotlib as mpl


mpl.use("agg")

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import make_moons
from sklearn.kernel_approximation import Nystroem
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

import edgewise as ew


OUT = Path(__file__).parents[1] / "docs" / "pictures" / "strategies.png"
CLASSES, PICKED, POOL, INK = ("#dbe7f5", "#fbe3d0"), "#b1361e", "#8a94a0", "#222222"
SETTINGS = {
    "dfal": {"attack": "opt", "settings": {"budget": 200}},
    "max-confidence": {"attack": "opt", "settings": {"budget": 200}},
}


def main():
    pool, truth = make_moons(400, noise=0.2, random_state=3)
    known = np.random.default_rng(3).permutation(400)[:20]
    rest = np.setdiff1d(np.arange(400), known)
    model = make_pipeline(Nystroem(gamma=1.5, random_state=0, n_components=20), LogisticRegression(C=10))
    model.fit(pool[known], truth[known])
    grid = np.stack(np.meshgrid(np.linspace(-1.6, 2.6, 200), np.linspace(-1.3, 1.8, 200)), axis=-1)
    labels = model.predict(grid.reshape(-1, 2)).reshape(200, 200)
    figure, panels = plt.subplots(3, 4, figsize=(9.6, 6.0), dpi=110, layout="constrained")
    for axes, name in zip(panels.flat, ew.STRATEGIES, strict=False):
        pick = ew.query(
            model,
            pool,
            20,
            name,
            labelled=(pool[known], truth[known]),
            candidates=rest,
            rng=0,
            **SETTINGS.get(name, {}),
        )
        axes.contourf(grid[..., 0], grid[..., 1], labels, levels=[-0.5, 0.5, 1.5], colors=CLASSES)
        axes.plot(*pool.T, ".", color=POOL, markersize=2)
        axes.plot(*pool[known].T, "s", color=INK, markersize=3.5, label="labelled")
        axes.plot(*pool[pick.index].T, "o", color=PICKED, markersize=4.5, label="picked")
        axes.set(title=name, xticks=[], yticks=[], aspect="equal")
    panels.flat[-1].axis("off")
    panels.flat[-1].legend(*axes.get_legend_handles_labels(), loc="center", frameon=False)
    figure.savefig(OUT)


if __name__ == "__main__":
    main()
