"""The parts of skorch that edgewise uses; it ships no types."""

from typing import Any, Self

import torch
from skorch.history import History

class NeuralNetClassifier:
    module_: Any
    optimizer_: torch.optim.Optimizer
    history: History
    history_: History
    max_epochs: int
    def __init__(self, module: torch.nn.Module, *, max_epochs: int = ..., **settings: object) -> None: ...
    def fit_loop(self, X: object, y: object = ..., epochs: int | None = ...) -> Self: ...
    def initialize(self) -> Self: ...
    def notify(self, method_name: str, **cb_kwargs: object) -> None: ...
    def run_single_epoch(
        self, iterator: object, training: bool, prefix: str, step_fn: Any, **fit_params: object
    ) -> None: ...
