"""Every example of the pages is true: its blocks run in order, and print what is shown below them."""

import contextlib
import csv
import io
import re
import shlex
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import typer

from edgewise.attacks import ATTACKS
from edgewise.cli import app, main
from edgewise.data import DATASETS
from edgewise.strategies import STRATEGIES


ROOT = Path(__file__).parents[2]
PAGES = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").rglob("*.md"))
BLOCK = re.compile(r"^( *)```(\w+)[^\n]*\n(.*?)^\1```$", flags=re.DOTALL | re.MULTILINE)
DECIMAL = re.compile(r"[-+]?\d*\.\d+")
CLOSE = 0.1
"""How far a decimal may be from the one shown, as a share of it: libraries round differently elsewhere."""

HOURS = (
    "edgewise reproduce",
    "edgewise report",
    "edgewise picture",
    "edgewise theory --",
    "edgewise demo",
    "edgewise compare --data digits",
    "edgewise compare --data mnist",
    "edgewise compare --seeds",
)
"""Commands that run for long, or on what those leave: their options are checked, they are not run here."""

NEEDS_TORCH = {"docs/tutorials/torch-model.md", "docs/layers/networks.md", "docs/layers/models.md"}
READERS_OWN = {"docs/region.md", "docs/layers/networks.md", "docs/layers/active-learning.md"}
"""Pages whose examples start from the reader's own data: the test brings them."""


@dataclass(frozen=True)
class Block:
    """A fenced block of a page and the output shown below it, or None."""

    kind: str
    text: str
    shown: str | None


def blocks(text):
    """Return the blocks that run, in order; a ``text`` block right after one is what it prints."""
    found = [
        (match, match[2], "\n".join(line.removeprefix(match[1]) for line in match[3].splitlines()))
        for match in BLOCK.finditer(text)
    ]
    made = []
    for at, (match, kind, body) in enumerate(found):
        if kind not in ("python", "console") or ">>> " in body:
            continue
        after = found[at + 1] if at + 1 < len(found) else None
        shown = after and after[1] == "text" and not text[match.end() : after[0].start()].strip()
        made.append(Block(kind, body, after[2] if shown else None))
    return made


def same(shown, printed):
    """Say whether this was printed: word for word but for line breaks, ``...`` for any, decimals nearly."""
    parts = [
        re.sub(r"(?:\\ |\\?\s)+", r"\\s+", re.escape(part)).replace(r"\.\.\.", ".*?")
        for part in DECIMAL.split(shown.strip())
    ]
    found = re.fullmatch(f"({DECIMAL.pattern})".join(parts), printed.strip(), flags=re.DOTALL)
    wanted = [float(number) for number in DECIMAL.findall(shown)]
    return found is not None and np.allclose(
        [float(group) for group in found.groups()], wanted, rtol=CLOSE, atol=0.02
    )


def commands(block):
    """Return the edgewise commands of a block; other programs are for a person to run."""
    if block.kind != "console":
        return []
    lines = block.text.replace("\\\n", " ").splitlines()
    return [line.removeprefix("$ ") for line in lines if line.removeprefix("$ ").startswith("edgewise ")]


def command(line):
    """Run one command line in this process, as a shell would in a new one."""
    before = sys.argv
    sys.argv = shlex.split(line, comments=True)
    code = None
    try:
        main()
    except SystemExit as stop:
        code = stop.code
    finally:
        sys.argv = before
    assert not code, f"{line}: exit status {code}"


def run(block, names):
    """Run a block and return what it printed."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        if block.kind == "python":
            exec(compile(block.text, "<page>", "exec"), names)
        for line in commands(block):
            if not line.startswith(HOURS):
                fill_in(line)
                command(line)
    return out.getvalue()


def fill_in(line):
    """Stand for the person who labels: fill in the empty labels of files that a command is to read."""
    words = shlex.split(line, comments=True)
    for path in [Path(words[at + 1]) for at, word in enumerate(words) if word == "--labels"]:
        with path.open(newline="") as file:
            rows = list(csv.DictReader(file))
        if "x0" not in rows[0] or any(row["label"] for row in rows):
            continue
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, rows[0].keys())
            writer.writeheader()
            writer.writerows(row | {"label": "yes" if float(row["x0"]) > 0 else "no"} for row in rows)


def readers_own(page, folder):
    """Make what a reader has: two moons as arrays and as a pool with labels; for the network page, images."""
    from sklearn.datasets import load_digits, make_moons
    from sklearn.linear_model import LogisticRegression

    X, y = make_moons(900, noise=0.2, random_state=0)
    X = np.clip(X / 4 + 0.5, 0, 1)
    if page.endswith("networks.md"):
        X, y = load_digits(return_X_y=True)
        X = np.pad(np.kron(X[:300].reshape(-1, 8, 8) / 16, np.ones((3, 3))), ((0, 0), (2, 2), (2, 2)))
        return networks_own(X.reshape(300, -1).astype("float32"), y[:300])
    np.savetxt(folder / "pool.csv", X - 0.5, delimiter=",", header="x0,x1", comments="")
    np.savetxt(
        folder / "labels.csv",
        np.column_stack([np.arange(40), y[:40]]),
        fmt="%d",
        delimiter=",",
        header="row,label",
        comments="",
    )
    return {
        "X_train": X[:200],
        "y_train": y[:200],
        "X": X[200:220],
        "pool": X,
        "model": LogisticRegression(),
        "oracle": lambda points: [int(point[0] > 0) for point in points],
    }


def networks_own(X, y):
    """Make a module, a kernel model and an attack of the reader's own beside the images."""
    from edgewise.models.architectures import LeNet5
    from edgewise.models.kernel_ridge import KernelRidgeClassifier

    return {
        "X_train": X,
        "y_train": y,
        "X": X[:5],
        "images": X[:5].reshape(-1, 1, 28, 28),
        "my_module": LeNet5(10).eval(),
        "kernel_ridge": KernelRidgeClassifier("rbf", scale=5.0).fit(X, y),
        "theirs": lambda model, X, y: 1 - X,
    }


WITH_BLOCKS = [page for page in PAGES if blocks((ROOT / page).read_text(encoding="utf-8"))]


LONG = {
    "docs/extend/attack.md",
    "docs/layers/networks.md",
    "docs/layers/report.md",
    "docs/scale.md",
    "docs/tutorials/audit-endpoint.md",
    "docs/tutorials/customer.md",
}


@pytest.mark.parametrize(
    "page", [pytest.param(page, marks=pytest.mark.slow if page in LONG else ()) for page in WITH_BLOCKS]
)
def test_examples_run_and_print_what_is_shown(page, tmp_path, monkeypatch):
    if page in NEEDS_TORCH:
        pytest.importorskip("torch")
    monkeypatch.chdir(tmp_path)
    names = {"__name__": "__main__"} | (readers_own(page, tmp_path) if page in READERS_OWN else {})
    for block in blocks((ROOT / page).read_text(encoding="utf-8")):
        printed = run(block, names)
        if block.shown is not None:
            told = f"{page} shows\n{block.shown}\nbut this is printed\n{printed}\nby\n{block.text}"
            assert same(block.shown, printed), told


def every_command():
    named = [*PAGES, "README.md", "CONTRIBUTING.md"]
    return [
        (page, line)
        for page in named
        for block in blocks((ROOT / page).read_text(encoding="utf-8"))
        for line in commands(block)
    ]


@pytest.mark.parametrize(("page", "line"), every_command())
def test_commands_have_the_options_they_are_given(page, line):
    group = typer.main.get_command(app)
    words = shlex.split(line, comments=True)[1:]
    if words == ["--help"]:
        return
    while words and words[0] in getattr(group, "commands", {}):
        group, words = group.commands[words[0]], words[1:]
    with group.make_context("edgewise", words) as context:
        assert context.command is not None


def test_a_wrong_output_is_noticed():
    page = "```python\nprint(1 + 1)\n```\n\n```text\n3\n```\n"
    (block,) = blocks(page)
    assert block.shown == "3"
    assert not same(block.shown, run(block, {}))


def test_what_counts_as_the_same():
    assert same("a  0.50\nb", "a 0.52 b\n")
    assert same("from 3 ... to +0.2", "from 3 and\nmore to +0.19")
    assert not same("a 0.50", "a 0.60")
    assert not same("a 3", "a 4")
    assert not same("a", "a b")


def test_a_command_with_an_option_it_lacks_is_noticed():
    with pytest.raises(Exception, match="no-such-option"):
        test_commands_have_the_options_they_are_given("", "edgewise query pool.csv --no-such-option")


def test_links_lead_somewhere():
    """Relative links of README, CONTRIBUTING and the pages name files of the repository."""
    link = re.compile(r"\]\((?![a-z]+:|#)([^)\s#]+)")
    lost = [
        (page, target)
        for page in [*PAGES, "README.md", "CONTRIBUTING.md"]
        for target in link.findall((ROOT / page).read_text(encoding="utf-8"))
        if not ((ROOT / page).parent / target).exists() and Path(target).name != "walkthrough.md"
    ]
    assert not lost


def named():
    """Return each page that lists things, and what it is to list."""
    return {
        "cli": typer.main.get_command(app).commands,
        "attacks": ATTACKS,
        "data": DATASETS,
        "active-learning": STRATEGIES,
    }


@pytest.mark.parametrize("page", named())
def test_pages_name_every_command_and_component(page):
    text = (ROOT / "docs" / "layers" / f"{page}.md").read_text(encoding="utf-8")
    assert not [name for name in named()[page] if f"`{name}`" not in text]
