"""Figures of the audit's page as inline SVG."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from html import escape

from edgewise.audit.replay import Curve


WIDTH, HEIGHT = 640, 380
LEFT, RIGHT, TOP, BOTTOM = 92, 44, 20, 78
COLOURS = ("var(--fill)", "var(--second)", "var(--third)")
DASHES = ("", "7 5", "2 4")


def agreement_curves(curves: Mapping[str, Curve], budget: int) -> str:
    """Return held-out agreement by rows spent, one line a rule, the first with its interval."""
    points = [found for curve in curves.values() for _, found in curve]
    if not points:
        return ""
    low = min(0.5, math.floor(10 * min(found.low for found in points)) / 10)
    rows = [spent for curve in curves.values() for spent, _ in curve]
    first, last = max(1, min(rows)), max(*rows, budget)

    def x(spent: float) -> float:
        span = math.log(last / first) or 1.0
        return LEFT + (WIDTH - LEFT - RIGHT) * math.log(max(spent, first) / first) / span

    def y(share: float) -> float:
        return TOP + (HEIGHT - TOP - BOTTOM) * (1 - share) / (1 - low)

    parts = [_axes(x, y, low, first, last)]
    for at, (name, curve) in enumerate(curves.items()):
        colour, dash = COLOURS[at % 3], DASHES[at % 3]
        if at == 0:
            there = [f"{x(spent):.1f},{y(found.high):.1f}" for spent, found in curve]
            back = [f"{x(spent):.1f},{y(found.low):.1f}" for spent, found in reversed(curve)]
            parts.append(f'<polygon points="{" ".join(there + back)}" style="fill:{colour}" opacity="0.14"/>')
        line = " ".join(f"{x(spent):.1f},{y(found.share):.1f}" for spent, found in curve)
        dashed = f' stroke-dasharray="{dash}"' if dash else ""
        parts.append(
            f'<polyline points="{line}" class="line" style="stroke:{colour}"{dashed}>'
            f"<title>{escape(name)}</title></polyline>"
        )
    return _svg("Agreement on held-out rows by rows spent", parts)


Put = Callable[[float], float]


def _axes(put_x: Put, put_y: Put, low: float, first: int, last: int) -> str:
    parts: list[str] = []
    steps = round((1 - low) * 10)
    for at in range(steps + 1):
        share = low + at / 10
        if steps > 5 and at % 2 and share < 1:
            continue
        height = put_y(share)
        parts.append(
            f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{height:.1f}" y2="{height:.1f}" class="grid"/>'
        )
        parts.append(
            f'<text x="{LEFT - 8}" y="{height + 6:.1f}" text-anchor="end">{100 * share:.0f} %</text>'
        )
    ticks = [
        tick
        for power in range(7)
        for tick in (10**power, 2 * 10**power, 5 * 10**power)
        if first <= tick <= last
    ]
    for tick in ticks[:: max(1, math.ceil(len(ticks) / 7))]:
        parts.append(
            f'<text x="{put_x(tick):.1f}" y="{HEIGHT - BOTTOM + 30}" text-anchor="middle">{tick:,}</text>'
        )
    parts.append(
        f'<text x="{(LEFT + WIDTH) / 2}" y="{HEIGHT - 8}" text-anchor="middle">rows asked (log)</text>'
    )
    return "".join(parts)


def bars(values: Mapping[str, int]) -> str:
    """Return one horizontal bar a name."""
    if not values:
        return ""
    most = max(values.values())
    rows = "".join(
        f'<div class="bar"><span class="name">{escape(name)}</span>'
        f'<span class="track"><span class="fill" style="width:{100 * n / most:.1f}%"></span></span>'
        f'<span class="count">{n:,}</span></div>'
        for name, n in values.items()
    )
    return f'<div class="bars">{rows}</div>'


def legend(names: Sequence[str]) -> str:
    """Return the legend of the curves."""
    parts = [
        f'<span class="key"><svg width="34" height="10" aria-hidden="true"><line x1="0" x2="34" y1="5" y2="5" '
        f'class="line" style="stroke:{COLOURS[at % 3]}"'
        + (f' stroke-dasharray="{DASHES[at % 3]}"' if DASHES[at % 3] else "")
        + f"/></svg>{escape(name)}</span>"
        for at, name in enumerate(names)
    ]
    return f'<p class="legend">{"".join(parts)}</p>'


def _svg(title: str, parts: Sequence[str]) -> str:
    return (
        f'<svg class="figure" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title)}">'
        f"{''.join(parts)}</svg>"
    )
