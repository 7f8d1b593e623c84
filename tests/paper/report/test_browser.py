"""What a reader's browser makes of the page: nothing scrolls sideways, little is open at first, nothing is lost."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from edgewise.paper.report.blocks import Figure, Prose, Section, SideBySide, Table
from edgewise.paper.report.figures import Dot, dots
from edgewise.paper.report.page import render


CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
)
PROBE = """
<script>
addEventListener('load', () => {
  const wide = () => [...document.querySelectorAll('body, body *')].filter(one =>
    one.checkVisibility() && !one.closest('.hidden, .skip, thead') && one.scrollWidth > one.clientWidth + 1 &&
    one.clientWidth > 0 && !['STYLE', 'SCRIPT'].includes(one.tagName) && getComputedStyle(one).display !== 'inline'
  ).map(one => one.tagName + '.' + one.className).slice(0, 5);
  const first = {page: document.documentElement.scrollWidth, wide: wide()};
  document.querySelectorAll('details').forEach(one => one.open = true);
  const all = {page: document.documentElement.scrollWidth, scrolls: [...document.querySelectorAll('.scroll')].filter(
    one => one.scrollWidth > one.clientWidth + 1).map(one => one.querySelector('caption').textContent)};
  document.title = 'FOUND' + JSON.stringify({first, all, window: innerWidth}) + 'END';
});
</script>
"""


def seen(html: str, width: int, folder: Path) -> dict:
    """Return what a browser of this width measures on the page, in a frame, for a window has a least width."""
    (folder / "page.html").write_text(html.replace("</body>", PROBE + "</body>"))
    frame = f"""<iframe id=f src=page.html width={width} height=800 style=border:0></iframe><script>
    f.onload = () => setTimeout(() => {{ document.title = f.contentDocument.title }}, 200)</script>"""
    (folder / "frame.html").write_text(f"<!doctype html><title>none</title>{frame}")
    shown = subprocess.run(
        [
            CHROMIUM,
            *FLAGS,
            "--allow-file-access-from-files",
            f"--user-data-dir={folder / 'profile'}",
            "--window-size=1400,900",
            "--virtual-time-budget=5000",
            "--dump-dom",
            (folder / "frame.html").as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    found = re.search(r"FOUND(.*?)END", shown.stdout)
    assert found, shown.stderr[-500:]
    return json.loads(found[1].replace("&quot;", '"'))


def page(
    claim: str = "A claim that is a long sentence about what was measured, longer than a phone is wide.",
) -> str:
    """Return a page with what the real one has: an answer, verdicts, and a wide table that is folded."""
    picture = Figure(dots([Dot("a", 0.5, 0.4, 0.6, "ours")], "accuracy"), "a picture", "A caption.")
    verdicts = Table(
        ("claim", "verdict", "the paper", "ours [95 %]", "test", "because"),
        ((claim, "holds", "+1.0 points", "+0.9 [+0.8, +1.0] points", "48 paired tests", "reason " * 30),) * 3,
        "What the paper claims",
        marks={(0, 1): "holds"},
    )
    theorems = Table(
        ("statement", "verdict", "why", "measured"),
        (
            (
                "performance improves as the exponent increases",
                "holds once repaired",
                "reason " * 30,
                "0 violations in 288 configurations x 16 seeds",
            ),
        )
        * 3,
        "The theorems",
    )
    wide = Table(
        ("what", *(f"column {i}" for i in range(30))), (("row", *["0.123 [0.1, 0.2]"] * 30),) * 3, "Wide"
    )
    return render(
        [
            Section(
                "answer", "Answer", "It helps.", (Prose(items=("One.", "Two.")), SideBySide((picture,) * 3))
            ),
            Section("claims", "Claims", "Judged.", (verdicts,)),
            Section("theory", "Theory", "Repaired.", (theorems,)),
            Section("table", "Table", "Numbers.", (wide, picture)),
        ]
    )


@pytest.mark.skipif(CHROMIUM is None, reason="needs chromium")
@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_scrolls_sideways(width, tmp_path):
    found = seen(page(), width, tmp_path)
    assert found["window"] == width
    assert found["first"]["page"] <= width
    assert found["first"]["wide"] == []
    assert found["all"]["page"] <= width
    assert found["all"]["scrolls"] == ["Wide"]


@pytest.mark.skipif(CHROMIUM is None, reason="needs chromium")
def test_a_page_that_does_scroll_sideways_is_caught(tmp_path):
    broken = page().replace(".scroll { position: relative; overflow-x: auto;", ".scroll {")
    assert seen(broken, 390, tmp_path)["all"]["page"] > 390
