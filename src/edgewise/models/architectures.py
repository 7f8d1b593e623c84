"""The paper's networks as plain torch modules: flat rows or images in, logits out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import torch
from torch import Tensor, nn


class ShallowNet(nn.Module):
    """Three fully connected layers with sigmoids between: the small network of the paper's section 5.

    The paper ends it in a softmax. The module returns the logits before it, which train and attack better;
    `probabilities` applies it.

    Parameters
    ----------
    n_features, n_classes
        Width of the input and of the output.
    hidden
        Width of the two hidden layers.

    Examples
    --------
    >>> ShallowNet(2)(torch.zeros(3, 2)).shape
    torch.Size([3, 2])
    """

    def __init__(self, n_features: int, n_classes: int = 2, hidden: int = 64) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(n_features, hidden),
            nn.Sigmoid(),
            nn.Linear(hidden, hidden),
            nn.Sigmoid(),
            nn.Linear(hidden, n_classes),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return logits ``(n, n_classes)`` for rows ``(n, n_features)`` or anything that flattens to them."""
        return self.layers(x.flatten(1))

    def probabilities(self, x: Tensor) -> Tensor:
        """Return the softmax of the logits."""
        return self(x).softmax(dim=1)


class LeNet5(nn.Module):
    """LeNet-5 for grey images of 28 x 28: two convolutions, three linear layers, ReLU and max-pooling.

    Parameters
    ----------
    n_classes
        Width of the output.
    norm
        Batch normalisation after both convolutions and the first linear layer, which few labels need.

    References
    ----------
    LeCun, Bottou, Bengio, Haffner (1998); ReLU and max-pooling as everyone trains it today.

    Examples
    --------
    >>> LeNet5()(torch.zeros(2, 784)).shape
    torch.Size([2, 10])
    """

    def __init__(self, n_classes: int = 10, norm: bool = False) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 6, 5, padding=2),
            *([nn.BatchNorm2d(6)] if norm else []),
            nn.MaxPool2d(2),
            nn.ReLU(),
            nn.Conv2d(6, 16, 5),
            *([nn.BatchNorm2d(16)] if norm else []),
            nn.MaxPool2d(2),
            nn.ReLU(),
        )
        self.head = nn.Sequential(
            nn.Linear(400, 120),
            *([nn.BatchNorm1d(120)] if norm else []),
            nn.ReLU(),
            nn.Linear(120, 84),
            nn.ReLU(),
            nn.Linear(84, n_classes),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return logits ``(n, n_classes)`` for images ``(n, 1, 28, 28)`` or rows ``(n, 784)`` in [0, 1]."""
        return self.head(self.features(x.reshape(len(x), 1, 28, 28)).flatten(1))


class VGG16(nn.Module):
    """VGG-16 with batch normalisation for colour images of 32 x 32: thirteen convolutions, one linear layer.

    Pixels are normalised inside, by the channel means and deviations of CIFAR-10, so that attacks and boxes
    live in [0, 1].

    Parameters
    ----------
    n_classes
        Width of the output.
    width
        Of every layer, relative to the published one; a quarter trains ten times as fast.

    References
    ----------
    Simonyan and Zisserman (2015), configuration D; its three linear layers are one, as is usual at 32 x 32.

    Examples
    --------
    >>> sum(weight.numel() for weight in VGG16().parameters())
    14724042
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, n_classes: int = 10, width: float = 1.0) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor([0.4914, 0.4822, 0.4465]).reshape(1, 3, 1, 1))
        self.register_buffer("deviation", torch.tensor([0.2470, 0.2435, 0.2616]).reshape(1, 3, 1, 1))
        stages = ((2, 64), (2, 128), (3, 256), (3, 512), (3, 512))
        self.features = nn.Sequential(*_stages(*((depth, int(width * size)) for depth, size in stages)))
        self.head = nn.Linear(int(width * 512), n_classes)
        for part in self.modules():
            if isinstance(part, nn.Conv2d):
                nn.init.kaiming_normal_(part.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, x: Tensor) -> Tensor:
        """Return logits ``(n, n_classes)`` for images ``(n, 3, 32, 32)`` or rows ``(n, 3072)`` in [0, 1]."""
        images = x.reshape(len(x), 3, 32, 32)
        return self.head(self.features((images - self.mean) / self.deviation).flatten(1))


def _stages(*stages: tuple[int, int]) -> Iterator[nn.Module]:
    channels = 3
    for depth, width in stages:
        for _ in range(depth):
            yield nn.Conv2d(channels, width, 3, padding=1, bias=False)
            yield nn.BatchNorm2d(width)
            yield nn.ReLU()
            channels = width
        yield nn.MaxPool2d(2)


NetFactory = Callable[[int, int], nn.Module]
"""Makes a module from the number of features and of classes."""

NETS: Mapping[str, NetFactory] = {
    "shallow": ShallowNet,
    "lenet5": lambda _features, classes: LeNet5(classes),
    "lenet5-norm": lambda _features, classes: LeNet5(classes, norm=True),
    "vgg16": lambda _features, classes: VGG16(classes),
    "vgg16-quarter": lambda _features, classes: VGG16(classes, width=0.25),
}
