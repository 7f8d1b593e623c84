"""An attack that knows what it found for a row: arms that rank by the same victim attack the same rows."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from edgewise.arrays import Box, Floats, Labels
from edgewise.attacks.frame import Attack, Proposal
from edgewise.geometry import Norm
from edgewise.models.access import Access
from edgewise.progress import Advance


@dataclass(frozen=True)
class Remembered:
    """``attack`` on one model and one box, each row once, whatever batch it comes in.

    Examples
    --------
    >>> import numpy as np, edgewise as ew
    >>> from sklearn.neighbors import KNeighborsClassifier
    >>> once = Remembered(ew.attacks.RegionExact())
    >>> knn = KNeighborsClassifier(1).fit([[0.0], [1.0]], [0, 1])
    >>> [ew.attack(knn, [[0.25], [x]], once).distance.round(3).tolist() for x in (0.0, 0.75)]
    [[0.25, 0.5], [0.25, 0.25]]
    >>> len(once.found)
    3
    """

    attack: Attack
    found: dict[bytes, Floats] = field(default_factory=dict[bytes, Floats], repr=False)

    @property
    def norm(self) -> Norm:
        """The norm of the attack."""
        return self.attack.norm

    def __call__(
        self, model: Access, X: Floats, y: Labels, *, box: Box | None, seed: int, advance: Advance
    ) -> Proposal:
        """Propose what is known, and what the attack proposes for the other rows."""
        keys = [row.tobytes() for row in X]
        new = np.flatnonzero([key not in self.found for key in keys])
        if len(new):
            made = self.attack(model.view(new), X[new], y[new], box=box, seed=seed, advance=advance)
            self.found.update(zip((keys[row] for row in new.tolist()), made.points, strict=True))
        advance(len(X) - len(new))
        return Proposal(np.array([self.found[key] for key in keys]))
