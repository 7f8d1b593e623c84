"""The strategies that have a name: one row each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from edgewise.registry import Row


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

StrategyName = Literal[
    "random",
    "least-confidence",
    "margin",
    "entropy",
    "core-set",
    "badge",
    "typical",
    "typical-then-margin",
    "probcover",
    "bald",
    "density-margin",
    "stratified",
    "dfal",
    "max-confidence",
    "herding",
    "edge-mix",
]
"""The names in `STRATEGIES`."""
