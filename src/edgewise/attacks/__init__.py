"""Attacks: find the decision boundary. `ATTACKS` lists them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from edgewise.arrays import InputError
from edgewise.registry import Row, lookup


if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from edgewise.arrays import Box
    from edgewise.attacks.frame import Adversarial, Attack
    from edgewise.randomness import Rng


ATTACKS: Mapping[str, Row] = {
    "region-exact": Row("edgewise.attacks.region:RegionExact", "eq. 8", ("neighbours",)),
    "region-approx": Row("edgewise.attacks.region:RegionApprox", "eq. 8, nearest regions", ("neighbours",)),
    "trees": Row("edgewise.attacks.trees:TreesExact", "this package, docs/trees.md", ("trees",)),
    "linear": Row("edgewise.attacks.linear:LinearExact", "closed form", ("weights",)),
    "direct": Row("edgewise.attacks.direct:Direct", "eq. 9", ("labels", "neighbours")),
    "kernel-substitute": Row(
        "edgewise.attacks.kernel_substitute:KernelSubstitute", "eq. 10", ("labels", "neighbours")
    ),
    "opt": Row("edgewise.attacks.opt:Opt", "eqs. 11-12; Cheng et al. 2018", ("labels",), {"budget": 300}),
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


def attack(
    method: str | Attack | Callable[..., Any],
    model: Any,
    X: ArrayLike,
    *,
    y: ArrayLike | None = None,
    box: Box | tuple[ArrayLike, ArrayLike] | None = None,
    rng: Rng = 0,
    progress: bool = False,
    **settings: Any,
) -> Adversarial:
    """Move each sample just across the decision boundary of ``model``, verified by the model itself.

    Parameters
    ----------
    method
        A name in `ATTACKS` (``settings`` are its own), an instance such as ``Direct(k=3)``, or any callable
        ``(model, X, y) -> X_adv``.
    model
        A fitted scikit-learn classifier, a torch module, or a callable that answers labels or scores; asked,
        never changed.
    X
        Samples ``(n, d)``, ``(n, ...)`` for torch modules, in input units; never changed.
    y
        The label each sample is to lose; the model's own by default. A sample the model labels otherwise
        already comes back as it is, distance 0, status ``"already"``.
    box
        None, ``(low, high)`` as numbers or one a feature, or a `Box`; every point returned obeys it exactly.
    rng
        Seed or generator; the same seed gives the same points.
    progress
        Draw a progress bar on standard error.

    Returns
    -------
    Adversarial
        ``points, found, distance, label, source_label, queries``. A point that does not cross is never
        reported as if it did: its sample comes back, ``found`` False, ``distance`` infinite.

    Raises
    ------
    InputError
        Bad input, an unknown name or setting, a model that cannot answer what the method asks.

    Examples
    --------
    >>> from sklearn.neighbors import KNeighborsClassifier
    >>> knn = KNeighborsClassifier(1).fit([[0.0], [1.0]], ["a", "b"])
    >>> attack("direct", knn, [[0.2]]).distance.round(6)
    array([0.3])
    """
    from edgewise.attacks.frame import run

    if settings and not isinstance(method, str):
        raise InputError(f"settings {sorted(settings)} go with a name; give them to the instance instead.")
    chosen = lookup(ATTACKS, method, "attack").make(**settings) if isinstance(method, str) else method
    return run(chosen, model, X, y=y, box=box, rng=rng, progress=progress)
