"""Networks as people build them: a last sigmoid, other shapes, half precision, batch statistics."""

import numpy as np
import pytest


torch = pytest.importorskip("torch", reason="torch is an extra: pip install 'edgewise[torch]'")

from torch import nn  # noqa: E402

import edgewise as ew  # noqa: E402
from edgewise.arrays import InputError  # noqa: E402
from edgewise.models.answers import class_scores, predict  # noqa: E402


X = np.random.default_rng(0).normal(size=(60, 2)).astype(np.float32)


def line(outputs=1):
    layer = nn.Linear(2, outputs)
    layer.weight.data[:] = (
        torch.tensor([[3.0, 0.0]]) if outputs == 1 else torch.tensor([[-3.0, 0.0], [3.0, 0.0]])
    )
    layer.bias.data[:] = 0
    return layer


class Functional(nn.Module):
    def __init__(self):
        super().__init__()
        self.line = line()

    def forward(self, x):
        return torch.sigmoid(self.line(x)).squeeze(1)


@pytest.mark.parametrize(
    "net", [nn.Sequential(line(), nn.Sigmoid()), Functional(), line(), nn.Sequential(line(), nn.Tanh())]
)
def test_a_single_column_is_the_second_class_with_or_without_a_sigmoid(net):
    assert (predict(net, X) == (X[:, 0] > 0)).all()
    assert (class_scores(net, X).argmax(axis=1) == (X[:, 0] > 0)).all()
    adv = ew.attack(net, X, "deepfool", rng=0)
    assert (adv.source_label == (X[:, 0] > 0)).all()
    assert adv.found.mean() > 0.9
    assert (adv.distance[adv.found] >= 0.99 * np.abs(X[adv.found, 0])).all()


def test_a_sigmoid_per_column_is_refused():
    with pytest.raises(InputError, match="several labels"):
        predict(nn.Sequential(line(2), nn.ReLU(), nn.Sigmoid()), X)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_any_precision_is_taken(dtype):
    net = line(2).to(dtype)
    assert (predict(net, X) == (X[:, 0] > 0)).mean() > 0.95
    assert ew.attack(net, X, "fgsm", rng=0).source_label.shape == (60,)


def test_tensors_with_gradients_half_precision_and_channels_are_points():
    rows = torch.tensor(X, requires_grad=True)
    assert (ew.attack(line(2), rows, "deepfool", rng=0).source == X).all()
    assert ew.query(line(2), torch.tensor(X).bfloat16(), 3, "margin", rng=0).index.shape == (3,)


@pytest.mark.parametrize(
    ("net", "rows", "said"),
    [
        (nn.Conv2d(3, 4, 3), np.zeros((2, 8, 8, 3)), "channels first"),
        (nn.Conv2d(3, 4, 3), np.zeros((2, 192)), r"takes \(n, 3, height, width\)"),
        (nn.Linear(3, 2), np.zeros((2, 5)), "rows of 3 numbers"),
        (nn.LazyLinear(2), np.zeros((2, 5)), "lazy"),
        (nn.Embedding(5, 2), np.zeros((2, 5)), "cannot take"),
        (nn.LSTM(5, 2), np.zeros((2, 5)), "tuple"),
        (nn.BatchNorm1d(5, track_running_stats=False), np.zeros((2, 5)), "batch normalisation"),
    ],
)
def test_what_a_network_cannot_take_is_said_with_what_it_wants(net, rows, said):
    with pytest.raises(InputError, match=said):
        predict(net, rows)


def test_the_labels_of_a_skorch_net_are_those_it_predicts():
    skorch = pytest.importorskip("skorch")
    y = (X[:, 0] > 0).astype(np.int64) * 2
    torch.manual_seed(0)
    net = skorch.NeuralNetClassifier(
        nn.Linear,
        module__in_features=2,
        module__out_features=3,
        criterion=nn.CrossEntropyLoss,
        max_epochs=5,
        lr=0.5,
        verbose=0,
        train_split=None,
    ).fit(X, y)
    net.module_.train()
    assert (predict(net, X.astype(float)) == net.predict(X)).all()
    net.module_.train()
    assert ew.query(net, X, 3, "least-confidence", rng=0).index.shape == (3,)
    assert net.module_.training
    adv = ew.attack(net, X, "deepfool", rng=0)
    assert (adv.label[adv.found] == net.predict(adv.points[adv.found])).all()
    with pytest.raises(InputError, match="does not know"):
        ew.attack(net, X, "deepfool", y=np.full(60, 7), rng=0)


class Counting(nn.Module):
    """Counts the rows that it is asked, from outside."""

    def __init__(self, inner):
        super().__init__()
        self.inner, self.rows = inner, 0

    def forward(self, x):
        self.rows += len(x)
        return self.inner(x)


@pytest.mark.parametrize("net", [nn.Sequential(line(), nn.Sigmoid()), Functional(), line()])
def test_no_row_is_asked_to_see_whether_a_sigmoid_comes_last(net):
    counting = Counting(net).eval()
    predict(counting, X)
    assert counting.rows == len(X)


def test_a_sigmoid_that_is_scaled_afterwards_is_no_last_one():
    class Half(nn.Module):
        def forward(self, x):
            return torch.sigmoid(x[:, :1]) / 2

    assert (predict(Half(), X) == 1).all()


@pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")
def test_a_compiled_module_that_ends_in_a_sigmoid_is_read_as_well():
    net = nn.Sequential(line(), nn.Sigmoid())
    scripted = torch.jit.trace(net, torch.zeros(2, X.shape[1]))
    assert (predict(scripted, X) == predict(net, X)).all()


def test_a_dropout_after_a_last_sigmoid_changes_nothing():
    net = nn.Sequential(line(), nn.Sigmoid(), nn.Dropout()).eval()
    assert (predict(net, X) == (X[:, 0] > 0)).all()
