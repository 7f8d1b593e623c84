"""Victims on this machine: a function or model of Python, an ``.onnx`` or ``.skops`` file, a named pickle."""

from __future__ import annotations

import importlib
import pickle
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from edgewise.arrays import Floats, InputError, Labels, is_list
from edgewise.audit.victims.target import Reply, as_label
from edgewise.importing import needing
from edgewise.models.answers import check_fitted, class_scores, known_classes, predict
from edgewise.models.saved import read_skops
from edgewise.models.unwrap import Model, named, names_known
from edgewise.registry import listing


@dataclass(frozen=True)
class LocalModel:
    """Anything `edgewise.attack` takes as a model, as a target.

    Parameters
    ----------
    model
        A fitted classifier, a torch module or a callable.
    name
        What to call it.
    view
        ``"labels"``, or ``"scores"`` to record one score per class as well.

    Examples
    --------
    >>> LocalModel(lambda X: (X[:, 0] > 0).astype(int)).send(np.array([[1.0]]))
    [Reply(label=1, scores=None)]
    """

    model: Model
    name: str = "model"
    view: str = "labels"

    def __post_init__(self) -> None:
        check_fitted(self.model)

    @property
    def columns(self) -> tuple[str, ...]:
        """The names that the model was fitted to, in their order; none if it knows no names."""
        return names_known(self.model)

    def as_sent(self, X: Floats) -> Floats:
        """Return the rows as they are."""
        return np.asarray(X, dtype=np.float64)

    def send(self, X: Floats) -> Sequence[Reply]:
        """Ask the model."""
        if self.columns and len(self.columns) != X.shape[1]:
            raise InputError(
                f"{self.name} was fitted to {listing(self.columns)}; got rows of {X.shape[1]} features."
            )
        rows = named(self.model, X)
        if self.view == "labels":
            return [Reply(as_label(label)) for label in predict(self.model, rows)]
        scores = class_scores(self.model, rows)
        classes = known_classes(self.model)
        return replies(
            predict(self.model, rows), scores, np.arange(int(scores.shape[1])) if classes is None else classes
        )


@dataclass(frozen=True)
class OnnxModel:
    """A classifier in an ``.onnx`` file, run by onnxruntime; rows go in as the type the file declares.

    Parameters
    ----------
    path
        The file: one input ``(n, d)``; an output of labels ``(n,)`` or scores ``(n, c)``.
    view
        ``"labels"`` or ``"scores"``.
    """

    path: Path
    view: str = "labels"
    _session: Any = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        runtime = _extra("onnxruntime")
        try:
            session = runtime.InferenceSession(str(self.path), providers=["CPUExecutionProvider"])
        except Exception as error:  # noqa: BLE001 - onnxruntime has no common base class
            raise InputError(f"{self.path} is not an ONNX model that can be run: {error}") from None
        if len(session.get_inputs()) != 1:
            names = ", ".join(each.name for each in session.get_inputs())
            raise InputError(
                f"{self.path} takes {len(session.get_inputs())} inputs ({names}); expected one of rows (n, d). "
                "Convert the model with one input, or wrap it in a function."
            )
        object.__setattr__(self, "_session", session)

    @property
    def name(self) -> str:
        """The file's name."""
        return self.path.name

    @property
    def _dtype(self) -> type[np.float32 | np.float64]:
        return np.float64 if "double" in self._session.get_inputs()[0].type else np.float32

    def as_sent(self, X: Floats) -> Floats:
        """Return the rows in the precision of the file's input."""
        return np.asarray(X, self._dtype).astype(np.float64)

    def send(self, X: Floats) -> Sequence[Reply]:
        """Run the file."""
        feed = {self._session.get_inputs()[0].name: np.asarray(X, self._dtype)}
        return self._read(self._session.run(None, feed), len(X))

    def _read(self, outputs: Sequence[Any], n: int) -> list[Reply]:
        labels = next((out for out in outputs if np.shape(out) == (n,) and not _maps(out)), None)
        maps = next((out for out in outputs if _maps(out)), None)
        scores = next((np.asarray(out) for out in outputs if np.ndim(out) == 2), None)
        shown = self.view == "scores"
        if labels is not None and maps is not None and shown:
            return [
                Reply(as_label(label), {str(name): float(value) for name, value in row.items()})
                for label, row in zip(labels, maps, strict=True)
            ]
        if labels is None and scores is not None:
            labels = scores.argmax(axis=1)
        if labels is None:
            shapes = ", ".join(str(np.shape(out)) for out in outputs)
            raise InputError(
                f"{self.path} answers with shapes {shapes}; expected labels (n,) or scores (n, c)."
            )
        if scores is None or not shown:
            return [Reply(as_label(label)) for label in labels]
        return replies(labels, scores, np.arange(int(scores.shape[1])))


def replies(labels: Labels, scores: Floats, classes: Labels) -> list[Reply]:
    """Return one reply a row from labels (n,), scores (n, c) and the names of the columns (c,)."""
    names = [str(as_label(name)) for name in classes]
    return [
        Reply(as_label(label), dict(zip(names, map(float, row), strict=True)))
        for label, row in zip(labels, scores, strict=True)
    ]


def function(where: str, folder: Path | None = None) -> Model:
    """Return the function or model called ``module:name``; modules beside the victim's file are found too.

    Raises
    ------
    InputError
        No such module, or no such name in it.
    """
    module, _, name = where.partition(":")
    if not module or not name:
        raise InputError(f"function must be 'module:name', such as 'mymodel:predict'; got {where!r}.")
    search = [] if folder is None else [str(folder)]
    sys.path[:0] = search
    try:
        found = importlib.import_module(module)
    except ModuleNotFoundError as error:
        raise InputError(
            f"there is no module {error.name!r}, which the victim {where!r} needs; put {module}.py beside the "
            "victim's file, or install it."
        ) from None
    finally:
        del sys.path[: len(search)]
    if not hasattr(found, name):
        raise InputError(f"module {module!r} has no {name!r}.")
    return getattr(found, name)


def skops_model(path: Path, trusted: Sequence[str]) -> Model:
    """Return the model of a ``.skops`` file, whose types must all be known or named as trusted.

    Raises
    ------
    InputError
        It holds types that are neither.
    """
    return read_skops(
        path,
        trusted,
        advice=lambda names: f"If you trust them, name them in the victim's file: trusted = {names}",
    )


def pickled_model(path: Path) -> Model:
    """Return the model of a pickle, which may run any code: only for a file the user named as one."""
    with path.open("rb") as file:
        return pickle.load(file)


def _maps(out: object) -> bool:
    return is_list(out) and len(out) > 0 and isinstance(out[0], Mapping)


def _extra(module: str) -> ModuleType:
    with needing("this victim"):
        return importlib.import_module(module)
