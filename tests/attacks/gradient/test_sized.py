"""FGSM and PGD: the formula, the radius to the last digit, random starts, stopping."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import edgewise as ew
from edgewise.arrays import InputError
from edgewise.attacks.frame import Proposal
from edgewise.attacks.gradient.fgsm_pgd import FGSM, PGD
from edgewise.geometry import length
from edgewise.models.access import Access


def net(d=6, c=3, seed=0, dtype=torch.float64):
    with torch.random.fork_rng([]):
        torch.manual_seed(seed)
        return torch.nn.Sequential(torch.nn.Linear(d, 16), torch.nn.Tanh(), torch.nn.Linear(16, c)).to(dtype)


def propose(method, model, X, box=None, seed=0) -> Proposal:
    access = Access.to(model, len(X))
    return method(access, X, access.labels(X), box=box, seed=seed, advance=lambda _n: None)


def test_fgsm_is_a_step_along_the_sign_of_the_loss_gradient():
    model, X = net(), np.random.default_rng(0).normal(size=(10, 6))
    x = torch.tensor(X, requires_grad=True)
    z = model(x)
    torch.nn.functional.cross_entropy(z, z.argmax(1), reduction="sum").backward()
    expected = X + 0.3 * np.sign(x.grad.numpy())
    np.testing.assert_allclose(propose(FGSM(0.3), model, X).points, expected, rtol=1e-12)
    twin = propose(FGSM(0.31), model, X).points
    assert not np.allclose(twin, expected)


@pytest.mark.parametrize("norm", [2, np.inf])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@settings(max_examples=25, deadline=None)
@given(eps=st.floats(1e-9, 1e3), at=st.floats(-1e4, 1e4), seed=st.integers(0, 100))
def test_the_radius_holds_to_the_last_digit(norm, dtype, eps, at, seed):
    X = (at + np.random.default_rng(seed).normal(size=(5, 6))).astype(dtype)
    model = net(dtype=torch.float32 if dtype == np.float32 else torch.float64)[0]
    for method in (FGSM(eps, norm), PGD(eps, steps=3, norm=norm, stop_when_crossed=False)):
        points = propose(method, model, X, seed=seed).points
        assert points.dtype == dtype
        if norm == np.inf:
            assert (np.abs(points.astype(np.longdouble) - X) <= np.longdouble(eps)).all()
        assert (length(points.astype(float) - X, norm) <= eps).all()


def test_the_check_of_the_radius_rejects_plain_addition():
    X = np.full((1, 6), 0.7, np.float32)
    moved = X + np.float32(0.1)
    assert (np.abs(moved.astype(float) - X) > 0.1).any()


def test_pgd_climbs_where_one_step_does_not():
    model, X = net(seed=2), np.random.default_rng(1).normal(size=(200, 6))
    one, many = (
        ew.attack(model, X, m, rng=0).found.mean()
        for m in (FGSM(0.5), PGD(0.5, steps=30, random_start=False))
    )
    assert many > one


def test_pgd_starts_differ_by_seed_and_not_by_company():
    model, X = net(), np.random.default_rng(1).normal(size=(20, 6))
    method = PGD(0.1, step=0.01, steps=1, stop_when_crossed=False)
    a, b = propose(method, model, X, seed=1).points, propose(method, model, X, seed=2).points
    assert not np.allclose(a, b)
    np.testing.assert_allclose(propose(method, model, X[5:7], seed=1).points, a[5:7], rtol=1e-12)


def test_stopping_when_crossed_saves_rows_and_keeps_the_successes():
    model, X = net(seed=2), np.random.default_rng(1).normal(size=(100, 6))
    stop, go = (
        ew.attack(model, X, ew.attacks.PGD(eps=0.5, steps=20, stop_when_crossed=s), rng=0)
        for s in (True, False)
    )
    assert stop.found.sum() >= go.found.sum() > 10
    assert stop.gradients.sum() < go.gradients.sum()
    assert (stop.distance[stop.found & go.found] <= 0.5).all()


@pytest.mark.parametrize("bad", [{"eps": 0}, {"eps": -1}, {"eps": np.nan}, {"norm": 1}, {"batch_size": 0}])
@pytest.mark.parametrize("kind", [FGSM, PGD])
def test_bad_settings(kind, bad):
    with pytest.raises(InputError):
        kind(**bad)


def test_bad_steps():
    for bad in ({"steps": 0}, {"step": 0.0}):
        with pytest.raises(InputError):
            PGD(**bad)
