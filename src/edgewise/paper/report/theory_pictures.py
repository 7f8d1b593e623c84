"""The drawings of the theory section: regions of the plane, bands over β, exponents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure as Canvas
from matplotlib.patches import Patch
from matplotlib.ticker import NullLocator

from edgewise.arrays import Floats
from edgewise.paper.report.drawing import INK, SOFT, STYLE, look, svg
from edgewise.paper.theory.study.analysis import Curve, Rate


HELD, RIGHT, SOME, OFTEN = "#0072b2", "#cfe3f1", "#f2b48a", "#b03a00"
"""Blues for right, oranges for wrong: told apart in grey and by the colour-blind."""
LEARNERS = {
    "knn": "k-NN",
    "knn-weighted": "k-NN, weighted votes",
    "nw-epan": "Nadaraya-Watson",
    "krr-matern32": "kernel ridge, Matérn-3/2",
    "local-linear": "local linear",
}


@dataclass(frozen=True)
class Region:
    """One panel: where a classifier is guaranteed right, and how often it was wrong.

    Parameters
    ----------
    title
        Above the panel.
    guaranteed
        1 where guaranteed (side, side), rows by margin from below.
    wrong
        Share of seeds wrong there (side, side).
    """

    title: str
    guaranteed: Floats
    wrong: Floats


def regions(rows: Sequence[Sequence[Region]], height: Floats) -> bytes:
    """Return panels of the wave's domain; ``height`` is w at the columns of each panel."""
    with mpl.rc_context(STYLE):
        canvas = Canvas(figsize=(2.55 * len(rows[0]), 3.3 * len(rows) + 0.5), layout="constrained")
        panels = canvas.subplots(len(rows), len(rows[0]), squeeze=False, sharex=True, sharey=True)
        for axes, panel in zip(panels.flat, [panel for row in rows for panel in row], strict=True):
            _region(axes, panel, height)
        for axes in panels[-1]:
            axes.set_xlabel("$x_1$")
        for axes in panels[:, 0]:
            axes.set_ylabel("$x_2$")
        canvas.legend(
            handles=[
                Patch(color=HELD, label="guaranteed (and right)"),
                Patch(color=RIGHT, label="right for every seed"),
                Patch(color=SOME, label="wrong for some seeds"),
                Patch(color=OFTEN, label="wrong for half or more"),
            ],
            loc="outside lower center",
            ncols=4,
            fontsize=8.5,
            handlelength=1.2,
            columnspacing=1.2,
        )
        return svg(canvas)


def _region(axes: Axes, panel: Region, height: Floats) -> None:
    side = len(height)
    level = np.where(
        panel.wrong > 0, np.where(panel.wrong >= 0.5, 3, 2), np.where(panel.guaranteed > 0, 0, 1)
    )
    middle = (np.arange(side) + 0.5) / side * 2 - 1
    x = np.broadcast_to(middle, (side, side))
    y = middle[:, None] + height
    axes.pcolormesh(
        x,
        y,
        level,
        cmap=ListedColormap([HELD, RIGHT, SOME, OFTEN]),
        vmin=-0.5,
        vmax=3.5,
        shading="nearest",
        rasterized=True,
    )
    axes.plot(middle, height, color=INK, lw=1.0)
    axes.set_title(panel.title, loc="left", fontsize=9)
    axes.set_aspect("equal")


def bands(panels: Mapping[tuple[str, str], Sequence[Curve]], what: str) -> bytes:
    """Return excess risk or wrong area against the law, a row a problem and a column a kind of labels.

    Parameters
    ----------
    panels
        Curves by (problem, labels).
    what
        ``"excess"`` or ``"area"``.
    """
    problems = list(dict.fromkeys(problem for problem, _ in panels))
    kinds = list(dict.fromkeys(labels for _, labels in panels))
    names = list(dict.fromkeys(curve.learner for curves in panels.values() for curve in curves))
    with mpl.rc_context(STYLE):
        canvas = Canvas(figsize=(3.5 * len(kinds), 2.35 * len(problems) + 0.7), layout="constrained")
        grid = canvas.subplots(len(problems), len(kinds), squeeze=False, sharey="row")
        for i, problem in enumerate(problems):
            for j, labels in enumerate(kinds):
                _bands(grid[i, j], panels.get((problem, labels), ()), what, names)
                grid[i, j].set_title(f"{problem}, {labels} labels", loc="left", fontsize=9)
            grid[i, 0].set_ylabel("excess risk" if what == "excess" else "wrong area")
        for axes in grid[-1]:
            axes.set_xlabel("β (τ below it where capped)")
        handles, texts = grid[0, 0].get_legend_handles_labels()
        canvas.legend(handles, texts, loc="outside lower center", ncols=3, fontsize=8.5)
        return svg(canvas)


def _bands(axes: Axes, curves: Sequence[Curve], what: str, names: Sequence[str]) -> None:
    floor = 1e-6
    for curve in curves:
        number = names.index(curve.learner)
        estimates = curve.excess if what == "excess" else curve.area
        place, capped = np.arange(len(estimates)), np.array([tau > 0 for _, tau in curve.laws])
        colour, marker = look(number)
        mean = np.maximum([e.mean for e in estimates], floor)
        high = np.maximum([e.high for e in estimates], mean)
        # No line from the laws without a cap to those with one: β is not one scale across them.
        for kind, name in ((~capped, LEARNERS.get(curve.learner, curve.learner)), (capped, "_")):
            at = place[kind]
            axes.fill_between(at, (mean**2 / high)[kind], high[kind], color=colour, alpha=0.18, lw=0)
            axes.plot(
                at,
                mean[kind],
                color=colour,
                marker=marker,
                ms=4.5,
                lw=1.5,
                label=name,
            )
        axes.set_xticks(place, [f"{b:g}" + (f"\n{t:g}" if t else "") for b, t in curve.laws], fontsize=8)
    axes.set_yscale("log")
    axes.yaxis.set_minor_locator(NullLocator())
    axes.grid(axis="y")


def exponents(rates: Sequence[Rate]) -> bytes:
    """Return fitted exponents against β: repaired solid, printed dashed where it speaks of this; a panel a learner."""
    kinds = list(dict.fromkeys((rate.labels, rate.learner) for rate in rates))
    with mpl.rc_context(STYLE):
        alone = len(kinds) == 1
        canvas = Canvas(
            figsize=((3.5 if len(kinds) < 3 else 2.6) * len(kinds), 4.4 if alone else 3.9),
            layout="constrained",
        )
        panels = canvas.subplots(1, len(kinds), squeeze=False)
        for axes, (labels, learner) in zip(panels[0], kinds, strict=True):
            chosen = [rate for rate in rates if (rate.labels, rate.learner) == (labels, learner)]
            for number, dim in enumerate(sorted({rate.dim for rate in chosen})):
                _exponents(axes, [rate for rate in chosen if rate.dim == dim], dim, number)
            name = "1-NN" if labels == "clean" else LEARNERS.get(learner, learner).partition(",")[0]
            axes.set_title(f"{labels} labels, {name}", loc="left")
            axes.set_xlabel("β")
            axes.set_ylabel("exponent of the wrong area in n")
            axes.grid(axis="y")
        handles, texts = panels[0][-1].get_legend_handles_labels()
        if len(kinds) > 1:
            more, names = panels[0][0].get_legend_handles_labels()
            by_name = dict(zip(texts, handles, strict=True)) | dict(zip(names, more, strict=True))
            texts, handles = list(by_name), list(by_name.values())
        canvas.legend(handles, texts, loc="outside lower center", ncols=1 if alone else 3, fontsize=8.5)
        return svg(canvas)


def _exponents(axes: Axes, rates: Sequence[Rate], dim: int, number: int) -> None:
    (colour, marker), beta = look(number), [rate.beta for rate in rates]
    axes.set_xticks(beta)
    axes.errorbar(
        beta,
        [rate.slope for rate in rates],
        yerr=[2 * rate.error for rate in rates],
        color=colour,
        marker=marker,
        ms=6,
        ls="none",
        capsize=3,
        label=f"d={dim}, measured ± 2 s.e.",
    )
    axes.plot(beta, [rate.theory for rate in rates], color=colour, lw=1.5, label=f"d={dim}, theory")
    if not np.isfinite([rate.printed for rate in rates]).any():
        return
    axes.plot(
        beta,
        [rate.printed for rate in rates],
        color=SOFT,
        lw=1.2,
        ls=(0, (4, 3)),
        marker=marker,
        ms=4,
        markerfacecolor="none",
        label=f"d={dim}, as printed (Theorem 3.2)",
    )
