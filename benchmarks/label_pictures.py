"""The pictures of the tutorial on labelling: the page as it is, at two widths, after forty labels by keyboard.

    python benchmarks/label_pictures.py [--chromium /usr/bin/chromium]

Customers are made up; who stays and who leaves follows a rule with noise.
"""

import argparse
import csv
import os
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from playwright.sync_api import sync_playwright


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


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--chromium", default="/usr/bin/chromium")
    chosen = options.parse_args()
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        leaving = customers(Path(folder) / "customers.csv")
        words = ["label", "customers.csv", "--classes", "stays,leaves", "--keys", "j,l", "--id", "customer"]
        words += ["--uniform", "0.3", "--token", "for-the-pictures", "--no-browser"]
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
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=chosen.chromium, args=FLAGS)
                taken(browser.new_page(), f"http://127.0.0.1:{port}/?token=for-the-pictures", leaving)
                browser.close()
        finally:
            server.terminate()
            server.wait()


def taken(page, url, leaving):
    page.goto(url)
    for _ in range(40):
        page.wait_for_selector("#classes button:not([disabled])")
        name = page.text_content("#name")
        page.keyboard.press("l" if leaving[int(name[1:]) - 1000] == "leaves" else "j")
        page.wait_for_function("n => document.getElementById('name').textContent !== n", arg=name)
    page.wait_for_function("() => document.getElementById('estimates').children.length > 0", timeout=120_000)
    for _ in range(30):  # to an item with a note
        if page.text_content("#texts"):
            break
        name = page.text_content("#name")
        page.keyboard.press("t")
        page.wait_for_function("n => document.getElementById('name').textContent !== n", arg=name)
        page.wait_for_selector("#classes button:not([disabled])")
    page.keyboard.press("g")
    for width, height, look, name in (
        (1280, 800, "light", "label-page.png"),
        (390, 844, "dark", "label-page-phone.png"),
    ):
        page.emulate_media(color_scheme=look)
        page.set_viewport_size({"width": width, "height": height})
        page.wait_for_timeout(300)
        page.screenshot(path=OUT / name)


if __name__ == "__main__":
    main()
