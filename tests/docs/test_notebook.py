"""The notebook is committed with the outputs that running it gives."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest


NOTEBOOK = Path(__file__).parents[2] / "docs" / "walkthrough.ipynb"
LIMIT = 300_000
NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?")


def outputs(path):
    """Return what each cell printed, and how many pictures it drew."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [
        (
            "".join("".join(output.get("text", "")) for output in cell["outputs"]),
            sum("image/png" in output.get("data", {}) for output in cell["outputs"]),
        )
        for cell in cells
        if cell["cell_type"] == "code"
    ]


def test_it_has_outputs_and_is_small():
    text = NOTEBOOK.read_text(encoding="utf-8")
    assert len(text) < LIMIT
    assert sum(pictures for _, pictures in outputs(NOTEBOOK)) >= 2
    assert all(printed or pictures for printed, pictures in outputs(NOTEBOOK))
    assert "/home/" not in text
    assert "/root/" not in text


@pytest.mark.slow
def test_running_it_gives_the_same(tmp_path):
    copy = tmp_path / NOTEBOOK.name
    copy.write_bytes(NOTEBOOK.read_bytes())
    # A backend that the environment asks for would take the place of the notebook's own.
    environment = {name: value for name, value in os.environ.items() if name != "MPLBACKEND"}
    subprocess.run(
        [sys.executable, "-c", "from nbclient.cli import main; main()", "--inplace", str(copy)],
        check=True,
        capture_output=True,
        timeout=300,
        env=environment,
    )
    for (printed, pictures), (shown, drawn) in zip(outputs(copy), outputs(NOTEBOOK), strict=True):
        assert pictures == drawn
        assert NUMBER.sub("#", printed) == NUMBER.sub("#", shown)
        # Another machine's libraries round differently; a p-value of .1 may come out as .11.
        assert np.allclose(numbers(printed), numbers(shown), rtol=0.1, atol=0.02)


def numbers(text):
    return [float(number) for number in NUMBER.findall(text)]
