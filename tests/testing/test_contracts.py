"""Every registry row meets every contract check of its layer."""

import os
from functools import partial

import pytest

from edgewise.attacks import ATTACKS, attack
from edgewise.data import DATASETS, load
from edgewise.data.files import MissingDataError
from edgewise.models import MODELS
from edgewise.strategies import STRATEGIES
from edgewise.strategies.selecting import query
from edgewise.testing import ATTACK_CHECKS, DATASET_CHECKS, MODEL_CHECKS, STRATEGY_CHECKS, AttackProblem


SKIPS = {
    (name, "ignores_batch_mates"): "without starts=, the samples attacked are what it starts from"
    for name in ("opt", "race")
}


SLOW = {"cifar10": "unpacks and hashes 170 MB"}


def pairs(rows, checks):
    return [
        pytest.param(
            name, check, id=f"{name}-{check.__name__}", marks=[pytest.mark.slow] if name in SLOW else []
        )
        for name in rows
        for check in checks
    ]


@pytest.mark.parametrize(("name", "check"), pairs(ATTACKS, ATTACK_CHECKS))
def test_attack(name, check):
    row = ATTACKS[name]
    if reason := SKIPS.get((name, check.__name__)):
        pytest.skip(reason)
    check(partial(attack, attack=row.make(**row.small)), AttackProblem.for_needs(row.needs))


@pytest.mark.parametrize(("name", "check"), pairs(DATASETS, DATASET_CHECKS))
def test_dataset(name, check):
    row = DATASETS[name]
    if "files" in row.needs and not os.environ.get("EDGEWISE_DATA"):
        pytest.skip(f"set EDGEWISE_DATA to a folder with the files of {name}; tests use no network")
    try:
        check(lambda rng: load(name, rng=rng, **row.small))
    except MissingDataError as error:
        pytest.skip(f"the files of {name} are not here: {str(error)[:80]}")


@pytest.mark.parametrize(("name", "check"), pairs(MODELS, MODEL_CHECKS))
def test_model(name, check):
    check(partial(MODELS[name].make, **MODELS[name].small))


@pytest.mark.parametrize(("name", "check"), pairs(STRATEGIES, STRATEGY_CHECKS))
def test_strategy(name, check):
    check(partial(query, strategy=STRATEGIES[name].make(**STRATEGIES[name].small)))
