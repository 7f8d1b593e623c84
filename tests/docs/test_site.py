"""The site builds without a warning, from these pages alone, and asks nobody for anything."""

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from types import ModuleType

import pytest


ROOT = Path(__file__).parents[2]


class Loads(HTMLParser):
    """Collects what a page loads by itself."""

    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attributes):
        named = dict(attributes)
        if tag in ("img", "script", "iframe") and named.get("src"):
            self.found.append(named["src"])
        if tag == "link" and named.get("rel") in ("stylesheet", "icon", "preconnect"):
            self.found.append(named["href"])


@pytest.mark.slow
def test_the_site_builds_strictly_and_works_offline(tmp_path):
    pytest.importorskip("mkdocs")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    pages = list(tmp_path.rglob("*.html"))
    assert len(pages) > 30
    for page in pages:
        loads = Loads()
        loads.feed(page.read_text(encoding="utf-8"))
        assert not [url for url in loads.found if re.match(r"(https?:)?//", url)], page
    assert "attack" in (tmp_path / "api" / "index.html").read_text(encoding="utf-8")


def test_every_public_name_has_its_place_in_the_reference():
    import edgewise

    page = (ROOT / "docs" / "api" / "index.md").read_text(encoding="utf-8")
    named = set(re.findall(r"^::: edgewise\.(\w+)$", page, flags=re.MULTILINE))
    modules = {name for name in edgewise.__all__ if isinstance(getattr(edgewise, name), ModuleType)}
    assert named == set(edgewise.__all__) - modules
