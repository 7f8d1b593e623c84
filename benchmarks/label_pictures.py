"""The pictures of the tutorials on labelling: the page as it is after forty labels by keyboard.

    python benchmarks/label_pictures.py [--chromium /usr/bin/chromium]

Customers and tickets are made up; who stays and who leaves follows a rule with noise.
"""

import argparse
import csv
import os
import socket
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image
from playwright.sync_api import sync_playwright
from sklearn.datasets import load_digits


OUT = Path(__file__).parents[1] / "docs" / "pictures"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-sync",
]
NOTES = (
    "",
    "Asked twice why the bill went up after the first year and was told to look at the contract. Wants a call back.",
    "Happy with the speed.",
    "Moved house in spring; the line was down for nine days and nobody could say when it would be back.",
)


def customers(path, n=600):
    rng = np.random.default_rng(4)
    leaving = []
    with path.open("w", newline="") as file:
        writer = csv.writer(file, delimiter=";")
        writer.writerow(["customer", "plan", "since", "calls", "bill", "note"])
        for i in range(n):
            calls, bill = int(rng.poisson(2)), round(float(rng.gamma(9, 4)), 2)
            plan, note = ("basic", "plus", "office")[int(rng.integers(3))], int(rng.integers(4))
            since = f"20{int(rng.integers(15, 26))}-{int(rng.integers(1, 13)):02d}-01"
            written = "" if rng.random() < 0.1 else str(bill).replace(".", ",")
            writer.writerow([f"C{1000 + i}", plan, since, calls, written, NOTES[note]])
            doubt = calls - 2 + (bill - 36) / 12 + (note in (1, 3)) - (plan == "office") + rng.normal(0, 0.5)
            leaving.append("leaves" if doubt > 0.8 else "stays")
    return leaving


def digits(folder):
    """Write threes and eights as pictures; return which is which."""
    X, y = load_digits(return_X_y=True)
    folder.mkdir()
    kept = np.flatnonzero(np.isin(y, (3, 8)))
    for i in kept:
        picture = Image.fromarray((255 - X[i].reshape(8, 8) * 15.9).astype("uint8"))
        picture.resize((96, 96), Image.Resampling.BICUBIC).save(folder / f"{i:04d}.png")
    return {f"{i:04d}.png": str(y[i]) for i in kept}


BUGS = (
    "The page stays white after I press save.",
    "It crashes when the file is empty.",
    "The total is wrong by one cent.",
    "The export writes half of the rows.",
)
WISHES = (
    "Please add a dark theme.",
    "It would be nice to sort by date.",
    "A shortcut for undo would help.",
    "Could the summary come by mail once a week?",
)


def tickets(path, n=400):
    """Write texts with an embedding each, as a model of language would give them; return the kinds."""
    rng = np.random.default_rng(0)
    wish = rng.random(n) < 0.4
    texts = [(WISHES if one else BUGS)[rng.integers(4)] for one in wish]
    names = [f"T{i:04d}" for i in range(n)]
    embedding = rng.normal(wish[:, None] * 1.2, 1, (n, 64)).astype(np.float32)
    pq.write_table(pa.table({"ticket": names, "text": texts, "embedding": list(embedding)}), path)
    return dict(zip(names, np.where(wish, "wish", "bug"), strict=True))


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--chromium", default="/usr/bin/chromium")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        leaving = customers(folder / "customers.csv")
        truth = {f"C{1000 + i}": kind for i, kind in enumerate(leaving)}
        words = ["customers.csv", "--classes", "stays,leaves", "--keys", "j,l", "--id", "customer"]
        of_digits, of_tickets = digits(folder / "pictures"), tickets(folder / "tickets.parquet")
        browser = playwright.chromium.launch(executable_path=chosen.chromium, args=FLAGS)
        for given, answers, keys, names in (
            (words, truth, {"stays": "j", "leaves": "l"}, ("label-page.png", "label-page-phone.png")),
            (["pictures", "--classes", "3,8"], of_digits, {"3": "1", "8": "2"}, ("label-pictures.png", None)),
            (
                ["tickets.parquet", "--classes", "bug,wish", "--id", "ticket", "--ignore", "text"],
                of_tickets,
                {"bug": "1", "wish": "2"},
                ("label-embeddings.png", None),
            ),
        ):
            with served(folder, [*given, "--campaign", f"{Path(given[0]).stem}.db"]) as url:
                taken(browser.new_page(), url, {name: keys[kind] for name, kind in answers.items()}, names)
        browser.close()


@contextmanager
def served(folder, words):
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    words = ["label", *words, "--uniform", "0.3", "--token", "for-the-pictures", "--no-browser"]
    server = subprocess.Popen(
        [sys.executable, "-m", "edgewise", *words, "--port", str(port)],
        cwd=folder,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )
    try:
        while "Label at" not in server.stdout.readline():
            pass
        yield f"http://127.0.0.1:{port}/?token=for-the-pictures"
    finally:
        server.terminate()
        server.wait()


def taken(page, url, keys, names):
    page.goto(url)
    for _ in range(40):
        page.wait_for_selector("#classes button:not([disabled])")
        name = page.text_content("#name")
        page.keyboard.press(keys[name])
        page.wait_for_function("n => document.getElementById('name').textContent !== n", arg=name)
    page.wait_for_function("() => document.getElementById('estimates').children.length > 0", timeout=120_000)
    for _ in range(30 if names[1] else 0):  # to an item with a note
        if page.text_content("#texts"):
            break
        name = page.text_content("#name")
        page.keyboard.press("t")
        page.wait_for_function("n => document.getElementById('name').textContent !== n", arg=name)
        page.wait_for_selector("#classes button:not([disabled])")
    page.keyboard.press("g")
    for width, height, look, name in ((1280, 800, "light", names[0]), (390, 844, "dark", names[1])):
        if name is None:
            continue
        page.emulate_media(color_scheme=look)
        page.set_viewport_size({"width": width, "height": height})
        page.wait_for_timeout(300)
        page.screenshot(path=OUT / name)


if __name__ == "__main__":
    main()
