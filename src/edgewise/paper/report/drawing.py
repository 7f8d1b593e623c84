"""What all pictures share: colours, style, and SVG that is the same bytes for the same figures.

They are drawn without matplotlib's global state.
"""

from __future__ import annotations

import io
import re

import matplotlib as mpl
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure as Canvas


INK, SOFT, LINE = "#1f2328", "#57606a", "#d0d7de"
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#aa4499", "#b8860b", "#56717f", "#882255", "#44aa99")
"""Told apart with every common colour blindness; after Okabe and Ito, and Tol."""
MARKERS = "osD^vPX*"

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
STYLE: dict[str, object] = {
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


def look(number: int) -> tuple[str, str]:
    """Return the colour and the marker of the ``number``-th thing in a picture; the first 64 all differ.

    Examples
    --------
    >>> look(0), look(8)
    (('#0072b2', 'o'), ('#0072b2', 's'))
    """
    turn, colour = divmod(number, len(COLOURS))
    return COLOURS[colour], MARKERS[(colour + turn) % len(MARKERS)]


def svg(canvas: Canvas) -> bytes:
    """Return the drawing, with the page's other colours where the reader's screen is dark."""
    buffer = io.BytesIO()
    # Names in the drawing come from figures and a salt, which is random unless it is set while drawing.
    with mpl.rc_context(STYLE):
        FigureCanvasSVG(canvas).print_svg(buffer, metadata={"Date": None, "Creator": None})
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
    # A hundredth of a point is finer than any screen; of a place, not of a marker's shape, a tenth is.
    drawn = re.sub(r"(\d\d\.\d|\.\d\d)\d+(?=[ \",)])", r"\1", drawn)
    short: dict[str, str] = {}
    drawn = re.sub(
        r'(?<=[#"])[a-z][0-9a-f]{10}\b', lambda name: short.setdefault(name[0], f"m{len(short)}"), drawn
    )
    drawn = drawn.replace("xlink:href", "href").replace(' xmlns:xlink="http://www.w3.org/1999/xlink"', "")
    drawn = drawn.replace("; ", ";").replace("fill: ", "fill:").replace("stroke: ", "stroke:")
    drawn = re.sub(r">\s+<", "><", re.sub(r" *\n *", " ", drawn))
    drawn = re.sub(r'(?<= d=")[^"]*', lambda path: _short_path(path[0]), drawn)
    return _unwrapped(drawn)


def _short_path(path: str) -> str:
    """Return a path without the blanks and letters that may be left out: lines follow a start and lines by themselves.

    Examples
    --------
    >>> _short_path("M 1 2 L 3 4 L 5 6 C 1 1 2 2 3 3 L 4 4 z ")
    'M1 2 3 4 5 6C1 1 2 2 3 3L4 4z'
    """
    path = re.sub(r"([ML][^A-Za-z]*)((?:L[^A-Za-z]*)+)", lambda run: run[1] + run[2].replace("L ", ""), path)
    return re.sub(r" *([A-Za-z]) *", r"\1", path).strip()


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
