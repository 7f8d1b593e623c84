"""edgewise: adversarial active learning.

Find the decision boundary of a classifier, label there, rebuild it from its answers,
and learn when that helps.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any


if TYPE_CHECKING:
    from edgewise.arrays import Box, InputError
    from edgewise.attacks import ATTACKS, attack
    from edgewise.attacks.frame import Adversarial
    from edgewise.attacks.region.radius import radius
    from edgewise.audit.extraction import Extraction, extract
    from edgewise.data import DATASETS, load
    from edgewise.data.dataset import Dataset, Split
    from edgewise.learning.loop import learn
    from edgewise.learning.retrain import Retrained, retrain
    from edgewise.models.kernel_ridge import KernelRidgeClassifier
    from edgewise.models.nadaraya_watson import NadarayaWatsonClassifier
    from edgewise.strategies import STRATEGIES
    from edgewise.strategies.frame import Query, query


__version__ = "0.1.0"

# Imported when first asked for, so that `import edgewise` costs little more than NumPy.
_HOMES = {
    "ATTACKS": "edgewise.attacks",
    "Adversarial": "edgewise.attacks.frame",
    "Box": "edgewise.arrays",
    "DATASETS": "edgewise.data",
    "Dataset": "edgewise.data.dataset",
    "Extraction": "edgewise.audit.extraction",
    "InputError": "edgewise.arrays",
    "KernelRidgeClassifier": "edgewise.models.kernel_ridge",
    "NadarayaWatsonClassifier": "edgewise.models.nadaraya_watson",
    "Query": "edgewise.strategies.frame",
    "Retrained": "edgewise.learning.retrain",
    "STRATEGIES": "edgewise.strategies",
    "Split": "edgewise.data.dataset",
    "attack": "edgewise.attacks",
    "extract": "edgewise.audit.extraction",
    "learn": "edgewise.learning.loop",
    "load": "edgewise.data",
    "query": "edgewise.strategies.frame",
    "radius": "edgewise.attacks.region.radius",
    "retrain": "edgewise.learning.retrain",
}

__all__ = [
    "ATTACKS",
    "DATASETS",
    "STRATEGIES",
    "Adversarial",
    "Box",
    "Dataset",
    "Extraction",
    "InputError",
    "KernelRidgeClassifier",
    "NadarayaWatsonClassifier",
    "Query",
    "Retrained",
    "Split",
    "attack",
    "extract",
    "learn",
    "load",
    "query",
    "radius",
    "retrain",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'edgewise' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
