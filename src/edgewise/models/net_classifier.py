"""Networks as scikit-learn estimators, trained through skorch: seeded, resumable, on what device there is."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import cast

import numpy as np
import torch
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, ClassifierMixin
from skorch import NeuralNetClassifier
from skorch.dataset import Dataset as Rows
from skorch.helper import predefined_split
from torch import nn

from edgewise.arrays import Floats, InputError, Labels, check_count, check_X
from edgewise.models.architectures import NETS, NetFactory
from edgewise.models.checkpoint import Snapshot, digest
from edgewise.models.joining import check_y
from edgewise.models.torch_calls import OutOfMemoryWarning, predict_logits
from edgewise.models.torch_typed import repeatable, set_seed
from edgewise.models.training import SCHEDULES, Batches, Rate, Trained, in_bfloat16
from edgewise.models.virtual_adversarial import VirtualAdversarial, train
from edgewise.progress import track
from edgewise.randomness import child_seed, stream
from edgewise.registry import lookup


class NetClassifier(ClassifierMixin, BaseEstimator):
    """A network that scikit-learn, edgewise and every gradient attack take for a classifier.

    The same settings, data and seed give the same weights on the same machine, in one go or resumed from a
    checkpoint. Attacks reach the trained module as ``module_``.

    Parameters
    ----------
    net
        ``"shallow"``, ``"lenet5"``, ``"lenet5-norm"`` (with batch normalisation), ``"vgg16"``,
        ``"vgg16-quarter"`` (of its width), or a callable
        ``(n_features, n_classes) -> module`` that returns logits.
    epochs, batch_size
        Length of the training.
    optimizer
        ``"adam"`` or ``"sgd"`` (Nesterov momentum 0.9).
    lr, weight_decay
        Of the optimizer; ``lr`` is the highest the schedule reaches.
    schedule
        ``"constant"``, ``"cosine"`` (down to 0), or ``"one-cycle"`` (up for 30 % of the way, then down to 0).
    label_smoothing
        Share of the target spread over all classes.
    augment
        Crops of the image padded by 4 pixels, and flips left to right, drawn anew for every batch.
    validation
        Share of the rows kept out of training to watch, or 0.
    patience
        Stop when the loss on the validation rows has not fallen for so many epochs, and keep the weights of
        its lowest; None for all epochs.
    checkpoint
        A file written after every epoch, atomically; a killed training goes on from it, and ends as it would
        have. Other settings or data are refused.
    device
        ``"auto"`` (CUDA where there is one), or a torch device.
    mixed_precision
        Compute in bfloat16: ``"auto"`` is convolutions on CUDA devices that have it. True pays on processors
        with AMX as well; with AVX512-BF16 alone it may not (measure both), and on others it is many times slower,
        and says so.
    unlabelled
        Rows without labels ``(m, ...)`` to learn from as well, by virtual adversarial training; ``virtual`` then
        takes the place of ``epochs``, ``batch_size``, ``optimizer``, ``lr``, ``schedule`` and ``augment``.
    virtual
        Its settings; None for `VirtualAdversarial()`.
    random_state
        Seed of initial weights, order of the rows and augmentation.
    progress
        Draw a progress bar.

    Examples
    --------
    >>> import numpy as np
    >>> X, y = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]] * 10), np.array(["no", "no", "yes", "yes"] * 10)
    >>> NetClassifier(epochs=60, lr=0.05).fit(X, y).predict([[1.0, 0.5]])
    array(['yes'], dtype='<U3')
    """

    def __init__(
        self,
        net: str | NetFactory = "shallow",
        *,
        epochs: int = 100,
        batch_size: int = 64,
        optimizer: str = "adam",
        lr: float = 1e-2,
        weight_decay: float = 0.0,
        schedule: str = "constant",
        label_smoothing: float = 0.0,
        augment: bool = False,
        validation: float = 0.0,
        patience: int | None = None,
        checkpoint: str | Path | None = None,
        device: str = "auto",
        mixed_precision: str | bool = "auto",
        unlabelled: ArrayLike | None = None,
        virtual: VirtualAdversarial | None = None,
        random_state: int = 0,
        progress: bool = False,
    ) -> None:
        self.net = net
        self.epochs = epochs
        self.batch_size = batch_size
        self.optimizer = optimizer
        self.lr = lr
        self.weight_decay = weight_decay
        self.schedule = schedule
        self.label_smoothing = label_smoothing
        self.augment = augment
        self.validation = validation
        self.patience = patience
        self.checkpoint = checkpoint
        self.device = device
        self.mixed_precision = mixed_precision
        self.unlabelled = unlabelled
        self.virtual = virtual
        self.random_state = random_state
        self.progress = progress

    def fit(self, X: ArrayLike, y: ArrayLike) -> NetClassifier:
        """Train on rows ``X`` (n, d) or images (n, ...) with labels ``y`` (n,).

        Raises
        ------
        InputError
            Bad data or settings, one class only, or a checkpoint of another training.
        """
        points = check_X(X, images=True).astype(np.float32)
        labels = check_y(y, len(points))
        self._check()
        self.classes_, columns = np.unique(labels, return_inverse=True)
        if len(self.classes_) < 2:
            raise InputError(f"y has one class only ({self.classes_[0]!r}); a classifier needs two.")
        self.n_features_in_ = points[0].size
        with repeatable(self._device()):
            work = self._train if self.unlabelled is None else self._train_with_unlabelled
            self.module_, self.history_ = work(points, columns.astype(np.int64))
        return self

    def predict_proba(self, X: ArrayLike) -> Floats:
        """Return the probability of each class ``(n, c)``."""
        z = torch.as_tensor(self._logits(X)).double()
        return cast("Floats", z.softmax(dim=1).numpy())

    def predict(self, X: ArrayLike) -> Labels:
        """Return the likeliest class of each row."""
        columns = np.argmax(self._logits(X), axis=1)
        return self.classes_[columns]

    def _logits(self, X: ArrayLike) -> Floats:
        if not hasattr(self, "module_"):
            raise InputError("this network is not trained; call its fit(X, y) first.")
        return predict_logits(self, check_X(X, n_features=self.n_features_in_, images=True))

    def _check(self) -> None:
        check_count(self.epochs, "epochs")
        check_count(self.batch_size, "batch_size")
        lookup({"adam": 0, "sgd": 0}, self.optimizer, "optimizer")
        lookup(SCHEDULES, self.schedule, "schedule")
        if not 0 <= self.validation < 1:
            raise InputError(f"validation must be a share in [0, 1); got {self.validation!r}.")
        if self.patience is not None:
            check_count(self.patience, "patience")
            if self.validation == 0:
                raise InputError("patience needs rows to watch; set validation, such as validation=0.1.")

    def _device(self) -> torch.device:
        chosen = ("cuda" if torch.cuda.is_available() else "cpu") if self.device == "auto" else self.device
        return torch.device(chosen)

    def _train(self, X: Floats, y: Labels) -> tuple[nn.Module, list[dict[str, float]]]:
        """Train epoch by epoch; each has its own seed, so that a resumed training takes the same way."""
        parts = self._split(X, y)
        key = "" if self.checkpoint is None else digest(self._settings(), X, y)
        shot = Snapshot.start(self.checkpoint, key)
        size, net = self.batch_size, None
        with track(self.epochs, "training", show=self.progress) as advance:
            advance(shot.epochs)
            while shot.epochs < self.epochs and not shot.stalled(self.patience):
                try:
                    net = net or self._net(X, size, parts, shot)
                    set_seed(child_seed(self.random_state, "epoch", shot.epochs))
                    net.fit_loop(parts[0], epochs=1)
                    shot = shot.after(net)
                    advance(1)
                except torch.OutOfMemoryError:
                    if size == 1:
                        raise
                    size, net = size // 2, None
                if net is None:
                    torch.cuda.empty_cache()
                    warnings.warn(
                        f"out of memory: training goes on with batches of {size} rows",
                        OutOfMemoryWarning,
                        stacklevel=4,
                    )
        net = net or self._net(X, size, parts, shot)
        module: nn.Module = net.module_.inner
        module.load_state_dict(shot.best if self.patience is not None else shot.module)
        return module.eval(), list(shot.history)

    def _train_with_unlabelled(self, X: Floats, y: Labels) -> tuple[nn.Module, list[dict[str, float]]]:
        if self.checkpoint is not None or self.validation or self.patience is not None:
            raise InputError(
                "unlabelled does not go with checkpoint, validation or patience; leave them out."
            )
        others = check_X(
            cast("ArrayLike", self.unlabelled), name="unlabelled", images=True, n_features=X[0].size
        )
        factory = lookup(NETS, self.net, "net") if isinstance(self.net, str) else self.net
        return train(
            lambda: factory(X[0].size, len(self.classes_)),
            X,
            y,
            others.reshape(len(others), *X.shape[1:]).astype(np.float32),
            self.virtual or VirtualAdversarial(),
            seed=self.random_state,
            device=self._device(),
        )

    def _settings(self) -> dict[str, object]:
        """Return what decides the weights."""
        names = (
            "epochs",
            "batch_size",
            "optimizer",
            "lr",
            "weight_decay",
            "schedule",
            "label_smoothing",
            "augment",
            "validation",
            "patience",
            "random_state",
        )
        net = self.net if isinstance(self.net, str) else getattr(self.net, "__qualname__", repr(self.net))
        return {"net": net, **{name: getattr(self, name) for name in names}}

    def _split(self, X: Floats, y: Labels) -> tuple[Rows, Rows | None]:
        order = stream(self.random_state, "validation").permutation(len(X))
        kept_out = round(self.validation * len(X))
        train, watch = order[kept_out:], order[:kept_out]
        return Rows(X[train], y[train]), Rows(X[watch], y[watch]) if kept_out else None

    def _net(
        self, X: Floats, batch_size: int, parts: tuple[Rows, Rows | None], shot: Snapshot
    ) -> NeuralNetClassifier:
        """Return the skorch net, where ``shot`` left off."""
        set_seed(child_seed(self.random_state, "weights"))
        factory = lookup(NETS, self.net, "net") if isinstance(self.net, str) else self.net
        device, inner = self._device(), factory(X[0].size, len(self.classes_))
        steps = -(-len(parts[0]) // batch_size) * self.epochs
        chosen = (
            {"optimizer": torch.optim.Adam}
            if self.optimizer == "adam"
            else {"optimizer": torch.optim.SGD, "optimizer__momentum": 0.9, "optimizer__nesterov": True}
        )
        net = NeuralNetClassifier(
            Trained(inner, self.augment, in_bfloat16(self.mixed_precision, inner, device)),
            criterion=nn.CrossEntropyLoss,
            criterion__label_smoothing=self.label_smoothing,
            lr=self.lr,
            max_epochs=self.epochs,
            optimizer__weight_decay=self.weight_decay,
            batch_size=batch_size,
            device=device,
            verbose=0,
            iterator_train=Batches,
            iterator_train__shuffle=True,
            iterator_valid=Batches,
            train_split=None if parts[1] is None else predefined_split(parts[1]),
            classes=self.classes_,
            callbacks=[("rate", Rate(self.lr, self.schedule, steps))],
            **chosen,
        )
        net.initialize()
        shot.restore(net)
        net.notify("on_train_begin", X=None, y=None)
        return net
