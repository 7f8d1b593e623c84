import numpy as np
import pytest


torch = pytest.importorskip("torch")

from sklearn.base import clone  # noqa: E402
from sklearn.datasets import make_moons  # noqa: E402
from torch import nn  # noqa: E402

from edgewise.arrays import InputError  # noqa: E402
from edgewise.models import virtual_adversarial as va  # noqa: E402
from edgewise.models.architectures import LeNet5  # noqa: E402
from edgewise.models.net_classifier import NetClassifier  # noqa: E402
from edgewise.models.virtual_adversarial import VirtualAdversarial  # noqa: E402


X, Y = make_moons(600, noise=0.05, random_state=0)
POOL = X[200:].astype(np.float32)
SHORT = VirtualAdversarial(radius=0.3, steps=300, restarts=1, batch=8, lr=1e-2)


def small(_features, classes):
    return nn.Sequential(nn.Linear(2, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, classes))


def few(per_class=4):
    return np.concatenate([np.flatnonzero(Y[:200] == c)[:per_class] for c in (0, 1)])


@pytest.fixture(scope="module")
def trained():
    rows = few()
    return NetClassifier(small, unlabelled=POOL, virtual=SHORT, random_state=1).fit(X[rows], Y[rows])


def test_unlabelled_rows_help_where_labels_are_few(trained):
    rows = few()
    alone = NetClassifier(small, epochs=300, batch_size=8, lr=1e-2, random_state=1).fit(X[rows], Y[rows])
    ours, theirs = (np.mean(model.predict(X) == Y) for model in (trained, alone))
    assert ours > theirs + 0.03
    assert ours > 0.95


def test_the_same_seed_gives_the_same_weights(trained):
    rows = few()
    again = clone(trained).fit(X[rows], Y[rows])
    assert np.array_equal(again.predict_proba(X), trained.predict_proba(X))
    other = clone(trained).set_params(random_state=2).fit(X[rows], Y[rows])
    assert not np.array_equal(other.predict_proba(X), trained.predict_proba(X))


def test_the_step_is_where_predictions_change_most():
    """Against 500 random directions of the same length, on a network that is not linear."""
    torch.manual_seed(0)
    module = small(2, 2).eval()
    x = torch.randn(40, 2)
    fixed = module(x).log_softmax(1).detach()
    d = va._unit(torch.randn_like(x)).requires_grad_(True)
    d = va._unit(torch.autograd.grad(va._divergence(fixed, module(x + 0.1 * d).log_softmax(1)), d)[0])
    length = 0.05
    ours = va._divergence(fixed, module(x + length * d).log_softmax(1)).item()
    others = [
        va._divergence(fixed, module(x + length * va._unit(torch.randn_like(x))).log_softmax(1)).item()
        for _ in range(500)
    ]
    assert ours > max(others)
    assert torch.allclose(d.norm(dim=1), torch.ones(40))


def test_batch_statistics_come_from_the_clean_unlabelled_pass_alone():
    module = nn.Sequential(nn.BatchNorm1d(2), nn.Linear(2, 2)).train()
    x = torch.randn(50, 2) + 3
    va._label_free(module, x, SHORT)
    assert torch.allclose(module[0].running_mean, 0.1 * x.mean(dim=0), atol=1e-5)
    assert module[0].momentum == 0.1


def test_a_merge_is_noticed_without_labels_and_the_least_crowded_training_is_kept(monkeypatch):
    shares = iter([[0.9, 0.1], [0.7, 0.3], [0.8, 0.2]])
    marks, radii = [], []

    def fake(module, _X, _y, _unlabelled, settings, _device):
        marks.append(module)
        radii.append(settings.radius)
        return module

    monkeypatch.setattr(va, "_trained", fake)
    monkeypatch.setattr(
        va, "_predicted", lambda *_: np.repeat([0, 1], (100 * np.array(next(shares))).astype(int))
    )
    settings = VirtualAdversarial(radius=1.0, restarts=3, prior=(0.5, 0.5))
    arguments = (lambda: small(2, 2), X[:10], Y[:10], POOL[:100], settings)
    more = {"seed": 0, "device": torch.device("cpu")}
    with pytest.warns(va.MergedClassesWarning, match="1.12 times"):
        best, history = va.train(*arguments, **more)
    assert best is marks[1]
    assert radii == [1.0, 0.5, 0.25]
    assert [round(past["commonest"], 2) for past in history] == [0.9, 0.7, 0.8]
    shares = iter([[0.9, 0.1], [0.55, 0.45]])
    assert len(va.train(*arguments, **more)[1]) == 2


def test_images_are_moved_a_little_and_rows_are_refused():
    torch.manual_seed(0)
    images = torch.zeros(20, 784)
    images.reshape(20, 28, 28)[:, 10:18, 10:18] = 1
    moved = va._moved(images)
    assert moved.shape == images.shape
    assert 0.05 < (moved - images).abs().mean() / images.mean() < 0.8
    assert moved.sum(dim=1).mean() == pytest.approx(64, rel=0.1)
    with pytest.raises(InputError, match="images"):
        va._moved(torch.zeros(3, 10))


def test_what_does_not_go_together_is_refused():
    rows = few()
    with pytest.raises(InputError, match="checkpoint"):
        NetClassifier(small, unlabelled=POOL, validation=0.1).fit(X[rows], Y[rows])
    with pytest.raises(InputError, match="features"):
        NetClassifier(small, unlabelled=POOL[:, :1]).fit(X[rows], Y[rows])
    with pytest.raises(InputError, match="prior"):
        NetClassifier(small, unlabelled=POOL, virtual=VirtualAdversarial(prior=(1.0,))).fit(X[rows], Y[rows])


def test_the_plain_network_is_what_it_was():
    assert [type(part).__name__ for part in LeNet5().features] == ["Conv2d", "MaxPool2d", "ReLU"] * 2
    assert LeNet5(norm=True)(torch.zeros(2, 784)).shape == (2, 10)


@pytest.mark.parametrize(("p", "expected"), [(0.99, -np.log(0.99)), (0.9, 0.0)])
def test_a_sure_row_gives_its_label_to_a_moved_copy(p, expected):
    module = nn.Linear(784, 2)
    module.weight.data.zero_()
    module.bias.data = torch.tensor([0.0, np.log(p / (1 - p))]).float()
    settings = VirtualAdversarial(against="affine", entropy=0)
    assert va._label_free(module, torch.rand(16, 784), settings).item() == pytest.approx(expected, rel=1e-4)


def test_noise_of_the_same_length_changes_a_prediction_less_than_the_adversary():
    torch.manual_seed(0)
    module, x = small(2, 2).eval(), torch.randn(200, 2)
    loss = {
        name: va._label_free(module, x, VirtualAdversarial(against=name, entropy=0, radius=0.3)).item()
        for name in ("noise", "adversary")
    }
    assert 0 < loss["noise"] < 0.8 * loss["adversary"]


def test_without_both_terms_the_unlabelled_rows_change_nothing():
    rows = few()
    plain = VirtualAdversarial(steps=40, restarts=1, consistency=0, entropy=0)
    fitted = [
        NetClassifier(small, unlabelled=pool, virtual=plain).fit(X[rows], Y[rows])
        for pool in (POOL, POOL * 2)
    ]
    assert np.array_equal(fitted[0].predict_proba(X), fitted[1].predict_proba(X))
    used = NetClassifier(small, unlabelled=POOL, virtual=VirtualAdversarial(steps=40, restarts=1))
    assert not np.array_equal(fitted[0].predict_proba(X), used.fit(X[rows], Y[rows]).predict_proba(X))


def test_even_shares_are_those_of_a_prior_in_equal_parts():
    y = np.array([0, 0, 0, 1])
    assert va._allowed(y, 2, "even").tolist() == va._allowed(y, 2, (0.5, 0.5)).tolist()
    with pytest.raises(InputError, match="even"):
        VirtualAdversarial(prior=(0.5, 0.4)).check(2)
    with pytest.raises(InputError, match="against"):
        VirtualAdversarial(against="adversaries").check(2)
