"""Strategies: which rows of a pool to label next. `STRATEGIES` lists them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from edgewise.arrays import InputError
from edgewise.registry import Row, from_file, lookup


STRATEGIES: Mapping[str, Row] = {
    "random": Row("edgewise.strategies.uncertainty:Random", "baseline"),
    "least-confidence": Row(
        "edgewise.strategies.uncertainty:LeastConfidence", "Lewis & Gale 1994", needs=("probabilities",)
    ),
    "margin": Row(
        "edgewise.strategies.uncertainty:Margin", "Scheffer, Decomain & Wrobel 2001", needs=("scores",)
    ),
    "entropy": Row(
        "edgewise.strategies.uncertainty:Entropy", "Settles 2009, section 3.1", needs=("probabilities",)
    ),
    "core-set": Row("edgewise.strategies.diversity:CoreSet", "Sener & Savarese 2018, algorithm 1"),
    "badge": Row(
        "edgewise.strategies.diversity:Badge", "Ash et al. 2020, algorithm 1", needs=("probabilities",)
    ),
    "typical": Row("edgewise.strategies.clusters:Typical", "Hacohen, Dekel & Weinshall 2022, algorithm 1"),
    "typical-then-margin": Row(
        "edgewise.strategies.typical_then_margin:TypicalThenMargin",
        "typical to 8 labels a class, then margin",
    ),
    "probcover": Row("edgewise.strategies.probcover:ProbCover", "Yehuda et al. 2022, algorithm 1"),
    "bald": Row("edgewise.strategies.bald:Bald", "Houlsby et al. 2011", needs=("committee",)),
    "density-margin": Row(
        "edgewise.strategies.density:DensityMargin", "Settles & Craven 2008, section 4.3", needs=("scores",)
    ),
    "stratified": Row("edgewise.strategies.clusters:Stratified", "Madow 1949; proportional allocation"),
    "dfal": Row(
        "edgewise.strategies.adversarial:Dfal", "Ducoffe & Precioso 2018, algorithm 1", needs=("attack",)
    ),
    "max-confidence": Row(
        "edgewise.strategies.adversarial:MaxConfidence",
        "the paper, section 5.3",
        needs=("attack", "probabilities"),
    ),
    "herding": Row(
        "edgewise.strategies.herding:Herding", "Bae et al. 2024 (UHerding); width and power chosen here"
    ),
    "edge-mix": Row("edgewise.strategies.edge_mix:EdgeMix", "theory, section 7"),
}


DEFAULT = "herding"
"""The strategy of `edgewise.query`, `edgewise.learn` and the command line, if none is named."""


def make(strategy: Any, settings: Mapping[str, Any] | None = None) -> Callable[..., Any]:
    """Return a strategy from its name and settings, an instance, a scoring function, or FILE.py:NAME."""
    from edgewise.strategies.foreign import Scored
    from edgewise.strategies.frame import Strategy

    if isinstance(strategy, str) and ".py:" in strategy:
        strategy = from_file(strategy)
    if isinstance(strategy, str):
        return lookup(STRATEGIES, strategy, "strategy").make(**(settings or {}))
    if settings:
        raise InputError(f"settings {sorted(settings)} go with a name; give them to the instance instead.")
    if not callable(strategy) or isinstance(strategy, type):
        raise InputError(
            f"a strategy is a name, an instance or a function (model, X) -> scores; got {strategy!r}."
        )
    return strategy if _is_instance(strategy, Strategy) else Scored(strategy)


def _is_instance(strategy: Any, kind: type) -> bool:
    """Tell a frozen dataclass of settings from a bare function, which has a ``__call__`` too."""
    return hasattr(type(strategy), "__dataclass_fields__") and isinstance(strategy, kind)
