"""What every gradient attack promises: no false success, no trace left, no company that matters."""

import warnings

import numpy as np
import pytest
import torch
from torch import nn

import edgewise as ew
from edgewise.arrays import InputError
from edgewise.attacks import ATTACKS
from edgewise.attacks.gradient.model_warnings import (
    ProbabilityWarning,
    RandomisedModelWarning,
    ZeroGradientWarning,
)
from edgewise.models.access import UnansweredError
from edgewise.models.kernel_ridge import KernelRidgeClassifier
from edgewise.models.torch_calls import OutOfMemoryWarning


NAMES = ("fgsm", "pgd", "deepfool", "cw", "ddn")
FAST = {
    "fgsm": {"eps": 0.5},
    "pgd": {"eps": 0.5, "steps": 10},
    "deepfool": {},
    "cw": {"searches": 2, "steps": 60},
    "ddn": {"steps": 60},
}
everyone = pytest.mark.parametrize("name", NAMES)


def seeded(make, seed=0):
    with torch.random.fork_rng([]):
        torch.manual_seed(seed)
        return make()


def net(d=6, c=3, dtype=torch.float64):
    return seeded(lambda: nn.Sequential(nn.Linear(d, 16), nn.Tanh(), nn.Linear(16, c))).to(dtype)


def conv(dtype=torch.float32):
    return seeded(
        lambda: nn.Sequential(
            nn.Conv2d(1, 4, 3, padding=1),
            nn.BatchNorm2d(4),
            nn.ReLU(),
            nn.Dropout(0.5),
            nn.Flatten(),
            nn.Linear(144, 3),
        )
    ).to(dtype)


def points(n=12, d=6, seed=0):
    return np.random.default_rng(seed).uniform(size=(n, d))


def run(name, model, X, **kwargs):
    own = {"y", "box", "rng", "progress"}
    settings = FAST[name] | {key: value for key, value in kwargs.items() if key not in own}
    method = ATTACKS[name].make(**settings)
    return ew.attack(model, X, method, **{key: value for key, value in kwargs.items() if key in own})


def test_every_row_of_the_registry_is_here():
    assert set(NAMES) == {name for name, row in ATTACKS.items() if row.extra == "torch"}


@everyone
def test_what_is_found_is_what_the_model_says(name):
    model, X = net(), points(40)
    adv = run(name, model, X, box=(0, 1), eps=0.5) if "eps" in FAST[name] else run(name, model, X, box=(0, 1))
    with torch.no_grad():
        label = model(torch.tensor(adv.points)).argmax(1).numpy()
    assert adv.found.any()
    assert (adv.found == (label != adv.source_label)).all()
    assert (adv.points >= 0).all()
    assert (adv.points <= 1).all()
    assert (adv.points[~adv.found] == X[~adv.found]).all()


class Blank(nn.Module):
    """Class 1 exactly for images darker than a threshold: the all-black image is of another class."""

    def __init__(self, reach=1.0):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(16, dtype=torch.float64) / 16)
        self.reach = reach

    def forward(self, x):
        mean = x.flatten(1) @ self.weight
        return torch.stack([mean, torch.full_like(mean, 0.2) * self.reach], dim=1)


@everyone
def test_no_false_success_on_blank_saturated_wrong_and_unreachable_samples(name):
    """The suite on which a popular C&W calls 18 of 32 black images adversarial."""
    X = np.random.default_rng(0).integers(0, 2, size=(30, 16)).astype(float)
    model, out_of_reach = Blank(), Blank(reach=-1.0)
    with torch.no_grad():
        clean = model(torch.tensor(X)).argmax(1).numpy()
    y = np.where(np.arange(30) < 5, 1 - clean, clean)
    adv = run(name, model, X, y=y, box=(0, 1))
    with torch.no_grad():
        after = model(torch.tensor(adv.points)).argmax(1).numpy()
    assert (adv.status[:5] == "already").all()
    assert (adv.distance[:5] == 0).all()
    assert (adv.points[:5] == X[:5]).all()
    assert (adv.found[5:] == (after[5:] != y[5:])).all()
    if name not in ("fgsm", "pgd"):
        assert adv.found.all(), "saturated pixels must be able to move"
        assert (adv.distance[5:] < np.linalg.norm(X[5:], axis=1)).all(), "the blank image is not the nearest"
    never = run(name, out_of_reach, X, box=(0, 1))
    assert not never.found.any()
    assert (never.points == X).all()
    assert np.isinf(never.distance).all()
    assert (never.status == "failed").all()


def test_the_suite_rejects_an_attack_that_returns_blank_images_with_its_own_flag():
    X = np.random.default_rng(0).integers(0, 2, size=(30, 16)).astype(float)
    never = ew.attack(Blank(reach=-1.0), X, lambda _m, X, _y: np.zeros_like(X), box=(0, 1), rng=0)
    assert not never.found.any()
    near = run("deepfool", Blank(), X, box=(0, 1))
    blank = ew.attack(Blank(), X, lambda _m, X, _y: np.zeros_like(X), box=(0, 1), rng=0)
    assert (blank.distance[near.status == "crossed"] > near.distance[near.status == "crossed"]).all()


@everyone
def test_nothing_of_the_caller_is_touched(name):
    model, X = conv(), points(6, 36).reshape(6, 1, 6, 6).astype(np.float32)
    model.train()
    model[1].eval()
    model[0].bias.requires_grad_(False)
    model[5].bias.grad = torch.ones(3)
    before = {key: value.clone() for key, value in model.state_dict().items()}
    layout = [weight.stride() for weight in model.parameters()]
    modes, wants = [m.training for m in model.modules()], [w.requires_grad for w in model.parameters()]
    copy, torch_state = X.copy(), torch.get_rng_state()
    numpy_state = np.random.get_state()[1].copy()  # noqa: NPY002
    X.setflags(write=False)
    with torch.no_grad():
        run(name, model, X, box=(0, 1), rng=3)
        assert not torch.is_grad_enabled()
    assert (X == copy).all()
    assert torch.equal(torch.get_rng_state(), torch_state)
    assert (np.random.get_state()[1] == numpy_state).all()  # noqa: NPY002
    assert [m.training for m in model.modules()] == modes
    assert [w.requires_grad for w in model.parameters()] == wants
    assert [weight.stride() for weight in model.parameters()] == layout
    assert all(torch.equal(value, before[key]) for key, value in model.state_dict().items())
    assert torch.equal(model[5].bias.grad, torch.ones(3))
    assert all(w.grad is None for w in model.parameters() if w is not model[5].bias)


@everyone
def test_everything_is_put_back_after_an_error(name):
    class Fails(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner, self.calls = net(), 0

        def forward(self, x):
            self.calls += 1
            if self.calls > 3:
                raise RuntimeError("broken on purpose")
            return self.inner(x)

    model = Fails().train()
    with pytest.raises(InputError, match="on purpose"):
        run(name, model, points())
    assert model.inner[1].training
    assert all(w.requires_grad for w in model.parameters())


@everyone
def test_company_and_order_do_not_matter(name):
    model, X = net(), points(16)
    whole = run(name, model, X, rng=5)
    order = np.random.default_rng(1).permutation(16)
    shuffled = run(name, model, X[order], rng=5)
    alone = [run(name, model, X[i : i + 1], rng=5) for i in range(3)]
    assert (shuffled.found == whole.found[order]).all()
    np.testing.assert_allclose(shuffled.points, whole.points[order], rtol=0, atol=1e-9)
    np.testing.assert_allclose(np.concatenate([a.points for a in alone]), whole.points[:3], rtol=0, atol=1e-9)
    split = run(name, model, X, rng=5, batch_size=5)
    np.testing.assert_allclose(split.points, whole.points, rtol=0, atol=1e-9)


@everyone
@pytest.mark.parametrize("given", [np.float32, np.float64])
@pytest.mark.parametrize("inside", [torch.float32, torch.float64])
def test_dtypes(name, given, inside):
    adv = run(name, net(dtype=inside), points().astype(given), box=(0, 1))
    assert adv.points.dtype == given
    assert adv.found.any()


@everyone
def test_no_sample_to_attack(name):
    model, X = net(), points(4)
    with torch.no_grad():
        y = (model(torch.tensor(X)).argmax(1).numpy() + 1) % 3
    adv = run(name, model, X, y=y)
    assert (adv.status == "already").all()
    with pytest.raises(InputError, match="empty"):
        run(name, model, np.empty((0, 6)))


@everyone
def test_a_box_for_each_feature(name):
    model, X = net(), points()
    low, high = X.min(axis=0), X.max(axis=0)
    high[2] = low[2] = X[0, 2]
    X[:, 2] = X[0, 2]
    adv = run(name, model, X, box=(low, high))
    assert (adv.points >= low).all()
    assert (adv.points <= high).all()
    assert (adv.points[:, 2] == X[0, 2]).all()


@everyone
@pytest.mark.parametrize("shape", [(-1,), (-1, 1)])
def test_a_single_logit(name, shape):
    class One(nn.Module):
        def forward(self, x):
            return (x[:, 0] - x[:, 1]).reshape(shape)

    X = np.array([[0.6, 0.4], [0.4, 0.7], [0.9, 0.8]])
    adv = run(name, One(), X)
    assert adv.source_label.tolist() == [1, 0, 1]
    assert adv.found.all()
    assert (adv.label == 1 - adv.source_label).all()
    if name not in ("fgsm", "pgd"):
        np.testing.assert_allclose(adv.distance, np.abs(X[:, 0] - X[:, 1]) / np.sqrt(2), rtol=1e-2)


@everyone
@pytest.mark.parametrize("kernel", ["linear", "rbf"])
def test_kernel_models_are_attacked_the_same_way(name, kernel):
    X = 2 * points(60, 2) - 1
    y = np.where(X[:, 0] + X[:, 1] ** 2 > 0.3, "up", "down")
    model = KernelRidgeClassifier(kernel, scale=0.5, alpha=0.1).fit(X, y)
    adv = run(name, model, X[:10], box=(-1, 1))
    assert adv.found.sum() >= (3 if name in ("fgsm", "pgd") else 6)
    assert (adv.label[adv.found] != adv.source_label[adv.found]).all()
    assert (adv.label == model.predict(adv.points)).all()
    assert (adv.gradients > 0).all()


@everyone
def test_models_without_gradient_are_refused(name):
    from sklearn.neighbors import KNeighborsClassifier

    class Step(nn.Module):
        def forward(self, x):
            return torch.stack([x[:, 0], x[:, 1]], 1).detach()

    knn = KNeighborsClassifier(1).fit(points(), np.arange(12) % 2)
    for model in (knn, Step()):
        with pytest.raises(UnansweredError, match="gradient"):
            run(name, model, points())


class Noisy(nn.Module):
    def forward(self, x):
        return nn.functional.dropout(x[:, :3], 0.5, training=True) + 2 * torch.eye(3, dtype=x.dtype)[0]


class Sure(nn.Module):
    def forward(self, x):
        return (1e4 * x[:, :2]).softmax(1)


@everyone
def test_randomised_and_saturated_models_are_named(name):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        run(name, Noisy(), points())
        run(name, Sure(), points())
    kinds = {w.category for w in caught}
    assert {RandomisedModelWarning, ProbabilityWarning, ZeroGradientWarning} <= kinds


@everyone
def test_sound_models_are_not_suspected(name):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run(name, net(), points())


class Answers(nn.Module):
    def __init__(self, answer):
        super().__init__()
        self.answer = answer

    def forward(self, x):
        return self.answer(x)


@everyone
@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (lambda x: x.reshape(len(x), 2, 3), "shape"),
        (lambda x: x[:-1], "shape"),
        (lambda x: x * torch.nan, "NaN"),
        (lambda x: x / 0, "infinite"),
        (lambda x: (x, x), "tuple"),
    ],
)
def test_bad_answers_of_a_module(name, answer, says):
    with pytest.raises(InputError, match=says):
        run(name, Answers(answer), points())


@everyone
def test_bad_input(name):
    model = net()
    with pytest.raises(InputError, match="outside the box"):
        run(name, model, points() + 2, box=(0, 1))
    with pytest.raises(InputError, match="does not know"):
        run(name, model, points(), y=np.full(12, 7))
    with pytest.raises(InputError, match="/ 255"):
        run(name, conv(), np.zeros((2, 1, 6, 6), np.uint8))
    with pytest.raises(InputError, match="NaN"):
        run(name, model, np.full((2, 6), np.nan))


@everyone
def test_out_of_memory_halves_the_batch_and_says_so(name):
    class Small(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = net()

        def forward(self, x):
            if x.requires_grad and len(x) > 4:
                raise torch.OutOfMemoryError("CUDA out of memory")
            return self.inner(x)

    X = points(12)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        adv = run(name, Small(), X)
    assert [w.category for w in caught] == [OutOfMemoryWarning] * 2
    assert "batches of 3" in str(caught[1].message)
    np.testing.assert_allclose(adv.points, run(name, net(), X).points, atol=1e-9)


def test_queries_and_gradients_are_counted_by_sample():
    model, X = net(), points(20)
    asked = 0

    def count(_module, inputs, _output):
        nonlocal asked
        asked += len(inputs[0])

    handle = model.register_forward_hook(count)
    adv = run("deepfool", model, X)
    handle.remove()
    assert adv.queries.sum() == asked
    assert (adv.gradients == 2 * adv.counts["steps"]).all() or (adv.gradients >= adv.counts["steps"]).all()


@pytest.mark.parametrize(
    ("name", "bad"),
    [
        ("deepfool", {"steps": 0}),
        ("deepfool", {"candidates": 1}),
        ("deepfool", {"overshoot": -1}),
        ("deepfool", {"slack": np.inf}),
        ("cw", {"rate": 0.5}),
        ("cw", {"searches": 0}),
        ("ddn", {"gamma": 1.0}),
        ("ddn", {"radius": 0}),
        ("ddn", {"steps": 0}),
    ],
)
def test_bad_settings(name, bad):
    with pytest.raises(InputError):
        ew.attack(net(), points(), ATTACKS[name].make(**bad), rng=0)
