"""Models, and what an attack may ask of any. `MODELS` lists those with a name; a user's own need none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgewise.importing import lazily
from edgewise.models.names import MODELS as MODELS
from edgewise.registry import classes


if TYPE_CHECKING:
    from edgewise.models.access import UnansweredError as UnansweredError
    from edgewise.models.kernel_ridge import KernelRidgeClassifier as KernelRidgeClassifier
    from edgewise.models.nadaraya_watson import NadarayaWatsonClassifier as NadarayaWatsonClassifier
    from edgewise.models.net_classifier import NetClassifier as NetClassifier

if not TYPE_CHECKING:  # an editor sees the imports above, and a misspelt name
    __getattr__, __dir__ = lazily(__name__, {**classes(MODELS), "UnansweredError": "edgewise.models.access"})
