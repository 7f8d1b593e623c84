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
    "stratified": Row("edgewise.strategies.clusters:Stratified", "Madow 1949; proportional allocation"),
    "dfal": Row(
        "edgewise.strategies.adversarial:Dfal", "Ducoffe & Precioso 2018, algorithm 1", needs=("attack",)
    ),
    "max-confidence": Row(
        "edgewise.strategies.adversarial:MaxConfidence",
        "the paper, section 5.3",
        needs=("attack", "probabilities"),
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
    "stratified",
    "dfal",
    "max-confidence",
    "edge-mix",
]
"""The names in `STRATEGIES`."""
