"""Decision regions of the plane with points on top, as SVG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure as Canvas
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from edgewise.arrays import Floats, InputError
from edgewise.paper.report.drawing import COLOURS, INK, STYLE, look, svg


@dataclass(frozen=True)
class Scatter:
    """Points on a plane: what an attack made, and where each came from.

    Parameters
    ----------
    name
        The title of its picture.
    points
        ``(m, 2)``.
    sources
        ``(m, 2)``, or None.
    labels
        Class number of each source ``(m,)``.
    """

    name: str
    points: Floats
    sources: Floats | None
    labels: Sequence[int]


def regions(
    grid: Floats,
    extent: tuple[float, float, float, float],
    classes: Sequence[str],
    pictures: Sequence[Scatter],
    *,
    columns: int = 2,
) -> bytes:
    """Return the decision regions of a classifier of the plane, once for each scatter on top of them.

    Parameters
    ----------
    grid
        The class number on a regular grid ``(rows, columns)``, lowest row first.
    extent
        ``(left, right, bottom, top)``.
    classes
        Their names.
    pictures
        What is drawn on top.
    """
    if not pictures:
        raise InputError("a picture of regions needs at least one scatter.")
    with mpl.rc_context(STYLE):
        rows = -(-len(pictures) // columns)
        columns = min(columns, len(pictures))
        left, right, bottom, top = extent
        shape = (top - bottom) / (right - left)
        canvas = Canvas(figsize=(3.0 * columns, rows * (2.75 * shape + 0.35) + 0.45), layout="constrained")
        panels = canvas.subplots(rows, columns, squeeze=False, sharex=True, sharey=True)
        for axes in panels.flat[len(pictures) :]:
            axes.set_visible(False)
        for axes, picture in zip(panels.flat, pictures, strict=False):
            _region(axes, grid, extent, picture)
        handles = [
            Line2D([], [], ls="none", marker="s", color=COLOURS[i], ms=8, label=name)
            for i, name in enumerate(classes)
        ]
        canvas.legend(handles=handles, loc="outside lower center", ncols=len(handles))
        return svg(canvas)


def _region(axes: Axes, grid: Floats, extent: tuple[float, float, float, float], picture: Scatter) -> None:
    numbers = np.asarray(grid)
    top = int(numbers.max())
    axes.imshow(
        numbers,
        origin="lower",
        extent=extent,
        cmap=ListedColormap(COLOURS[: max(top + 1, 2)]),
        vmin=0,
        vmax=max(top, 1),
        alpha=0.28,
        interpolation="nearest",
        aspect="equal",
    )
    if picture.sources is not None:
        for start, end, label in zip(picture.sources, picture.points, picture.labels, strict=True):
            axes.plot([start[0], end[0]], [start[1], end[1]], color=look(label)[0], lw=0.8)
        axes.plot(picture.points[:, 0], picture.points[:, 1], ".", color=INK, ms=3.4)
    else:
        for label in sorted(set(picture.labels)):
            chosen = np.asarray(picture.labels) == label
            colour, marker = look(label)
            axes.plot(
                picture.points[chosen, 0],
                picture.points[chosen, 1],
                marker,
                color=colour,
                ms=1.8,
                mew=0,
            )
    axes.set_title(picture.name, loc="left")
    axes.set_xlim(extent[0], extent[1])
    axes.set_ylim(extent[2], extent[3])
    axes.xaxis.set_major_locator(MaxNLocator(4, integer=True))
    axes.yaxis.set_major_locator(MaxNLocator(3, integer=True))
