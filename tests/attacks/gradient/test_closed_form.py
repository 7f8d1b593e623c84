"""Linear models, where the distance to the boundary is known; and a twin that the same check rejects."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq

import edgewise as ew
from edgewise.attacks.gradient.batches import ascent
from edgewise.attacks.gradient.deepfool import half_space_in_box


TOLERANCE = {"deepfool": 1e-3, "cw": 1e-2, "ddn": 1e-2}


def linear(W, b, dtype=torch.float64):
    module = torch.nn.Linear(W.shape[1], W.shape[0]).to(dtype)
    module.weight.data, module.bias.data = torch.tensor(W, dtype=dtype), torch.tensor(b, dtype=dtype)
    return module


def binary(d, scale, seed=0, n=12):
    """A two-class linear model, points in [0, scale]^d, exact distances without and with that box."""
    rng = np.random.default_rng(seed)
    W = rng.normal(size=(2, d))
    w = W[1] - W[0]
    X = rng.uniform(size=(n, d)) * scale
    b = -(X.mean(axis=0) @ w)
    gap = X @ w + b
    free = np.abs(gap) / np.linalg.norm(w)
    return (
        linear(W, np.array([0.0, b])),
        X,
        free,
        np.array([boxed(x, -np.sign(g) * w, abs(g), scale) for x, g in zip(X, gap, strict=True)]),
    )


def boxed(x, w, need, high):
    """The least length of delta with w . delta >= need and 0 <= x + delta <= high, by root finding."""

    def short(lam):
        return w @ np.clip(lam * w, -x, high - x) - need

    top = 1e9
    if short(top) < 0:
        return np.inf
    lam = brentq(short, 0, top, xtol=1e-18, rtol=1e-14, maxiter=500)
    return np.linalg.norm(np.clip(lam * w, -x, high - x))


def check(attack, model, X, exact, box, tolerance, **settings):
    adv = ew.attack(model, X, attack, box=box, **settings)
    reachable = np.isfinite(exact)
    assert (adv.found == reachable).all()
    ratio = adv.distance[reachable] / exact[reachable]
    assert (ratio > 1 - 1e-6).all(), "closer than the boundary"
    assert (ratio < 1 + tolerance).all(), ratio.max()


@pytest.mark.parametrize("name", TOLERANCE)
@pytest.mark.parametrize(("d", "scale"), [(2, 1.0), (8, 1e-3), (50, 100.0)])
def test_distance_on_a_linear_model(name, d, scale):
    model, X, free, inside = binary(d, scale)
    check(name, model, X, free, None, TOLERANCE[name])
    check(name, model, X, inside, (0, scale), TOLERANCE[name])


@pytest.mark.parametrize("name", TOLERANCE)
def test_distance_on_a_linear_model_in_float32(name):
    model, X, free, _ = binary(8, 1.0)
    check(name, model.float(), X.astype(np.float32), free, None, TOLERANCE[name])


def test_the_check_rejects_a_twin_that_goes_too_far_and_one_that_stops_short():
    model, X, free, _ = binary(8, 1.0)
    near = ew.attack(model, X, "deepfool", rng=0)
    with pytest.raises(AssertionError):
        check(lambda *_: X + 1.02 * (near.points - X), model, X, free, None, 1e-3)
    with pytest.raises(AssertionError):
        check(lambda *_: X + 0.98 * (near.points - X), model, X, free, None, 1e-3)


def test_deepfool_with_all_candidates_finds_the_nearest_of_many_classes():
    rng = np.random.default_rng(3)
    W, b, X = rng.normal(size=(9, 6)), rng.normal(size=9), rng.uniform(size=(40, 6))
    z = X @ W.T + b
    own = z.argmax(axis=1)
    gap = z[np.arange(40), own][:, None] - z
    width = np.linalg.norm(W[None] - W[own][:, None], axis=2)
    exact = np.where(width > 0, gap / np.where(width > 0, width, 1), np.inf).min(axis=1)
    adv = ew.attack(linear(W, b), X, ew.attacks.DeepFool(candidates=None), rng=0)
    np.testing.assert_allclose(adv.distance, exact, rtol=1e-3)
    few = ew.attack(linear(W, b), X, ew.attacks.DeepFool(candidates=2), rng=0).distance
    assert (few >= exact * (1 - 1e-6)).all()
    assert (few > exact * 1.01).any()


def test_textbook_deepfool_takes_one_step_on_a_linear_model():
    model, X, free, _ = binary(8, 1.0)
    adv = ew.attack(
        model, X, ew.attacks.DeepFool(half_steps=0, refine=False, overshoot=0.02, slack=0.0), rng=0
    )
    assert (adv.counts["steps"] == 1).all()
    np.testing.assert_allclose(adv.distance, 1.02 * free, rtol=1e-6)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 12))
def test_half_space_in_box_is_the_nearest_point(seed, d):
    rng = np.random.default_rng(seed)
    w, x, need = rng.normal(size=d), rng.uniform(size=d), rng.uniform(0, 2)
    delta, reached = half_space_in_box(
        *(torch.tensor(v)[None] for v in (w, need)), torch.tensor(-x)[None], torch.tensor(1 - x)[None]
    )
    exact = boxed(x, w, need, 1.0)
    assert bool(reached[0]) == bool(np.isfinite(exact)) or abs(need - w @ delta[0].numpy()) < 1e-3 * need
    if np.isfinite(exact):
        assert float(delta.norm()) == pytest.approx(exact, rel=2e-3)
    assert bool(((delta >= torch.tensor(-x)) & (delta <= torch.tensor(1 - x))).all())


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6))
def test_ascent_has_the_direction_of_the_cross_entropy_gradient(seed):
    rng = torch.Generator().manual_seed(seed)
    z = torch.randn(4, 5, generator=rng, dtype=torch.float64).requires_grad_()
    y = torch.randint(5, (4,), generator=rng)
    (expected,) = torch.autograd.grad(torch.nn.functional.cross_entropy(z, y, reduction="sum"), z)
    cosine = torch.nn.functional.cosine_similarity(ascent(z.detach(), y), expected)
    torch.testing.assert_close(cosine, torch.ones_like(cosine))


def test_ascent_does_not_vanish_where_the_model_is_sure():
    z = torch.tensor([[500.0, 0.0, -3.0]])
    assert float(ascent(z, torch.tensor([0])).abs().sum()) == pytest.approx(2)
