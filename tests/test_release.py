"""What is released: a wheel that installs and works in a clean environment, and files that agree with it."""

import re
import subprocess
import sys
import tomllib
import venv
from pathlib import Path

import pytest

import edgewise


ROOT = Path(__file__).parents[1]


def test_one_version_everywhere():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["version"] == edgewise.__version__
    citation = (ROOT / "CITATION.cff").read_text()
    assert re.search(rf"^version: {re.escape(edgewise.__version__)}$", citation, re.MULTILINE)
    assert f"## {edgewise.__version__}" in (ROOT / "CHANGELOG.md").read_text()


def test_help_loads_nothing_heavy():
    code = "import sys; from edgewise.cli import app; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = {"numpy", "scipy", "sklearn", "torch", "numba", "matplotlib", "joblib", "ray", "rich"}
    assert not heavy & set(done.stdout.split())


@pytest.mark.slow
def test_the_wheel_works_in_a_clean_environment(tmp_path):
    def call(*words):
        done = subprocess.run(
            [str(word) for word in words], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    call(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", tmp_path, ROOT)
    (wheel,) = tmp_path.glob("edgewise-*.whl")
    venv.create(tmp_path / "clean", with_pip=True)
    python = tmp_path / "clean" / "bin" / "python"
    call(python, "-m", "pip", "install", "--quiet", "--no-cache-dir", "-c", ROOT / "constraints.txt", wheel)
    said = call(
        python,
        "-c",
        "import edgewise, pathlib; home = pathlib.Path(edgewise.__file__).parent; "
        "print(home, (home / 'py.typed').exists())",
    )
    assert str(tmp_path) in said
    assert said.strip().endswith("True")
    command = tmp_path / "clean" / "bin" / "edgewise"

    def refused(*words):
        done = subprocess.run([command, *words], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 2
        return done.stderr

    assert "edgewise[paper]" in refused("demo", "--seeds", "1")
    assert not (tmp_path / "demo").exists()
    assert "edgewise[torch]" in refused("reproduce", "table4", "--quick")
    assert "proved exact" in call(command, "attack", "-n", 5)
    paper = f"{wheel}[paper]"
    call(python, "-m", "pip", "install", "--quiet", "--no-cache-dir", "-c", ROOT / "constraints.txt", paper)
    call(command, "demo", "--seeds", 1, "--jobs", 1)
    assert (tmp_path / "demo" / "report.html").stat().st_size > 10_000
