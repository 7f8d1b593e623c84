"""The page: well-formed, accessible, self-contained, deterministic, written whole or not at all."""

import itertools
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import matplotlib as mpl
import numpy as np
import pytest

from edgewise.arrays import InputError
from edgewise.paper.report import SECTIONS, build, drawing, figures
from edgewise.paper.report.blocks import Figure, Prose, Section, Table
from edgewise.paper.report.evidence import Evidence
from edgewise.paper.report.figures import Curve, Dot
from edgewise.paper.report.page import gather, render
from edgewise.paper.report.plane import Scatter, regions
from edgewise.store import Cell, Fact, Store


VOID = {"meta", "link", "img", "br", "hr", "input"}
SVG = figures.dots(
    [Dot("a", 0.5, 0.4, 0.6, "ours", 0.55), Dot("b", 0.6, np.nan, np.nan, "other")], "accuracy"
)


class Page(HTMLParser):
    """Collects what is wrong with a page."""

    def __init__(self, html):
        super().__init__()
        self.open, self.ids, self.faults, self.levels, self.wanted = [], [], [], [], []
        self.feed(html)
        self.faults += [f"never closed: {tag}" for tag in self.open]
        self.faults += [f"id twice: {one}" for one in set(self.ids) if self.ids.count(one) > 1]
        self.faults += [f"no such id: {one}" for one in self.wanted if one not in self.ids]
        self.faults += [f"h{b} after h{a}" for a, b in itertools.pairwise(self.levels) if b > a + 1]
        if self.levels.count(1) != 1:
            self.faults.append("not one h1")
        if re.search(r"(?<!data:)https?://|@import|url\(", re.sub(r'src="data:[^"]*"', "", html)):
            self.faults.append("something from elsewhere")

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        if tag not in VOID:
            self.open.append(tag)
        if "id" in found:
            self.ids.append(found["id"])
        if re.fullmatch("h[1-6]", tag):
            self.levels.append(int(tag[1]))
        if tag == "img" and not found.get("alt"):
            self.faults.append("img without alt")
        if tag == "th" and found.get("scope") not in ("row", "col"):
            self.faults.append("th without scope")
        if tag == "html" and not found.get("lang"):
            self.faults.append("no language")
        if tag == "script":
            self.faults.append("a script")
        if "aria-labelledby" in found:
            self.wanted.append(found["aria-labelledby"])
        for name in ("src", "href"):
            target = found.get(name, "data:")
            if target.startswith("#"):
                self.wanted.append(target[1:])
            elif not target.startswith("data:"):
                self.faults.append(f"loads {target}")

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"closes {tag}")


def example():
    table = Table(
        ("what", "ours"),
        (("a <b>", "1 & 2"), ("x" * 60, "y" * 60)),
        "A table",
        ("A note",),
        {(0, 1): "differs", (1, 1): "better"},
    )
    return [
        Section("one", "One & only", "It holds.", (Prose(("a < b",), "Why", ("first",)), table)),
        Section("two", "Two", "It does not.", (Figure(SVG, "Two figures", "How to read it"), table, table)),
    ]


def test_a_page_is_well_formed_accessible_and_self_contained():
    html = render(example())
    assert Page(html).faults == []
    for text in ("a &lt; b", "a &lt;b&gt;", "1 &amp; 2", "One &amp; only"):
        assert text in html
    for landmark in (
        "<main",
        "<header",
        "<nav",
        "<footer",
        "Skip to the content",
        "prefers-color-scheme",
        "@media print",
        "width=device-width",
    ):
        assert landmark in html
    assert 'aria-label="better">▲</b>' in html
    assert "holds" not in re.findall(r'<b class="(\w+)" role="img"', html)


@pytest.mark.parametrize(
    ("break_it", "fault"),
    [
        (lambda html: html.replace("</section>", "", 1), "closes main"),
        (lambda html: html.replace('id="two"', 'id="one"'), "id twice: one"),
        (lambda html: html.replace('alt="Two figures"', 'alt=""'), "img without alt"),
        (
            lambda html: html.replace('href="data:,"', 'href="https://example.org/x.css"'),
            "loads https://example.org/x.css",
        ),
        (lambda html: html.replace('scope="row"', "", 1), "th without scope"),
        (lambda html: html.replace("<h2", "<h4", 1).replace("</h2>", "</h4>", 1), "h4 after h1"),
        (lambda html: html.replace("<main", "<script></script><main"), "a script"),
        (
            lambda html: html.replace("body {", "body { background: url(x.png);", 1),
            "something from elsewhere",
        ),
    ],
)
def test_the_check_of_pages_rejects_broken_ones(break_it, fault):
    assert fault in Page(break_it(render(example()))).faults


def test_sections_need_different_ids():
    with pytest.raises(InputError, match="ids must differ"):
        render([example()[0], example()[0]])


@pytest.mark.parametrize(
    "make",
    [
        lambda: Section("Not an id", "t", "l", ()),
        lambda: Figure(SVG, " ", "caption"),
        lambda: Figure(b"GIF89a", "alt", "caption"),
        lambda: Table(("a", "b"), (("1",),), "caption"),
        lambda: Table(("a", "b"), (("1", "2"),), "caption", marks={(0, 2): "better"}),
        lambda: Table(("a", "b"), (("1", "2"),), "caption", marks={(0, 0): "better"}),
    ],
)
def test_blocks_refuse_what_a_page_could_not_show(make):
    with pytest.raises(InputError):
        make()


def test_png_and_svg_are_told_apart():
    assert Figure(SVG, "alt", "caption").media == "image/svg+xml"
    assert Figure(b"\x89PNG\r\n", "alt", "caption").media == "image/png"


PICTURES = {
    "dots": lambda: SVG,
    "log dots": lambda: figures.dots(
        [Dot("a", 3, 2, 4, "x"), Dot("b", 900, 800, 1000, "x")], "queries", log=True
    ),
    "curves": lambda: figures.curves(
        [
            Curve("a", [1, 2], [1, 2], [0, 1], [2, 3], [1.5, np.nan]),
            Curve("b", [1, 2], [2, 3], [np.nan] * 2, [np.nan] * 2),
        ],
        "x",
        "y",
    ),
    "regions": lambda: regions(
        np.array([[0, 1], [1, 0]]),
        (0.0, 2.0, 0.0, 1.0),
        ("a", "b"),
        [
            Scatter("train", np.array([[0.1, 0.2], [1.0, 0.9]]), None, [0, 1]),
            Scatter("attack", np.array([[0.5, 0.5]]), np.array([[0.2, 0.2]]), [0]),
        ],
    ),
}


@pytest.mark.parametrize("name", PICTURES)
def test_pictures_are_svg_the_same_each_time_and_leave_matplotlib_alone(name):
    before = dict(mpl.rcParams)
    first, second = PICTURES[name](), PICTURES[name]()
    assert first == second
    assert dict(mpl.rcParams) == before
    root = ET.fromstring(first)
    assert root.tag.endswith("svg")
    assert b"prefers-color-scheme: dark" in first
    assert b"<dc:date>" not in first


def test_every_colour_has_one_for_the_dark():
    drawn = {drawing.INK, drawing.SOFT, drawing.LINE, *drawing.COLOURS}
    assert drawn == set(drawing._IN_THE_DARK)
    assert drawing.COLOURS[0].encode() in SVG


def test_pyplot_is_never_imported():
    code = (
        "import sys, edgewise.paper.report.page, edgewise.paper.report.tables, edgewise.paper.report.pictures; "
        "sys.exit('matplotlib.pyplot' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_an_empty_chart_is_refused():
    for make in (
        lambda: figures.dots([], "x"),
        lambda: figures.curves([], "x", "y"),
        lambda: regions(np.zeros((2, 2)), (0, 1, 0, 1), ("a",), []),
    ):
        with pytest.raises(InputError, match="at least one"):
            make()


def picture_fact(seed=0):
    attacks = {
        name: {
            "points": [[0.5, 0.5], [0.0, 0.0]],
            "found": [True, False],
            "distance": [0.5, float("inf")],
            "queries": [3, 4],
        }
        for name in ("opt", "direct")
    }
    figs = {
        "X": [[0.0, 0.0], [1.0, 1.0]],
        "y": [0, 1],
        "low": [0.0, 0.0],
        "high": [1.0, 1.0],
        "grid": "000011111",
        "side": 3,
        "sources": [[0.0, 0.5], [0.0, 0.0]],
        "source_label": [0, 1],
        "attacks": attacks,
    }
    return Fact(Cell("halfmoon-picture", {"attacks": ["opt", "direct"]}, seed), figs)


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path / "runs.db") as opened:
        opened.put(picture_fact())
    return tmp_path / "runs.db"


def test_the_same_store_gives_the_same_bytes(store, tmp_path):
    one, two = (build(store, tmp_path / name).read_bytes() for name in ("one.html", "two.html"))
    assert one == two
    html = one.decode()
    assert Page(html).faults == []
    assert html.index("opt 1 of 2") < html.index("direct 1 of 2")
    picture = re.search(r"data:image/svg\+xml,([^\"]+)", html)
    ET.fromstring(unquote(picture[1]))


def test_more_facts_give_another_page(store, tmp_path):
    before = build(store, tmp_path / "page.html").read_bytes()
    with Store(store) as opened:
        opened.put(picture_fact(seed=1))
    assert build(store, tmp_path / "page.html").read_bytes() != before


def test_an_open_store_is_taken_and_left_open(store, tmp_path):
    with Store(store, read_only=True) as opened:
        build(opened, tmp_path / "page.html")
        assert gather(Evidence(opened))


def test_a_page_is_written_whole_or_not_at_all(store, tmp_path, monkeypatch):
    out = tmp_path / "page.html"
    out.write_text("old")

    def fail(_self, _target):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(Path, "replace", fail)
        with pytest.raises(InputError, match=r"cannot write .*No space left"):
            build(store, out)
    assert out.read_text() == "old"
    assert {item.name for item in tmp_path.glob("*.part")} == set()
    with pytest.raises(InputError, match="cannot write"):
        build(store, store / "page.html")


def test_no_store_and_an_empty_one_say_what_to_do(tmp_path):
    with pytest.raises(InputError, match="there is no store at"):
        build(tmp_path / "none.db", tmp_path / "page.html")
    Store(tmp_path / "empty.db").close()
    with pytest.raises(InputError, match="holds nothing that a report shows"):
        build(tmp_path / "empty.db", tmp_path / "page.html")
    assert not (tmp_path / "page.html").exists()


def test_every_row_of_sections_answers_an_empty_store_with_nothing(tmp_path):
    with Store(tmp_path / "empty.db") as empty:
        assert gather(Evidence(empty)) == []
    assert set(SECTIONS) >= {"pictures", "tables"}
