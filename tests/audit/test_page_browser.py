"""What a reader's browser makes of the audit's page: nothing scrolls sideways, not even inside a table."""

import numpy as np
import pytest
from sklearn.dummy import DummyClassifier

from edgewise.audit.auditing import Audit
from edgewise.audit.extraction import Extraction
from edgewise.audit.measuring import Agreement
from edgewise.audit.page.page import html
from edgewise.audit.replay import VIEWS, Restriction
from edgewise.audit.robustness import Robustness


WIDE = """[...document.querySelectorAll('body *')].filter(one =>
    one.scrollWidth > one.clientWidth + 1 && one.clientWidth > 0 && getComputedStyle(one).display !== 'inline' &&
    !one.closest('svg')).map(one => one.tagName + '.' + one.className)"""
CUT = """[...document.querySelectorAll('svg.figure text')].filter(one => {
    const own = one.getBoundingClientRect(), all = one.closest('svg').getBoundingClientRect();
    return own.left < all.left - 1 || own.right > all.right + 1 || own.bottom > all.bottom + 1;
  }).map(one => one.textContent)"""


def page():
    """Return a page with long names, many rows and everything there is to show."""
    curve = [
        (rows, Agreement.of(hits, 100)) for rows, hits in ((10, 61), (100, 90), (1_000, 96), (20_000, 99))
    ]
    sets = {name: Agreement.of(94, 100) for name in ("held-out", "uniform", "near")}
    purposes = dict.fromkeys(("seed", "family", "pool", "generate", "walk", "repeat", "call"), 1234)
    copy = Extraction(
        DummyClassifier(), "linear", "nothing left to ask", purposes, sets, curve, 20_000, 20_000, 0,
        np.empty((0, 1)), np.empty(0),
    )  # fmt: skip
    return html(
        Audit(
            "https://models.a-long-name-without-a-place-to-break.example.internal/v1/models/loans:predict",
            copy,
            {"random": curve, "margin": curve},
            [Restriction(name, curve) for name in (*VIEWS, "labels only")],
            Robustness(np.array([0.1, 0.2, np.inf]), 6),
            {
                name: {"settled": 12_345, "unknown": 1_234, "refused": 12_345}
                for name in ("extract", "measure")
            },
            {"extract": 20_000, "measure": 12_345},
            {"held-out": 1_000, "uniform": 250, "near": 250, "robustness": 60},
            {0.8: 100, 0.9: 1_000, 0.95: 20_000, 0.99: None},
        )
    )


def seen(browser, content, width):
    """Return the page's own width, what is wider than its place, and what text of a figure is cut off."""
    tab = browser.new_page(viewport={"width": width, "height": 800})
    try:
        tab.set_content(content)
        return tab.evaluate(f"[document.documentElement.scrollWidth, {WIDE}, {CUT}]")
    finally:
        tab.close()


@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_scrolls_sideways(browser, width):
    assert seen(browser, page(), width) == [width, [], []]


def test_a_page_that_does_is_caught(browser):
    wide, _, _ = seen(browser, page().replace("overflow-wrap: anywhere", ""), 390)
    _, cells, _ = seen(browser, page().replace("padding: 6px 8px 6px 0", "padding: 6px 40px 6px 0"), 390)
    _, _, cut = seen(browser, page().replace("font-size: 24px", "font-size: 60px"), 390)
    assert wide > 390
    assert any("wide" in name for name in cells)
    assert cut
