"""The attacks that have a name: one row each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from edgewise.registry import Row


ATTACKS: Mapping[str, Row] = {
    "region-exact": Row("edgewise.attacks.region.attack:RegionExact", "eq. 8", ("neighbours",)),
    "region-approx": Row(
        "edgewise.attacks.region.attack:RegionApprox", "eq. 8, nearest regions", ("neighbours",)
    ),
    "trees": Row("edgewise.attacks.trees.attack:TreesExact", "this package, docs/trees.md", ("trees",)),
    "linear": Row("edgewise.attacks.linear:LinearExact", "this package, closed form", ("weights",)),
    "direct": Row("edgewise.attacks.direct:Direct", "eq. 9", ("labels", "neighbours")),
    "kernel-substitute": Row(
        "edgewise.attacks.kernel_substitute:KernelSubstitute", "eq. 10", ("labels", "neighbours")
    ),
    "opt": Row("edgewise.attacks.opt:Opt", "eqs. 11-12; Cheng et al. 2018", ("labels",), {"budget": 300}),
    "race": Row(
        "edgewise.attacks.race.attack:Race",
        "Maho et al. 2021; Reza et al. 2023; this package, docs/label-only.md",
        ("labels",),
        {"budget": 300},
    ),
    "fgsm": Row(
        "edgewise.attacks.gradient.fgsm_pgd:FGSM",
        "eq. 13; Goodfellow et al. 2015",
        ("gradient",),
        {},
        "torch",
    ),
    "pgd": Row(
        "edgewise.attacks.gradient.fgsm_pgd:PGD",
        "eq. 14; Madry et al. 2018",
        ("gradient",),
        {"steps": 5},
        "torch",
    ),
    "deepfool": Row(
        "edgewise.attacks.gradient.deepfool:DeepFool",
        "eq. 15; Moosavi-Dezfooli et al. 2016",
        ("gradient",),
        {"steps": 20},
        "torch",
    ),
    "cw": Row(
        "edgewise.attacks.gradient.carlini_wagner:CarliniWagner",
        "eq. 16; Carlini and Wagner 2017",
        ("gradient",),
        {"searches": 2, "steps": 40},
        "torch",
    ),
    "ddn": Row(
        "edgewise.attacks.gradient.ddn:DDN",
        "Rony et al. 2019, algorithm 1",
        ("gradient",),
        {"steps": 30},
        "torch",
    ),
}

AttackName = Literal[
    "auto",
    "region-exact",
    "region-approx",
    "trees",
    "linear",
    "direct",
    "kernel-substitute",
    "opt",
    "race",
    "fgsm",
    "pgd",
    "deepfool",
    "cw",
    "ddn",
]
"""The names in `ATTACKS`, and ``"auto"``."""
