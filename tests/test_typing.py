"""What an editor says about a user's file: nothing where it is right, the line where a name is wrong."""

import json
import subprocess
import sys
from pathlib import Path

import pytest


RIGHT = """
from collections.abc import Sequence

import numpy as np
from sklearn.neighbors import KNeighborsClassifier

import edgewise as ew

data = ew.load("halfmoon", rng=0)
model = KNeighborsClassifier(1).fit(*data.train)
adv: ew.Adversarial = ew.attack(model, data.test.X, box=data.box, rng=0)
far: float = float(adv.distance[adv.success].mean())
again = ew.attack(model, data.test.X, ew.attacks.Opt(budget=100))
pick: ew.Query = ew.query(model, data.held_out.X, 5, strategy="herding")
margin = ew.query(model, data.held_out.X, 5, ew.strategies.Margin())
rows: Sequence[int] = pick.index.tolist()
for round in ew.learn(model, data.held_out.X, ew.oracles.GroundTruth(data.held_out.y), batch=5, budget=10):
    print(round.number, round.accuracy)
out: ew.Retrained = ew.retrain(model, model, data, budget=10)
tips: ew.Advice = ew.advise(data.train.X, data.train.y, budget=100)
try:
    ew.query(model, np.zeros((3, 2)), 9)
except ew.InputError as error:
    print(error)
"""
WRONG = {
    'ew.attack(model, X, "dep-fool")': "reportArgumentType",
    'ew.query(model, X, 5, strategy="herdding")': "reportArgumentType",
    "ew.query(model, X, 5, stragegy='margin')": "reportCallIssue",
    "ew.attacks.DeepFol()": "reportAttributeAccessIssue",
    "ew.attacks.DeepFool(stepps=3)": "reportCallIssue",
    "ew.attack(model, X).sucess": "reportAttributeAccessIssue",
}
HEAD = """
import numpy as np
from sklearn.neighbors import KNeighborsClassifier

import edgewise as ew

X = np.zeros((4, 2))
model = KNeighborsClassifier(1)
"""


def said(folder, text):
    """Return (line, rule) of every error pyright reports in strict mode."""
    (folder / "mine.py").write_text(text)
    # What scikit-learn gives is unknown: it ships no types.
    off = dict.fromkeys(
        ["reportMissingTypeStubs", "reportUnknownMemberType", "reportUnknownVariableType"], False
    )
    (folder / "pyrightconfig.json").write_text(json.dumps({"typeCheckingMode": "strict", **off}))
    pyright = Path(sys.executable).parent / "pyright"
    done = subprocess.run(
        [pyright, "--outputjson", "--pythonpath", sys.executable, "mine.py"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    return [
        (note["range"]["start"]["line"], note.get("rule"), note["message"])
        for note in json.loads(done.stdout)["generalDiagnostics"]
        if note["severity"] == "error"
    ]


@pytest.mark.slow
def test_a_right_file_is_right_in_strict_mode(tmp_path):
    assert said(tmp_path, RIGHT) == []


@pytest.mark.slow
def test_a_typo_is_flagged_where_it_stands(tmp_path):
    first = HEAD.count("\n")
    found = said(tmp_path, HEAD + "".join(f"print({line})\n" for line in WRONG))
    assert {line - first: rule for line, rule, _ in found} == dict(enumerate(WRONG.values()))
