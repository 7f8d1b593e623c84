"""One extraction rule a family of victims. `FAMILIES` lists them."""

from __future__ import annotations

from collections.abc import Mapping

from edgewise.registry import Row


FAMILIES: Mapping[str, Row] = {
    "auto": Row("edgewise.audit.families.auto:Auto", "structural test, then contradiction, then agreement"),
    "linear": Row("edgewise.audit.families.linear:Linear", "version space by expectation propagation"),
    "kernel": Row("edgewise.audit.families.kernel:Kernel", "the same in Nyström features"),
    "tree": Row("edgewise.audit.families.trees:Tree", "walls by walking"),
    "forest": Row("edgewise.audit.families.ensembles:Forest", "margin, then crossings of a forest"),
    "boosting": Row(
        "edgewise.audit.families.ensembles:Boosting", "margin, then crossings of a boosted shadow"
    ),
    "neighbour": Row("edgewise.audit.families.ensembles:Neighbour", "pool rows; crossings in low dimensions"),
    "generic": Row("edgewise.audit.families.generic:Generic", "half margin, half crossings of the shadow"),
}
"""Rules by family; each is also a class whose instance `extract` takes."""
