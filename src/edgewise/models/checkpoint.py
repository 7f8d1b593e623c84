"""Where a training stands after an epoch, in memory and on disk."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from skorch import NeuralNetClassifier
from skorch.history import History
from torch import Tensor

from edgewise.arrays import Floats, InputError, Labels
from edgewise.atomic import replacing
from edgewise.digests import digest as value_digest


@dataclass(frozen=True)
class Snapshot:
    """Everything that decides how a training goes on.

    Parameters
    ----------
    path
        The file it is kept in, or None.
    digest
        Of the settings and data it belongs to.
    epochs
        How many are done.
    module, optimizer, best
        Their states; ``best`` is the module at its lowest validation loss, or its last.
    history
        One mapping of figures an epoch.
    """

    path: Path | None
    digest: str
    epochs: int
    module: Mapping[str, Tensor]
    optimizer: dict[str, Any]
    best: Mapping[str, Tensor]
    history: tuple[dict[str, float], ...]

    @classmethod
    def start(cls, path: str | Path | None, key: str) -> Snapshot:
        """Return the one kept in ``path``, or a new one.

        Raises
        ------
        InputError
            The file cannot be read, or belongs to other settings or data.
        """
        new = cls(None if path is None else Path(path), key, 0, {}, {}, {}, ())
        if new.path is None or not new.path.exists():
            return new
        try:
            kept = torch.load(new.path, map_location="cpu", weights_only=True)
            there, values = kept["digest"], kept.pop("values", None)
        except Exception as error:  # noqa: BLE001 - torch's reader raises anything on a damaged file
            raise InputError(
                f"cannot read the checkpoint {path}: {error}. Move it away to start anew."
            ) from None
        if values != value_digest(kept):
            raise InputError(
                f"the checkpoint {path} is damaged, or of before 0.2: its values are not those that were written "
                "(their digest differs). Move it away to start anew."
            )
        if there != key:
            raise InputError(
                f"the checkpoint {path} belongs to other settings or data. Give another path, "
                "or move it away to start anew."
            )
        return replace(
            new,
            **{name: kept[name] for name in ("epochs", "module", "optimizer", "best")},
            history=tuple(kept["history"]),
        )

    def stalled(self, patience: int | None) -> bool:
        """Say whether the validation loss has not fallen for ``patience`` epochs."""
        if patience is None or not self.history:
            return False
        losses = [figures["valid_loss"] for figures in self.history]
        return len(losses) - 1 - int(np.argmin(losses)) >= patience

    def after(self, net: NeuralNetClassifier) -> Snapshot:
        """Return the snapshot one epoch later, on disk if it has a path."""
        row, names = net.history[-1], ("train_loss", "valid_loss", "valid_acc")
        figures = {name: float(row[name]) for name in names if name in row}
        history = (*self.history, figures)
        state = net.module_.inner.state_dict()
        module = {name: value.detach().cpu().clone() for name, value in state.items()}
        losses = [past.get("valid_loss", np.inf) for past in history]
        best = module if len(losses) - 1 == int(np.argmin(losses)) or not self.best else self.best
        if "valid_loss" not in figures:
            best = module
        later = replace(
            self,
            epochs=self.epochs + 1,
            module=module,
            best=best,
            history=history,
            optimizer=deepcopy(net.optimizer_.state_dict()),
        )
        later._write()
        return later

    def restore(self, net: NeuralNetClassifier) -> None:
        """Put ``net`` where this snapshot is; one of no epochs leaves it as it is."""
        if self.epochs:
            net.module_.inner.load_state_dict(self.module)
            net.optimizer_.load_state_dict(self.optimizer)
            net.history_ = History([{**row, "batches": []} for row in self.history])

    def _write(self) -> None:
        if self.path is None:
            return
        kept = {name: getattr(self, name) for name in ("digest", "epochs", "module", "optimizer", "best")}
        kept["history"] = list(self.history)
        with replacing(self.path) as file:
            torch.save({**kept, "values": value_digest(kept)}, file)


def digest(settings: Mapping[str, object], X: Floats, y: Labels) -> str:
    """Return a digest of settings and data."""
    made = hashlib.sha256(json.dumps(settings, sort_keys=True, default=str).encode())
    for array in (X, y):
        made.update(str((array.shape, array.dtype)).encode() + np.ascontiguousarray(array).tobytes())
    return made.hexdigest()
