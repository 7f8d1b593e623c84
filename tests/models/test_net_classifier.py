"""Networks as estimators: same seed same weights, killed and resumed the same, nothing global disturbed."""

import warnings
from contextlib import nullcontext

import numpy as np
import pytest
import torch
from sklearn.base import clone

import edgewise as ew
from edgewise.arrays import InputError
from edgewise.models import MODELS
from edgewise.models.architectures import ShallowNet
from edgewise.models.net_classifier import NetClassifier
from edgewise.models.torch_calls import OutOfMemoryWarning
from edgewise.models.training import SCHEDULES, crop_and_flip


def rings(n=160, seed=0):
    X = np.random.default_rng(seed).normal(size=(n, 2))
    return X, np.where((X**2).sum(axis=1) > 1.2, "out", "in")


def weights(model):
    return torch.cat([w.detach().flatten() for w in model.module_.parameters()])


def test_it_learns_and_answers_like_a_classifier():
    X, y = rings(400)
    model = NetClassifier(epochs=100, lr=0.03).fit(X, y)
    new, truth = rings(400, 1)
    assert model.score(new, truth) > 0.93
    p = model.predict_proba(new)
    np.testing.assert_allclose(p.sum(axis=1), 1)
    assert (model.classes_[p.argmax(axis=1)] == model.predict(new)).all()
    assert model.classes_.tolist() == ["in", "out"]
    twin = NetClassifier(epochs=100, lr=0.03).fit(X, np.random.default_rng(0).permutation(y))
    assert twin.score(new, truth) < 0.8


def test_seed_decides_and_global_state_does_not_change():
    X, y = rings()
    torch.manual_seed(1)
    before = torch.get_rng_state()
    first = NetClassifier(epochs=3, random_state=7).fit(X, y)
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(2)
    assert torch.equal(weights(NetClassifier(epochs=3, random_state=7).fit(X, y)), weights(first))
    assert not torch.equal(weights(NetClassifier(epochs=3, random_state=8).fit(X, y)), weights(first))
    assert torch.equal(weights(clone(first).fit(X, y)), weights(first))


class KilledError(Exception):
    pass


def dies_after(epochs, rows):
    """A network whose training is killed in the middle of an epoch."""

    class Dies(ShallowNet):
        seen = 0

        def forward(self, x):
            type(self).seen += len(x) * self.training
            if type(self).seen > (epochs + 0.5) * rows:
                raise KilledError
            return super().forward(x)

    return lambda d, c: Dies(d, c, 8)


def plain(d, c):
    return ShallowNet(d, c, 8)


dies_name = plain.__qualname__


@pytest.mark.parametrize(
    "settings",
    [
        {"optimizer": "adam", "schedule": "one-cycle"},
        {"optimizer": "sgd", "schedule": "cosine", "lr": 0.1, "weight_decay": 1e-3},
        {"validation": 0.25, "patience": 3, "lr": 0.05},
    ],
)
def test_a_killed_training_ends_as_an_uninterrupted_one(tmp_path, settings):
    X, y = rings()
    file = tmp_path / "net.pt"
    whole = NetClassifier(plain, epochs=8, batch_size=16, **settings).fit(X, y)
    killed = dies_after(3, len(X) * (1 - settings.get("validation", 0)))
    killed.__qualname__ = dies_name
    with pytest.raises(KilledError):
        NetClassifier(killed, epochs=8, batch_size=16, checkpoint=file, **settings).fit(X, y)
    assert torch.load(file, weights_only=True)["epochs"] == 3
    assert not file.with_name("net.pt.part").exists()
    resumed = NetClassifier(plain, epochs=8, batch_size=16, checkpoint=file, **settings).fit(X, y)
    assert torch.equal(weights(resumed), weights(whole))
    assert resumed.history_ == whole.history_
    short = NetClassifier(plain, epochs=3, batch_size=16, **settings).fit(X, y)
    assert not torch.equal(weights(short), weights(whole))


def test_a_finished_checkpoint_is_only_read(tmp_path):
    X, y = rings()
    file = tmp_path / "net.pt"
    first = NetClassifier(epochs=2, checkpoint=file).fit(X, y)
    written = file.stat().st_mtime_ns
    assert torch.equal(weights(NetClassifier(epochs=2, checkpoint=file).fit(X, y)), weights(first))
    assert file.stat().st_mtime_ns == written


def test_foreign_and_damaged_checkpoints_are_refused(tmp_path):
    X, y = rings()
    file = tmp_path / "net.pt"
    NetClassifier(epochs=1, checkpoint=file).fit(X, y)
    for other in ({"epochs": 2}, {"epochs": 1, "lr": 0.5}, {"epochs": 1, "random_state": 1}):
        with pytest.raises(InputError, match="other settings or data"):
            NetClassifier(checkpoint=file, **other).fit(X, y)
    with pytest.raises(InputError, match="other settings or data"):
        NetClassifier(epochs=1, checkpoint=file).fit(X + 1, y)
    file.write_bytes(file.read_bytes()[:100])
    with pytest.raises(InputError, match="cannot read"):
        NetClassifier(epochs=1, checkpoint=file).fit(X, y)


def test_early_stopping_keeps_the_best_weights():
    X, y = rings(60)
    noisy = np.where(np.random.default_rng(0).random(60) < 0.3, "in", y)
    model = NetClassifier(epochs=300, lr=0.05, validation=0.3, patience=5).fit(X, noisy)
    losses = [figures["valid_loss"] for figures in model.history_]
    best = int(np.argmin(losses))
    assert len(losses) == best + 6 < 300
    again = NetClassifier(epochs=best + 1, lr=0.05, validation=0.3).fit(X, noisy)
    assert torch.equal(weights(model), weights(again))


def test_out_of_memory_halves_the_batch_and_says_so():
    class Big(ShallowNet):
        def forward(self, x):
            if self.training and len(x) > 20:
                raise torch.OutOfMemoryError("CUDA out of memory")
            return super().forward(x)

    X, y = rings()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model = NetClassifier(Big, epochs=2, batch_size=64).fit(X, y)
    assert [w.category for w in caught] == [OutOfMemoryWarning] * 2
    assert "batches of 16" in str(caught[1].message)
    assert len(model.history_) == 2


def test_schedules():
    assert SCHEDULES["one-cycle"](0.3) == pytest.approx(1)
    assert SCHEDULES["one-cycle"](0.0) == 0
    for name in ("cosine", "one-cycle"):
        assert SCHEDULES[name](1.0) == pytest.approx(0)
    assert SCHEDULES["constant"](0.7) == 1


def test_crops_and_flips_are_crops_and_flips():
    torch.manual_seed(0)
    x = torch.arange(1, 1 + 2 * 3 * 5 * 6).reshape(2, 3, 5, 6).float().repeat(200, 1, 1, 1)
    out = crop_and_flip(x, padding=2)
    padded = torch.nn.functional.pad(x[:2], [2] * 4)
    views = {}
    for which in range(2):
        for down in range(5):
            for right in range(5):
                cut = padded[which, :, down : down + 5, right : right + 6]
                views[cut.numpy().tobytes()] = (which, down, right, False)
                views[cut.flip(2).contiguous().numpy().tobytes()] = (which, down, right, True)
    drawn = [views[image.contiguous().numpy().tobytes()] for image in out]
    assert {d[3] for d in drawn} == {True, False}
    assert {d[1] for d in drawn} == {d[2] for d in drawn} == set(range(5))
    assert [d[0] for d in drawn] == [0, 1] * 200
    with pytest.raises(InputError, match="images"):
        crop_and_flip(torch.rand(3, 12))


def test_augmented_images_train_and_are_attacked_as_they_are():
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 60)
    X = rng.uniform(0, 0.3, size=(60, 1, 28, 28)) + 0.6 * y[:, None, None, None]
    model = NetClassifier("lenet5", epochs=3, batch_size=20, lr=2e-3, augment=True).fit(X, y)
    assert model.score(X, y) > 0.95
    adv = ew.attack(model, X[:5], "deepfool", box=(0, 1), rng=0)
    assert adv.found.all()
    assert (adv.label == model.predict(adv.points)).all()


def test_skorch_estimators_are_attacked_too():
    from skorch import NeuralNetClassifier

    X, y = rings()
    codes = (y == "out").astype(np.int64)
    net = NeuralNetClassifier(
        ShallowNet,
        module__n_features=2,
        criterion=torch.nn.CrossEntropyLoss,
        lr=0.05,
        optimizer=torch.optim.Adam,
        max_epochs=60,
        verbose=0,
        train_split=None,
    )
    torch.manual_seed(0)
    net.fit(X.astype(np.float32), codes)
    adv = ew.attack(net, X[:20], "deepfool", rng=0)
    # The sigmoids are flat at some points; without halving, steps leave too far and a third crosses.
    assert adv.found.mean() >= 0.7
    assert (adv.label == net.predict(adv.points.astype(np.float32))).all()


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ({"epochs": 0}, "epochs"),
        ({"batch_size": 0}, "batch_size"),
        ({"optimizer": "adm"}, "adam"),
        ({"schedule": "one"}, "one-cycle"),
        ({"validation": 1.0}, "validation"),
        ({"patience": 3}, "validation"),
        ({"net": "lenet"}, "lenet5"),
    ],
)
def test_bad_settings(bad, says):
    with pytest.raises(InputError, match=says):
        NetClassifier(**bad).fit(*rings())


def test_bad_data():
    X, y = rings()
    with pytest.raises(InputError, match="one class"):
        NetClassifier().fit(X, np.zeros(len(X)))
    with pytest.raises(InputError, match="not trained"):
        NetClassifier().predict(X)
    with pytest.raises(InputError, match="features"):
        NetClassifier(epochs=1).fit(X, y).predict(X[:, :1])
    with pytest.raises(InputError, match="integers"):
        NetClassifier("lenet5").fit(np.zeros((4, 1, 28, 28), np.uint8), [0, 1, 0, 1])


def test_the_registry_makes_it():
    assert isinstance(MODELS["network"].make(epochs=2), NetClassifier)


@pytest.mark.slow
def test_lenet_on_mnist():
    import os

    if not os.environ.get("EDGEWISE_DATA"):
        pytest.skip("EDGEWISE_DATA names no folder with MNIST")
    data = ew.load("mnist", rng=0, train=6000, held_out=1, test=2000)
    model = NetClassifier("lenet5", epochs=5, lr=2e-3).fit(*data.train)
    assert model.score(*data.test) > 0.95


@pytest.mark.parametrize("has", [True, False])
def test_a_processor_without_bfloat16_is_said_to_be_slow_at_it(has, monkeypatch):
    monkeypatch.setattr(
        torch.cpu, "get_capabilities", lambda: {"avx2": True, "avx512_bf16": has}, raising=False
    )
    net = NetClassifier(epochs=1, mixed_precision=True)
    with nullcontext() if has else pytest.warns(UserWarning, match="no bfloat16"):
        net.fit([[0.0], [1.0]] * 4, [0, 1] * 4)
