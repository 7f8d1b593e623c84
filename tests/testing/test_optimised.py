"""Under ``python -O`` the checks still reject their broken twins."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import edgewise.testing


HERE = Path(__file__).parent
# What the test modules themselves do is undone by -O too (pytest.raises is not), so the twins are called directly.
REJECTED = """
import importlib.util, sys
spec = importlib.util.spec_from_file_location("twins", sys.argv[1])
twins = importlib.util.module_from_spec(spec)
spec.loader.exec_module(twins)
from edgewise.testing import ATTACK_CHECKS, DATASET_CHECKS, MODEL_CHECKS, STRATEGY_CHECKS, AttackProblem
passed = []
for checks, broken, given in (
    (ATTACK_CHECKS, twins.ATTACK_TWINS, [AttackProblem.neighbours]),
    (DATASET_CHECKS, twins.DATA_TWINS, []),
    (MODEL_CHECKS, twins.MODEL_TWINS, []),
    (STRATEGY_CHECKS, twins.STRATEGY_TWINS, []),
):
    for check in checks:
        try:
            check(broken[check.__name__], *(make() for make in given))
        except AssertionError:
            continue
        passed.append(check.__name__)
print(sys.flags.optimize, passed)
"""


@pytest.mark.slow
def test_twins_are_rejected_without_asserts():
    done = subprocess.run(
        [sys.executable, "-O", "-W", "ignore", "-c", REJECTED, str(HERE / "test_checks.py")],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split(maxsplit=1) == ["1", "[]\n"]


def test_no_check_is_a_bare_assert():
    for file in Path(edgewise.testing.__file__).parent.glob("*.py"):
        bare = [node.lineno for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Assert)]
        assert not bare, f"{file.name}: lines {bare}"
