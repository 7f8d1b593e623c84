"""The page: how close a copy got and at what price, what simpler rules and stricter outputs change, what to do."""

from __future__ import annotations

import json
from collections.abc import Sequence
from html import escape
from importlib.metadata import version
from importlib.resources import files

import numpy as np

from edgewise.audit.auditing import Audit
from edgewise.audit.measuring import Agreement
from edgewise.audit.metered import EXTRACT, MEASURE
from edgewise.audit.page.advice import advice
from edgewise.audit.page.figures import agreement_curves, bars, legend


PURPOSES = {
    "seed": "at random, to start",
    "family": "to tell the family",
    "pool": "rows of the pool",
    "generate": "made rows",
    "walk": "made rows, walks to a wall",
    "repeat": "asked again",
    "call": "other calls",
}
SETS = {
    "held-out": "rows like the pool, kept apart",
    "uniform": "rows anywhere in the box",
    "near": "rows near the boundary (chance: 50 %)",
}


MEASURING = {
    "held-out": "agreement, kept apart",
    "uniform": "agreement, anywhere",
    "near": "agreement, near",
    "robustness": "robustness",
}


def html(found: Audit) -> str:
    """Return the audit as one HTML page."""
    style = (files("edgewise.audit.page") / "style.css").read_text(encoding="utf-8")
    title = f"Audit of {found.victim}"
    body = "".join(
        [
            _head(found),
            _curve(found),
            _price(found),
            _less(found),
            _robust(found),
            _advice(found),
            _how(found),
        ]
    )
    body = body.replace(" %", "\N{NO-BREAK SPACE}%")
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" '
        f'content="width=device-width, initial-scale=1"><title>{escape(title)}</title><style>{style}</style></head>'
        f"<body><main><h1>{escape(title)}</h1>{body}</main></body></html>\n"
    )


def as_json(found: Audit) -> str:
    """Return the findings as JSON text."""
    return json.dumps(found.as_json() | {"edgewise": version("edgewise")}, indent=1) + "\n"


def percent(share: float) -> str:
    """Return a share as per cent; one decimal above 99.

    Examples
    --------
    >>> percent(0.97), percent(0.996), percent(1.0)
    ('97 %', '99.6 %', '100 %')
    """
    return f"{100 * share:.1f} %" if 0.99 < share < 1 else f"{100 * share:.0f} %"


def _head(found: Audit) -> str:
    copy, best = found.extraction, found.agreement
    if best is None:
        return "<p class=lead>Nothing was measured: give the audit a <code>--measure</code> purse.</p>"
    family = "no family" if copy.family == "none" else f"family: {copy.family}"
    return (
        f'<p class="lead">With <strong>{copy.spent:,} rows</strong> a copy gives the same label as the model on '
        f"<strong>{percent(best.share)}</strong> of rows it has not seen ({_interval(best)}).</p>"
        f'<p class="muted">{family}; stopped: {escape(copy.why)}; budget {copy.budget:,} rows.</p>'
        + _table(
            ("agreement on", "share", "95 % interval", "rows"),
            [
                (SETS[name], percent(each.share), _interval(each), f"{each.n:,}")
                for name, each in copy.agreement.items()
            ],
        )
    )


def _curve(found: Audit) -> str:
    copy = found.extraction
    if not copy.curve:
        return ""
    curves = {"this audit": copy.curve} | {
        f"{name} rows (simulated)": c for name, c in found.simulated.items() if c
    }
    levels = [
        (percent(level), "not reached" if rows is None else f"{rows:,}")
        for level, rows in found.levels.items()
    ]
    return (
        "<h2>How close, by rows</h2>"
        + legend(list(curves))
        + agreement_curves(curves, copy.budget)
        + _table(("agreement first reached", "after rows"), levels)
        + '<p class="muted">The band is the 95 % interval of the audit’s own curve. The simulated rules take recorded '
        "answers where there are any and the copy’s where there are none, so they are only as right as the copy is; "
        "they end where the pool is used up.</p>"
    )


def _price(found: Audit) -> str:
    rows = {PURPOSES.get(name, name): n for name, n in found.extraction.rows.items()}
    measured = {MEASURING.get(name, name): n for name, n in found.measured.items()}
    parts = [(rows, "the copy", EXTRACT), (measured, "measuring", MEASURE)]
    said = [
        f"<h3>For {what}: {sum(part.values()):,} of {found.caps[purse]:,}</h3>{bars(part)}"
        for part, what, purse in parts
        if part
    ]
    return "<h2>What the rows were spent on</h2>" + "".join(said)


def _less(found: Audit) -> str:
    head = "<h2>What showing less would have changed</h2>"
    if not found.restrictions:
        return head + (
            '<p>Only labels were recorded, so this copier had no scores to lose. Declare <code>view = "scores"</code> '
            "if the model shows scores to its users; the comparison needs no further questions.</p>"
        )
    marks = sorted({mark for each in found.restrictions for mark, _ in each.curve})
    marks = marks if len(marks) <= 4 else [marks[int(at)] for at in np.linspace(0, len(marks) - 1, 4)]
    rows: list[tuple[str, ...]] = []
    for each in found.restrictions:
        by_mark = dict(each.curve)
        rows.append(
            (each.name, *(percent(by_mark[mark].share) if mark in by_mark else "–" for mark in marks))
        )
    return (
        head
        + _table(("the model shows", *(f"{mark:,} rows" for mark in marks)), rows)
        + '<p class="muted">Agreement of a plain copier on the recorded rows in their order, replayed offline. The '
        "rows were chosen for labels only, so the worth of scores is if anything understated.</p>"
    )


def _robust(found: Audit) -> str:
    head = "<h2>How robust the model’s answers are</h2>"
    if found.robust is None:
        return head + "<p>Not measured.</p>"
    size = found.robust.distance
    confirmed = np.sort(size[np.isfinite(size)])
    if not len(confirmed):
        return head + f"<p>No change of label was confirmed for any of {len(size)} rows.</p>"
    quantiles = np.quantile(confirmed, [0, 0.5, 1], method="lower")
    return (
        head
        + f"<p>For {len(confirmed)} of {len(size)} held-out rows a nearby row with another label was found on the copy "
        f"and <strong>confirmed by the model</strong>, with {found.robust.rows} questions paid from the "
        "<code>measure</code> purse. Smallest, median and "
        f"largest distance: {', '.join(f'{value:.2g}' for value in quantiles)} standard deviations of the pool. They "
        "are upper bounds: the nearest change may be nearer.</p>"
    )


def _advice(found: Audit) -> str:
    return (
        "<h2>What to do about it</h2><ul>"
        + "".join(f"<li>{escape(each)}</li>" for each in advice(found))
        + "</ul>"
    )


def _how(found: Audit) -> str:
    states = {"settled": "answered", "unknown": "unknown", "interrupted": "interrupted", "refused": "refused"}
    purses = sorted(found.caps)
    rows = [("at most", *(f"{found.caps[purse]:,}" for purse in purses))]
    rows += [
        (name, *(f"{found.counts.get(purse, {}).get(state, 0):,}" for purse in purses))
        for state, name in states.items()
    ]
    return (
        "<h2>How it was counted</h2>"
        + _table(("rows", *(f"purse {purse}" for purse in purses)), rows)
        + '<p class="muted">A row is spent when it is reserved, before it is sent. Answered, unknown and interrupted '
        "rows are spent; refused ones (429, 503, no connection) are not. edgewise "
        f"{escape(version('edgewise'))}, seed {found.extraction.seed}.</p>"
    )


def _interval(each: Agreement) -> str:
    return f"{100 * each.low:.0f} to {100 * each.high:.0f} %"


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    head = "".join(f"<th>{escape(cell)}</th>" for cell in header)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'
