"""Attacks: find the decision boundary of a model. `ATTACKS` lists those that have a name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgewise.attacks.names import ATTACKS as ATTACKS
from edgewise.attacks.names import AttackName as AttackName
from edgewise.importing import lazily
from edgewise.registry import classes


if TYPE_CHECKING:
    from edgewise.attacks.adversarial import Adversarial as Adversarial
    from edgewise.attacks.direct import Direct as Direct
    from edgewise.attacks.frame import Attack as Attack
    from edgewise.attacks.frame import Proposal as Proposal
    from edgewise.attacks.frame import attack as attack
    from edgewise.attacks.gradient.carlini_wagner import CarliniWagner as CarliniWagner
    from edgewise.attacks.gradient.ddn import DDN as DDN
    from edgewise.attacks.gradient.deepfool import DeepFool as DeepFool
    from edgewise.attacks.gradient.fgsm_pgd import FGSM as FGSM
    from edgewise.attacks.gradient.fgsm_pgd import PGD as PGD
    from edgewise.attacks.kernel_substitute import KernelSubstitute as KernelSubstitute
    from edgewise.attacks.linear import LinearExact as LinearExact
    from edgewise.attacks.moves import Moves as Moves
    from edgewise.attacks.opt import Opt as Opt
    from edgewise.attacks.race.attack import Race as Race
    from edgewise.attacks.radii import Radius as Radius
    from edgewise.attacks.radii import radius as radius
    from edgewise.attacks.region.attack import RegionApprox as RegionApprox
    from edgewise.attacks.region.attack import RegionExact as RegionExact
    from edgewise.attacks.trees.attack import TreesExact as TreesExact

_FRAME = dict.fromkeys(("Attack", "Proposal", "attack"), "edgewise.attacks.frame")
_RADII = dict.fromkeys(("Radius", "radius"), "edgewise.attacks.radii")
if not TYPE_CHECKING:  # an editor sees the imports above, and a misspelt name
    __getattr__, __dir__ = lazily(
        __name__,
        {
            **classes(ATTACKS),
            **_FRAME,
            **_RADII,
            "Adversarial": "edgewise.attacks.adversarial",
            "Moves": "edgewise.attacks.moves",
        },
    )
