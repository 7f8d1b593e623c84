"""edgewise: adversarial active learning.

Find the decision boundary of a classifier, label there, rebuild it from its answers,
and learn when that helps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgewise.importing import lazily


if TYPE_CHECKING:
    from edgewise import attacks as attacks
    from edgewise import models as models
    from edgewise import oracles as oracles
    from edgewise import pools as pools
    from edgewise import stopping as stopping
    from edgewise import strategies as strategies
    from edgewise import testing as testing
    from edgewise.advice.advise import Advice as Advice
    from edgewise.advice.advise import advise as advise
    from edgewise.arrays import Box as Box
    from edgewise.arrays import InputError as InputError
    from edgewise.attacks.adversarial import Adversarial as Adversarial
    from edgewise.attacks.frame import attack as attack
    from edgewise.attacks.names import ATTACKS as ATTACKS
    from edgewise.attacks.radii import radius as radius
    from edgewise.audit.extraction import Extraction as Extraction
    from edgewise.audit.extraction import extract as extract
    from edgewise.data.dataset import Dataset as Dataset
    from edgewise.data.dataset import Split as Split
    from edgewise.data.files import MissingDataError as MissingDataError
    from edgewise.data.loading import load as load
    from edgewise.data.names import DATASETS as DATASETS
    from edgewise.importing import MissingExtraError as MissingExtraError
    from edgewise.learning.loop import Round as Round
    from edgewise.learning.loop import learn as learn
    from edgewise.learning.retrain import Retrained as Retrained
    from edgewise.learning.retrain import retrain as retrain
    from edgewise.models.access import BudgetError as BudgetError
    from edgewise.models.access import UnansweredError as UnansweredError
    from edgewise.strategies.frame import Query as Query
    from edgewise.strategies.names import STRATEGIES as STRATEGIES
    from edgewise.strategies.selecting import query as query


__version__ = "0.1.0"

# Imported when first asked for, so that `import edgewise` costs little more than NumPy.
_HOMES = {
    "ATTACKS": "edgewise.attacks.names",
    "Advice": "edgewise.advice.advise",
    "Adversarial": "edgewise.attacks.adversarial",
    "Box": "edgewise.arrays",
    "BudgetError": "edgewise.models.access",
    "DATASETS": "edgewise.data.names",
    "Dataset": "edgewise.data.dataset",
    "Extraction": "edgewise.audit.extraction",
    "InputError": "edgewise.arrays",
    "MissingDataError": "edgewise.data.files",
    "MissingExtraError": "edgewise.importing",
    "Query": "edgewise.strategies.frame",
    "Retrained": "edgewise.learning.retrain",
    "Round": "edgewise.learning.loop",
    "STRATEGIES": "edgewise.strategies.names",
    "Split": "edgewise.data.dataset",
    "UnansweredError": "edgewise.models.access",
    "advise": "edgewise.advice.advise",
    "attack": "edgewise.attacks.frame",
    "attacks": "edgewise.attacks",
    "extract": "edgewise.audit.extraction",
    "learn": "edgewise.learning.loop",
    "load": "edgewise.data.loading",
    "models": "edgewise.models",
    "oracles": "edgewise.oracles",
    "pools": "edgewise.pools",
    "query": "edgewise.strategies.selecting",
    "radius": "edgewise.attacks.radii",
    "retrain": "edgewise.learning.retrain",
    "stopping": "edgewise.stopping",
    "strategies": "edgewise.strategies",
    "testing": "edgewise.testing",
}

__all__ = list(_HOMES)  # pyright: ignore[reportUnsupportedDunderAll]
if not TYPE_CHECKING:  # an editor sees the imports above, and a misspelt name
    __getattr__, __dir__ = lazily(__name__, _HOMES)
