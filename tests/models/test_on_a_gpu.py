"""What is promised of networks, held on a CUDA device: seeds, checkpoints, verified points, nothing disturbed."""

import pickle
import warnings

import numpy as np
import pytest
import torch

import edgewise as ew
from edgewise.attacks.gradient.batches import TF32
from edgewise.models import checkpoint
from edgewise.models.net_classifier import NetClassifier
from edgewise.models.torch_calls import OutOfMemoryWarning, predict_logits
from edgewise.models.training import CIFAR_RECIPE
from edgewise.models.virtual_adversarial import VirtualAdversarial


pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")

SHORT = {**CIFAR_RECIPE, "epochs": 4, "batch_size": 64, "device": "cuda"}
ATTACKS = {
    "fgsm": ew.attacks.FGSM(eps=0.2),
    "pgd": ew.attacks.PGD(eps=0.1, steps=10),
    "deepfool": "deepfool",
    "cw": ew.attacks.CarliniWagner(searches=2, steps=40),
    "ddn": "ddn",
}


@pytest.fixture(scope="module")
def images():
    """Images of four classes that a few epochs learn: a bright patch in one corner, and noise."""
    rng = np.random.default_rng(0)
    X, y = rng.uniform(0.2, 0.6, (1200, 3, 32, 32)).astype(np.float32), rng.integers(0, 4, 1200)
    for row, label in zip(X, y, strict=True):
        row[:, 16 * (label // 2) :, 16 * (label % 2) :][:, :16, :16] += 0.12
    return X, y


@pytest.fixture(scope="module")
def vgg(images):
    return NetClassifier(**SHORT | {"augment": False}).fit(*images)


def weights(model):
    return torch.cat([w.detach().flatten().cpu() for w in model.module_.state_dict().values()])


@pytest.mark.parametrize("augment", [False, True])
def test_the_same_seed_gives_the_same_weights(images, augment):
    before = torch.cuda.get_rng_state()
    first, again = (NetClassifier(**SHORT | {"augment": augment}).fit(*images) for _ in range(2))
    assert torch.equal(torch.cuda.get_rng_state(), before)
    assert next(first.module_.parameters()).device.type == "cuda"
    assert torch.equal(weights(first), weights(again))


def test_a_training_goes_on_from_its_checkpoint_to_the_same_weights(images, tmp_path):
    whole = NetClassifier(**SHORT).fit(*images)

    class Killed(Exception):
        pass

    kept, written = checkpoint.Snapshot._write, []

    def write_two(self):
        kept(self)
        written.append(self.epochs)
        if len(written) == 2:
            raise Killed

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(checkpoint.Snapshot, "_write", write_two)
        with pytest.raises(Killed):
            NetClassifier(**SHORT, checkpoint=tmp_path / "kept.pt").fit(*images)
    resumed = NetClassifier(**SHORT, checkpoint=tmp_path / "kept.pt").fit(*images)
    assert torch.equal(weights(resumed), weights(whole))


def test_it_learns_and_moves_to_the_cpu_and_into_a_pickle(images, vgg):
    X, y = images
    assert vgg.score(X, y) > 0.95
    on_the_gpu = predict_logits(vgg, X)
    copy = pickle.loads(pickle.dumps(vgg))
    copy.module_.cpu()
    np.testing.assert_allclose(predict_logits(copy, X[:200]), on_the_gpu[:200], atol=5e-3, rtol=5e-3)


def test_a_rows_answer_does_not_depend_on_its_company(images, vgg):
    X, _ = images
    together = predict_logits(vgg, X)
    for size in (1, 7, 300):
        parts = np.concatenate([predict_logits(vgg, X[i : min(i + size, 300)]) for i in range(0, 300, size)])
        np.testing.assert_allclose(parts, together[:300], atol=TF32 * np.abs(together).max())


@pytest.mark.parametrize("name", ATTACKS)
def test_attacks_verify_what_they_find_and_agree_with_the_cpu(images, vgg, name):
    # The same on a CPU takes a second an image for the longer attacks.
    n = 256 if name in ("fgsm", "pgd") else 48
    X, y = images[0][:n].copy(), images[1][:n]
    kept, state = X.copy(), torch.cuda.get_rng_state()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = ew.attack(vgg, X, ATTACKS[name], y=y, box=(0, 1), rng=0)
        again = ew.attack(vgg, X, ATTACKS[name], y=y, box=(0, 1), rng=0)
    assert torch.equal(torch.cuda.get_rng_state(), state)
    np.testing.assert_array_equal(X, kept)
    np.testing.assert_array_equal(found.points, again.points)
    copy = pickle.loads(pickle.dumps(vgg))
    copy.module_.cpu()
    there = ew.attack(copy, X, ATTACKS[name], y=y, box=(0, 1), rng=0)
    assert abs(found.found.mean() - there.found.mean()) <= 0.02
    both = found.found & there.found & (there.distance > 0)
    if name not in ("fgsm", "pgd"):
        assert found.found.mean() > 0.98
        ratio = np.median(found.distance[both] / there.distance[both])
        assert abs(ratio - 1) < 0.01
    moved = found.points[found.found]
    assert (vgg.predict(moved) != y[found.found]).all()


def test_out_of_memory_halves_the_batch_and_goes_on(images):
    X, y = images
    big = NetClassifier(**SHORT | {"augment": False, "epochs": 1}).fit(X, y)
    expected = ew.attack(big, X[:512], ew.attacks.FGSM(eps=0.05), rng=0)
    torch.cuda.empty_cache()
    total = torch.cuda.get_device_properties(0).total_memory
    try:
        torch.cuda.set_per_process_memory_fraction((torch.cuda.memory_reserved() + 500 * 2**20) / total)
        with pytest.warns(OutOfMemoryWarning, match="batches of"):
            halved = ew.attack(big, X[:512], ew.attacks.FGSM(eps=0.05), rng=0)
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
    assert halved.found.mean() == pytest.approx(expected.found.mean(), abs=0.02)


def test_strategies_and_labels_only_attacks_ask_a_network_on_the_device(images, vgg):
    X, y = images
    for strategy in ("margin", "badge", "herding", "core-set", "dfal"):
        asked = [
            ew.query(vgg, X[:300], 10, strategy, labelled=(X[300:340], y[300:340]), rng=0) for _ in range(2)
        ]
        first, again = (query.index for query in asked)
        assert len(set(first.tolist())) == 10
        np.testing.assert_array_equal(first, again)
    found = ew.attack(vgg, X[:4], ew.attacks.Race(budget=300), rng=0)
    assert found.found.all()


def test_rows_without_labels_are_learnt_from_on_the_device(images):
    X, y = images
    gray = X.mean(axis=1, keepdims=True)[:, :, 2:30, 2:30]
    chosen = np.concatenate([np.flatnonzero(y == label)[:8] for label in range(4)])
    model = NetClassifier(
        "lenet5-norm",
        unlabelled=gray[:600],
        virtual=VirtualAdversarial(steps=60, restarts=1, prior="even"),
        device="cuda",
    ).fit(gray[chosen], y[chosen])
    assert model.score(gray[600:], y[600:]) > 0.8
