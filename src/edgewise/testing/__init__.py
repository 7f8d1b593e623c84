"""Contract checks for anything registered; run them on a component of your own.

Each check is a function that raises `AssertionError` with what went wrong. The lists below hold all of
them; a test runs every registry row through every check, and every check against a broken twin.

Examples
--------
>>> from functools import partial
>>> from edgewise import attack
>>> from edgewise.testing import ATTACK_CHECKS, AttackProblem
>>> mine = partial(attack, attack="direct")
>>> for check in ATTACK_CHECKS:
...     check(mine, AttackProblem.neighbours())
"""

from edgewise.testing.attacks import ATTACK_CHECKS, AttackProblem
from edgewise.testing.data import DATASET_CHECKS
from edgewise.testing.models import MODEL_CHECKS
from edgewise.testing.strategies import STRATEGY_CHECKS


__all__ = ["ATTACK_CHECKS", "DATASET_CHECKS", "MODEL_CHECKS", "STRATEGY_CHECKS", "AttackProblem"]
