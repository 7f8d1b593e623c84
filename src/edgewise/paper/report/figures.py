"""Dot charts and curves, as SVG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby, pairwise

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

from edgewise.arrays import Floats, InputError
from edgewise.paper.report.drawing import INK, STYLE, look, svg
from edgewise.stats import Estimate


WIDTH = 5.9
"""Inches of a picture that stands alone."""
LETTERS = 13.5
"""Letters in an inch of a picture."""
SHARED = 0.6
"""Lines that an entry takes after another of the same name."""
TICKS = 10
"""More than these on an axis run into each other."""


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

    @classmethod
    def of(cls, name: str, points: Mapping[int, Estimate]) -> Curve:
        """Return the line through estimates by number."""
        found = list(points.values())
        columns = [[getattr(e, part) for e in found] for part in ("mean", "low", "high")]
        return cls(name, [float(n) for n in points], *columns)


def dots(
    entries: Sequence[Dot],
    xlabel: str,
    *,
    reference: str = "paper",
    log: bool = False,
    within: tuple[float, float] | None = None,
    width: float = WIDTH,
) -> bytes:
    """Return a dot chart: an entry's interval as a bar, its reference as an open diamond.

    Neighbours of one name share it; ``within`` are the least and the largest possible figure; the axis ends there.

    Examples
    --------
    >>> dots([Dot("1-NN", 0.91, 0.90, 0.92, "ours")], "accuracy").startswith(b"<?xml")
    True
    """
    if not entries:
        raise InputError("a dot chart needs at least one entry.")
    with mpl.rc_context(STYLE):
        heights, names = _places([entry.label for entry in entries])
        canvas = Canvas(figsize=(width, 0.86 + 0.26 * heights[0]))
        axes = canvas.add_subplot()
        groups = list(dict.fromkeys(entry.group for entry in entries))
        for number, group in enumerate(groups):
            colour, marker = look(number)
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
        axes.set_yticks(*zip(*names, strict=True))
        axes.set_ylim(-0.7, heights[0] + 0.7)
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        axes.grid(axis="x")
        axes.set_xlabel(xlabel)
        _scale(axes, log)
        axes.set_xlim(_limits(axes.get_xlim(), within))
        _fill(canvas, axes, _legend(canvas, axes), [entry.label for entry in entries])
        return svg(canvas)


def _places(names: Sequence[str]) -> tuple[Floats, list[tuple[float, str]]]:
    """Return the height of each entry from the top down, and of each name: the middle of those that share it."""
    steps = [SHARED if name == before else 1.0 for before, name in pairwise(names)]
    heights = np.cumsum([0.0, *steps[::-1]])[::-1]
    runs = [list(run) for _, run in groupby(range(len(names)), key=names.__getitem__)]
    return heights, [(float(heights[run].mean()), names[run[0]]) for run in runs]


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
        canvas = Canvas(figsize=(width, 3.6))
        axes = canvas.add_subplot()
        for number, line in enumerate(lines):
            colour, marker = look(number)
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
        ticks = axes.yaxis.get_major_formatter().format_ticks(axes.get_yticks().tolist())
        _fill(canvas, axes, _legend(canvas, axes), ticks, beside=0.26)
        return svg(canvas)


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


def _legend(canvas: Canvas, axes: Axes) -> float:
    """Put a legend above the axes, where there is more than one entry, make room for it, and return its inches."""
    handles, labels = axes.get_legend_handles_labels()
    if len(labels) < 2:
        return 0.0
    # A marker takes the place of seven letters.
    letters = int(LETTERS * canvas.get_figwidth())
    columns = max(1, min(3, letters // (max(map(len, labels)) + 7), len(labels)))
    height = 0.2 * -(-len(labels) // columns)
    canvas.set_figheight(canvas.get_figheight() + height)
    canvas.legend(handles, labels, loc="upper left", ncols=columns)
    return height


def _fill(canvas: Canvas, axes: Axes, above: float, ticks: Sequence[str], *, beside: float = 0.0) -> None:
    """Let axes fill the picture but for what stands ``above`` and ``beside`` them, in inches, and their labels.

    Labels are counted in letters: measuring them took half the time.
    """
    width, height = canvas.get_figwidth(), canvas.get_figheight()
    left, bottom = 0.1 + beside + max(map(len, ticks)) / LETTERS, 0.5
    # Half of the last number below the axis stands beyond its end.
    right, top = width - 0.2, height - 0.12 - above
    axes.set_position((left / width, bottom / height, (right - left) / width, (top - bottom) / height))


def summary(entries: Mapping[str, float], form: str = "{:.3g}") -> str:
    """Return figures in words, for an alt text.

    Examples
    --------
    >>> summary({"a": 1.0, "b": 0.5})
    'a 1, b 0.5'
    """
    return ", ".join(f"{name} {form.format(value)}" for name, value in entries.items() if np.isfinite(value))
