"""The public list is reality, and importing the package is cheap."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import edgewise


def test_every_public_name_resolves_and_no_other_does():
    assert sorted(edgewise.__all__) == sorted(edgewise._HOMES)
    for name in edgewise.__all__:
        assert getattr(edgewise, name) is not None
    assert not hasattr(edgewise, "attak")


def test_every_public_object_has_a_docstring():
    for name in edgewise.__all__:
        item = getattr(edgewise, name)
        if callable(item):
            assert item.__doc__, name


def loaded_after(statement):
    code = f"import sys; {statement}; print(*sorted(m for m in sys.modules if '.' not in m))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_importing_is_lazy():
    heavy = {"sklearn", "scipy", "numba", "matplotlib", "torch", "joblib", "rich", "jinja2"}
    assert not heavy & loaded_after("import edgewise")
    assert not heavy & loaded_after("from edgewise.attacks import ATTACKS")


def test_a_nearest_neighbour_attack_needs_no_torch():
    code = (
        "import edgewise as ew; from sklearn.neighbors import KNeighborsClassifier as K; "
        "ew.attack(K(1).fit([[0.0], [1.0]], [0, 1]), [[0.2]], 'region-exact')"
    )
    assert "torch" not in loaded_after(code)


WITHOUT_TORCH = """
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "torch":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Absent())
import edgewise as ew
from sklearn.neighbors import KNeighborsClassifier
knn = KNeighborsClassifier(1).fit([[0.0], [1.0]], [0, 1])
assert ew.attack(knn, [[0.2]], "direct").found[0]
try:
    ew.attack(knn, [[0.2]], "deepfool")
except ImportError as error:
    print(error)
"""


def test_without_torch_the_rest_works_and_says_what_to_install():
    done = subprocess.run([sys.executable, "-c", WITHOUT_TORCH], capture_output=True, text=True, check=True)
    assert "pip install 'edgewise[torch]'" in done.stdout


def test_every_optional_package_is_known_by_its_extra():
    from edgewise.importing import EXTRAS

    project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())["project"]
    known = {(package, extra) for package, extra in EXTRAS.items()}
    for extra, needed in project["optional-dependencies"].items():
        for line in needed:
            package = re.split(r"[<>=\[]", line)[0].lower()
            assert (package, extra) in known or package in EXTRAS, line
    assert set(EXTRAS.values()) <= set(project["optional-dependencies"])


def test_a_row_knows_what_it_lacks():
    from edgewise.importing import MissingExtraError
    from edgewise.registry import Row

    assert Row("a:b", "here").installed
    lacking = Row("a:b", "Table 9: a thing", extra="no_such_package")
    assert not lacking.installed
    with pytest.raises(MissingExtraError, match=r"Table 9: a thing needs .* pip install 'edgewise\[no_such"):
        lacking.require()
