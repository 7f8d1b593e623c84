"""Pictures as SVG, the same bytes for the same figures; drawn without matplotlib's global state."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure as Canvas
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

from edgewise.arrays import Floats, InputError


INK, SOFT, LINE = "#1f2328", "#57606a", "#d0d7de"
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#aa4499", "#b8860b", "#56717f", "#882255", "#44aa99")
"""Told apart with every common colour blindness; after Okabe and Ito, and Tol."""
MARKERS = "osD^vPX*"
WIDTH = 5.9
"""Inches of a picture that stands alone."""
TICKS = 10
"""More than these on an axis run into each other."""

_IN_THE_DARK = {
    INK: "#e6edf3",
    SOFT: "#9aa6b2",
    LINE: "#333c47",
    "#0072b2": "#58a6ff",
    "#d55e00": "#ff9145",
    "#009e73": "#3fc99a",
    "#aa4499": "#d98ccf",
    "#b8860b": "#e3b341",
    "#56717f": "#9db4c0",
    "#882255": "#e07ba8",
    "#44aa99": "#7fd6c8",
}
STYLE: Any = {
    "svg.hashsalt": "edgewise",
    "svg.fonttype": "none",
    "font.size": 9.5,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": SOFT,
    "xtick.color": SOFT,
    "ytick.color": SOFT,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "axes.titlesize": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "savefig.facecolor": "none",
    "axes.axisbelow": True,
    "grid.color": LINE,
    "grid.linewidth": 0.7,
}


@dataclass(frozen=True)
class Dot:
    """A figure with its interval in a dot chart.

    Parameters
    ----------
    label
        Its line.
    mean, low, high
        The figure and its interval; an interval of NaN is not drawn.
    group
        Which colour and marker; named in the legend.
    reference
        Another figure to show beside it, such as the paper's.
    """

    label: str
    mean: float
    low: float
    high: float
    group: str
    reference: float | None = None


@dataclass(frozen=True)
class Curve:
    """A line over a number, with intervals.

    Parameters
    ----------
    name
        Its entry in the legend.
    x, mean, low, high
        As long as each other.
    reference
        Figures to show beside it, such as the paper's; NaN where there is none.
    """

    name: str
    x: Sequence[float]
    mean: Sequence[float]
    low: Sequence[float]
    high: Sequence[float]
    reference: Sequence[float] = field(default=())


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


def dots(
    entries: Sequence[Dot],
    xlabel: str,
    *,
    reference: str = "paper",
    log: bool = False,
    within: tuple[float, float] | None = None,
    width: float = WIDTH,
) -> bytes:
    """Return a dot chart: one line an entry, its interval as a bar, its reference as an open diamond.

    ``within`` are the least and the largest possible figure; the axis ends there.

    Examples
    --------
    >>> dots([Dot("1-NN", 0.91, 0.90, 0.92, "ours")], "accuracy").startswith(b"<?xml")
    True
    """
    if not entries:
        raise InputError("a dot chart needs at least one entry.")
    with mpl.rc_context(STYLE):
        canvas = Canvas(figsize=(width, 0.6 + 0.26 * len(entries)), layout="constrained")
        axes = canvas.add_subplot()
        heights = np.arange(len(entries))[::-1]
        groups = list(dict.fromkeys(entry.group for entry in entries))
        for number, group in enumerate(groups):
            colour, marker = COLOURS[number % len(COLOURS)], MARKERS[number % len(MARKERS)]
            members = [(y, entry) for y, entry in zip(heights, entries, strict=True) if entry.group == group]
            for y, entry in members:
                if np.isfinite([entry.low, entry.high]).all():
                    axes.plot([entry.low, entry.high], [y, y], color=colour, lw=2.2, solid_capstyle="round")
            axes.plot(
                [e.mean for _, e in members],
                [y for y, _ in members],
                marker,
                color=colour,
                ms=6.5,
                label=group,
            )
        _references(
            axes, [(entry.reference, float(y)) for y, entry in zip(heights, entries, strict=True)], reference
        )
        axes.set_yticks(heights, [entry.label for entry in entries])
        axes.set_ylim(-0.7, len(entries) - 0.3)
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        axes.grid(axis="x")
        axes.set_xlabel(xlabel)
        _scale(axes, log)
        axes.set_xlim(_limits(axes.get_xlim(), within))
        _legend(canvas, axes)
        return svg(canvas)


def curves(
    lines: Sequence[Curve],
    xlabel: str,
    ylabel: str,
    *,
    reference: str = "paper",
    log: bool = False,
    within: tuple[float, float] | None = None,
    width: float = WIDTH,
) -> bytes:
    """Return lines with their intervals; a reference is drawn dashed with open markers, in the same colour.

    Examples
    --------
    >>> curves([Curve("random", [1, 2], [0.5, 0.6], [0.4, 0.5], [0.6, 0.7])], "labels", "accuracy")[:5]
    b'<?xml'
    """
    if not lines:
        raise InputError("a chart of curves needs at least one line.")
    with mpl.rc_context(STYLE):
        canvas = Canvas(figsize=(width, 3.6), layout="constrained")
        axes = canvas.add_subplot()
        for number, line in enumerate(lines):
            colour, marker = COLOURS[number % len(COLOURS)], MARKERS[number % len(MARKERS)]
            axes.plot(
                line.x,
                line.mean,
                color=colour,
                lw=1.8,
                marker=marker,
                ms=5.5,
                markevery=max(1, len(line.x) // TICKS),
                label=line.name,
            )
            if np.isfinite([*line.low, *line.high]).all():
                axes.fill_between(line.x, line.low, line.high, color=colour, alpha=0.18, lw=0)
            if len(line.reference) and np.isfinite(line.reference).any():
                axes.plot(
                    line.x,
                    line.reference,
                    color=colour,
                    lw=1.1,
                    ls=(0, (4, 3)),
                    marker=marker,
                    ms=5.5,
                    markerfacecolor="none",
                    label=f"{line.name}, {reference}",
                )
        axes.grid(axis="y")
        axes.set_xlabel(xlabel)
        axes.set_ylabel(ylabel)
        if log:
            axes.set_yscale("log")
            axes.yaxis.set_major_formatter(FuncFormatter(_plain))
        axes.set_ylim(_limits(axes.get_ylim(), within))
        places = sorted({x for line in lines for x in line.x})
        if len(places) <= TICKS:
            axes.set_xticks(places)
        _legend(canvas, axes)
        return svg(canvas)


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
            axes.plot([start[0], end[0]], [start[1], end[1]], color=COLOURS[label % len(COLOURS)], lw=0.8)
        axes.plot(picture.points[:, 0], picture.points[:, 1], ".", color=INK, ms=3.4)
    else:
        for label in sorted(set(picture.labels)):
            chosen = np.asarray(picture.labels) == label
            axes.plot(
                picture.points[chosen, 0],
                picture.points[chosen, 1],
                MARKERS[label % len(MARKERS)],
                color=COLOURS[label % len(COLOURS)],
                ms=1.8,
                mew=0,
            )
    axes.set_title(picture.name, loc="left")
    axes.set_xlim(extent[0], extent[1])
    axes.set_ylim(extent[2], extent[3])
    axes.xaxis.set_major_locator(MaxNLocator(4, integer=True))
    axes.yaxis.set_major_locator(MaxNLocator(3, integer=True))


def _references(axes: Axes, places: Sequence[tuple[float | None, float]], name: str) -> None:
    known = [(x, y) for x, y in places if x is not None and np.isfinite(x)]
    if known:
        axes.plot(
            [x for x, _ in known],
            [y for _, y in known],
            "D",
            color=INK,
            markerfacecolor="none",
            ms=6,
            mew=1.3,
            label=name,
        )


def _scale(axes: Axes, log: bool) -> None:
    if not log:
        axes.xaxis.set_major_locator(MaxNLocator(5))
        return
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(10, subs=(1.0, 3.0)))
    axes.xaxis.set_major_formatter(FuncFormatter(_plain))
    axes.xaxis.set_minor_formatter(NullFormatter())


def _limits(found: tuple[float, float], within: tuple[float, float] | None) -> tuple[float, float]:
    """Return the ends of an axis, not beyond what is possible but for the room a marker needs."""
    if within is None:
        return found
    room = 0.02 * (within[1] - within[0])
    return max(found[0], within[0] - room), min(found[1], within[1] + room)


def _plain(value: float, _place: float) -> str:
    return f"{value:,.6g}"


def _legend(canvas: Canvas, axes: Axes) -> None:
    """Put a legend above the axes, where there is more than one entry, and make room for it."""
    handles, labels = axes.get_legend_handles_labels()
    if len(labels) > 1:
        # A picture has about 13.5 letters an inch, and a marker takes the place of seven.
        letters = int(13.5 * canvas.get_figwidth())
        columns = max(1, min(3, letters // (max(map(len, labels)) + 7), len(labels)))
        canvas.set_figheight(canvas.get_figheight() + 0.2 * -(-len(labels) // columns))
        canvas.legend(handles, labels, loc="outside upper left", ncols=columns)


def svg(canvas: Canvas) -> bytes:
    """Return the drawing, with the page's other colours where the reader's screen is dark."""
    buffer = io.BytesIO()
    canvas.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    classes: dict[str, str] = {}

    def named(style: re.Match[str]) -> str:
        return f' class="{classes.setdefault(style[1], f"s{len(classes)}")}"'

    drawn = re.sub(r' style="([^"]*)"', named, _small(buffer.getvalue().decode()))
    light, dark = (
        "".join(f".{name}{{{change(style)}}}" for style, name in classes.items())
        for change in (str, _darkened)
    )
    style = f"<style>*{{font-family:sans-serif}}{light}@media screen and (prefers-color-scheme: dark){{{dark}}}</style>"
    head, tag, rest = drawn.partition("<defs>")
    return f"{head}{style}{tag}{rest}".encode()


def _darkened(style: str) -> str:
    """Return the colours of a style on a dark screen, or nothing where they stay."""
    parts = [part for part in style.split(";") if any(part.endswith(light) for light in _IN_THE_DARK)]
    return ";".join(re.sub("#[0-9a-f]{6}", lambda colour: _IN_THE_DARK[colour[0]], part) for part in parts)


def _small(drawn: str) -> str:
    """Return the drawing without what no reader sees: a fifth of the size."""
    drawn = re.sub(r"<!DOCTYPE[^>]*>|<!--.*?-->|<metadata>.*?</metadata>", "", drawn, flags=re.DOTALL)
    drawn = re.sub(
        r' id="(?:[a-z0-9.]+_)+\d+"| transform="rotate\(-0 [^"]*"|font-family: [^;"]*;?', "", drawn
    )
    # A hundredth of a point is finer than any screen.
    drawn = re.sub(r"(\.\d\d)\d+(?=[ \",)])", r"\1", drawn)
    drawn = drawn.replace("; ", ";").replace("fill: ", "fill:").replace("stroke: ", "stroke:")
    drawn = re.sub(r">\s+<", "><", re.sub(r" *\n *", " ", drawn))
    return _unwrapped(drawn)


def _unwrapped(drawn: str) -> str:
    """Return the drawing without groups that have no attributes."""
    named: list[bool] = []

    def keep(tag: re.Match[str]) -> str:
        if tag[0].endswith("/>"):
            return tag[0]
        if tag[0] != "</g>":
            named.append(tag[0] != "<g>")
            return tag[0] if named[-1] else ""
        return tag[0] if named.pop() else ""

    return re.sub(r"<g\b[^>]*>|</g>", keep, drawn)


def summary(entries: Mapping[str, float], form: str = "{:.3g}") -> str:
    """Return figures in words, for an alt text.

    Examples
    --------
    >>> summary({"a": 1.0, "b": 0.5})
    'a 1, b 0.5'
    """
    return ", ".join(f"{name} {form.format(value)}" for name, value in entries.items() if np.isfinite(value))
