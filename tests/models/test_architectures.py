"""The modules: shapes, sizes, flat rows as images, no softmax at the end."""

import numpy as np
import pytest
import torch

from edgewise.models.access import Access
from edgewise.models.architectures import VGG16, LeNet5, ShallowNet
from edgewise.models.torch_access import differentiable
from edgewise.models.torch_calls import predict_labels, predict_logits
from edgewise.models.unwrap import module_of


@pytest.mark.parametrize(
    ("net", "shape"), [(lambda: ShallowNet(12, 3), (3, 2, 2)), (LeNet5, (1, 28, 28)), (VGG16, (3, 32, 32))]
)
def test_flat_rows_and_images_get_the_same_logits(net, shape):
    module, x = net().eval(), torch.rand(2, *shape)
    with torch.no_grad():
        torch.testing.assert_close(module(x), module(x.flatten(1)))
        assert module(x[:0]).shape[0] == 0


def test_sizes():
    count = {net: sum(w.numel() for w in net().parameters()) for net in (LeNet5, VGG16)}
    assert count == {LeNet5: 61_706, VGG16: 14_724_042}
    assert len([m for m in VGG16().modules() if isinstance(m, torch.nn.Conv2d)]) == 13
    linear = [m for m in ShallowNet(5).layers if isinstance(m, torch.nn.Linear)]
    assert len(linear) == 3
    assert sum(isinstance(m, torch.nn.Sigmoid) for m in ShallowNet(5).layers) == 2


def test_the_shallow_net_returns_logits_and_its_softmax_on_request():
    net, x = ShallowNet(3), torch.rand(4, 3)
    p = net.probabilities(x)
    torch.testing.assert_close(p.sum(1), torch.ones(4))
    torch.testing.assert_close(p.log().softmax(1), net(x).softmax(1))
    assert (net(x) < 0).any() or (net(x).sum(1) - 1).abs().max() > 1e-3


def test_vgg_normalises_inside():
    net = VGG16().eval()
    grey = net.mean.expand(1, 3, 32, 32)
    captured = []
    net.features[0].register_forward_pre_hook(lambda _m, inputs: captured.append(inputs[0]))
    with torch.no_grad():
        net(grey)
    assert captured[0].abs().max() < 1e-6


def test_labels_and_logits_of_a_module_agree_whatever_the_batch():
    net, X = ShallowNet(4, 3), np.random.default_rng(0).normal(size=(2500, 4))
    z = predict_logits(net, X)
    with torch.no_grad():
        np.testing.assert_allclose(z, net(torch.tensor(X, dtype=torch.float32)).numpy(), atol=1e-6)
    assert (predict_labels(net, X) == z.argmax(1)).all()


def test_the_gradient_is_that_of_torch():
    net, X = ShallowNet(4, 3).double(), np.random.default_rng(0).normal(size=(5, 4))
    weights = torch.randn(5, 3, dtype=torch.float64)
    access = Access.to(net, 5)
    with differentiable(access, X) as model:
        z, pull = model.pullback(model.tensor(X), np.arange(5))
        got = pull(weights)
    x = torch.tensor(X, requires_grad=True)
    (expected,) = torch.autograd.grad((net(x) * weights).sum(), x)
    torch.testing.assert_close(got, expected)
    torch.testing.assert_close(z, net(x).detach())
    assert (access.queries == 1).all()
    assert (access.gradients == 1).all()


def test_kernel_models_give_the_gradient_of_finite_differences():
    from edgewise.models.nadaraya_watson import NadarayaWatsonClassifier

    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(30, 3)), rng.integers(0, 3, 30)
    model = NadarayaWatsonClassifier("gaussian").fit(X, y)
    at, weights, step = rng.normal(size=(4, 3)), torch.tensor(rng.normal(size=(4, 3))), 1e-6
    with differentiable(Access.to(model, 4), at) as asked:
        _, pull = asked.pullback(asked.tensor(at), np.arange(4))
        got = pull(weights).numpy()

        def value(points):
            return (asked.logits(asked.tensor(points), np.arange(4)) * weights).sum(1).numpy()

        for j in range(3):
            shift = np.eye(3)[j] * step
            slope = (value(at + shift) - value(at - shift)) / (2 * step)
            np.testing.assert_allclose(got[:, j], slope, atol=1e-6)


def test_module_of():
    net = ShallowNet(2)
    assert module_of(net) is net
    assert module_of(object()) is None
