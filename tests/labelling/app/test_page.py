"""A person at the page, in a real browser: keys, undo, a killed server, a cut network, two people."""

import csv
import time

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from edgewise.cli import app
from edgewise.labelling.campaign.events import Log


pytestmark = pytest.mark.slow

RNG = np.random.default_rng(3)
N = 120
TRUTH = np.where(RNG.normal(size=N) > 0, "yes", "no")


def messy_csv(folder):
    """Semicolons, decimal commas, Windows-1252, quotes, gaps in words, a name that is HTML."""
    rows = RNG.normal(size=(N, 3)).round(2)
    lines = ["Kunde;Ort;<b>Notiz</b>;a;b;c"]
    for i, row in enumerate(rows):
        town = ["Zürich", "", "Genève"][i % 3]
        cells = ";".join(str(v).replace(".", ",") for v in row)
        lines.append(f'K{i:03d};{town};"<img src=x onerror=alert(1)>; {"lang " * 40}";{cells}')
    (folder / "kunden.csv").write_text("\n".join(lines), encoding="cp1252")
    return ["kunden.csv", "--id", "Kunde"]


def pictures(folder):
    (folder / "pictures" / "<i>sub").mkdir(parents=True)
    for i in range(N):
        shade = RNG.integers(0, 255, (8, 8, 3), dtype=np.uint8)
        Image.fromarray(shade).save(folder / "pictures" / "<i>sub" / f"{i:03d}.png")
    return ["pictures"]


def parquet(folder):
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = {f"e{i}": RNG.normal(size=N).astype(np.float32) for i in range(24)}
    pq.write_table(pa.table({"key": [f"k{i:03d}" for i in range(N)]} | columns), folder / "embedded.parquet")
    return ["embedded.parquet", "--id", "key"]


def row_of(name):
    return int("".join(part for part in name if part.isdigit()))


def opened(browser, server):
    page = browser.new_context().new_page()
    page.problems = []
    page.on("pageerror", lambda error: page.problems.append(str(error)))
    page.on("dialog", lambda dialog: page.problems.append("a dialog"))
    page.goto(server.url)
    page.wait_for_selector(READY, timeout=60_000)
    return page


def shown(page):
    return page.text_content("#name")


READY = "#classes button:not([disabled])"


def press(page, key):
    before = shown(page)
    page.keyboard.press(key)
    page.wait_for_function(
        "n => document.getElementById('name').textContent !== n", arg=before, timeout=60_000
    )
    return before


def answer(page, typed):
    page.wait_for_selector(READY, timeout=60_000)
    name = shown(page)
    assert name not in typed, "an item comes once"
    typed[name] = str(TRUTH[row_of(name)])
    press(page, "y" if typed[name] == "yes" else "n")
    return name


def exported(folder):
    found = CliRunner().invoke(app, ["export", str(folder / "campaign.db"), str(folder / "out.csv")])
    assert found.exit_code == 0, found.output
    with (folder / "out.csv").open(newline="", encoding="utf-8") as file:
        return {row["id"]: row["label"] for row in csv.DictReader(file)}


@pytest.mark.parametrize("pool", [messy_csv, pictures, parquet])
def test_thirty_items_by_keyboard_survive_undo_and_a_killed_server(browser, serve, tmp_path, pool):
    server = serve(*pool(tmp_path), "--classes", "yes,no", "--keys", "y,n").start()
    typed = {}
    page = opened(browser, server)
    for _ in range(15):
        answer(page, typed)
    last = list(typed)[::-1]
    for name in last[:3]:
        press(page, "u")
        assert shown(page) == name
        del typed[name]
    server.kill()
    assert set(exported(tmp_path)) == set(typed)
    while shown(page) != "Loading":  # what was prefetched can still be answered
        name = shown(page)
        typed[name] = str(TRUTH[row_of(name)])
        press(page, "y" if typed[name] == "yes" else "n")
    assert "unsaved" in page.text_content("#unsaved")
    server.start()
    page.reload()
    page.wait_for_selector(READY, timeout=60_000)
    page.wait_for_selector("#unsaved", state="hidden", timeout=60_000)
    while len(typed) < 30:
        name = answer(page, typed)
    assert page.problems == []
    server.stop()
    assert exported(tmp_path) == typed


def test_a_network_cut_for_ten_seconds_loses_nothing(browser, serve, tmp_path):
    with serve(*parquet(tmp_path), "--classes", "yes,no", "--keys", "y,n") as server:
        typed = {}
        page = opened(browser, server)
        answer(page, typed)
        page.context.set_offline(True)
        begin = time.monotonic()
        answer(page, typed)
        answer(page, typed)
        page.wait_for_function("() => document.getElementById('unsaved').textContent.startsWith('2 unsaved')")
        page.wait_for_timeout(max(0, 10_000 - 1000 * (time.monotonic() - begin)))
        assert len(exported(tmp_path)) == 1
        page.context.set_offline(False)
        page.wait_for_selector("#unsaved", state="hidden", timeout=30_000)
        assert exported(tmp_path) == typed


def test_two_browsers_never_have_the_same_item(browser, serve, tmp_path):
    with serve(*parquet(tmp_path), "--classes", "yes,no", "--keys", "y,n") as server:
        pages = [opened(browser, server), opened(browser, server)]
        pages[0].fill("#person", "Ada")
        pages[1].fill("#person", "Bo")
        for page in pages:
            page.locator("#person").blur()
        typed = [{}, {}]
        for _ in range(8):
            assert shown(pages[0]) != shown(pages[1])
            for page, own in zip(pages, typed, strict=True):
                answer(page, own)
        assert not set(typed[0]) & set(typed[1])
        assert exported(tmp_path) == typed[0] | typed[1]
    with Log(tmp_path / "campaign.db") as log:
        people = {e.body["person"] for e in log.since(0) if e.kind == "label"}
    assert people == {"Ada", "Bo"}


def test_the_guess_is_hidden_until_asked_and_skip_and_cannot_tell_are_kept_apart(browser, serve, tmp_path):
    with serve(*parquet(tmp_path), "--classes", "yes,no") as server:
        page = opened(browser, server)
        assert page.text_content("#guess") == ""
        page.keyboard.press("g")
        assert page.text_content("#guess") != ""
        skipped, unsure = press(page, "s"), press(page, "t")
        assert page.text_content("#guess") == ""
    with Log(tmp_path / "campaign.db") as log:
        said = {e.kind: e.body["name"] for e in log.since(0) if e.kind in ("skip", "unsure")}
    assert said == {"skip": skipped, "unsure": unsure}
