"""One audit: extraction, what simpler rules and stricter outputs would have done, robustness, what it cost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import ArrayLike

from edgewise.arrays import Box, Floats, Json, Labels, check_X
from edgewise.audit.extraction import Extraction, extract
from edgewise.audit.families.frame import Family
from edgewise.audit.ledger import Entry
from edgewise.audit.measuring import Agreement
from edgewise.audit.metered import EXTRACT, MEASURE, Metered
from edgewise.audit.replay import Curve, Restriction, restrictions, simulated
from edgewise.audit.robustness import STEPS, Robustness, robustness
from edgewise.audit.spaces import spaced
from edgewise.randomness import Rng, child_seed, seed_of


LEVELS = (0.8, 0.9, 0.95, 0.99)
ROBUSTNESS_ROWS = 20


@dataclass(frozen=True)
class Audit:
    """What an audit found.

    Parameters
    ----------
    victim
        Its name.
    extraction
        The copy and how it was made.
    simulated
        Held-out agreement by rows of ``random`` and ``margin``, had they asked instead: from the recorded
        answers, and from the copy's where the victim was not asked.
    restrictions
        The same for stricter outputs, where scores were recorded; empty else.
    robust
        Distances to a confirmed change of label, or None.
    counts
        Rows in the ledger, by purse and state.
    caps
        The most rows each purse may spend.
    measured
        Rows spent from the ``measure`` purse, by purpose: the sets that agreement is measured on, and
        ``robustness``.
    levels
        The rows at which held-out agreement first reached each level, or None.
    """

    victim: str
    extraction: Extraction
    simulated: Mapping[str, Curve]
    restrictions: Sequence[Restriction]
    robust: Robustness | None
    counts: Mapping[str, Mapping[str, int]]
    caps: Mapping[str, int]
    measured: Mapping[str, int]
    levels: Mapping[float, int | None]

    @property
    def agreement(self) -> Agreement | None:
        """Held-out agreement of the copy, or None if nothing was measured."""
        return self.extraction.agreement.get("held-out")

    def as_json(self) -> dict[str, Json]:
        """Return the findings as plain JSON values."""
        found = self.extraction
        return {
            "victim": self.victim,
            "family": found.family,
            "why": found.why,
            "budget": found.budget,
            "spent": found.spent,
            "seed": found.seed,
            "rows": dict(found.rows),
            "agreement": {name: asdict(value) for name, value in found.agreement.items()},
            "curve": _points(found.curve),
            "levels": {str(level): rows for level, rows in self.levels.items()},
            "simulated": {name: _points(curve) for name, curve in self.simulated.items()},
            "restrictions": {each.name: _points(each.curve) for each in self.restrictions},
            "robustness": None
            if self.robust is None
            else {
                "distance": [float(v) if np.isfinite(v) else None for v in self.robust.distance],
                "rows": self.robust.rows,
                "purse": MEASURE,
            },
            "measured": dict(self.measured),
            "caps": dict(self.caps),
            "ledger": {purse: dict(states) for purse, states in self.counts.items()},
        }


def shared(measure: int) -> tuple[int, int]:
    """Return how a ``measure`` purse is shared: rows that measure agreement, and samples whose distance is confirmed.

    At most a quarter goes to distances, each of which takes up to three rows.

    Examples
    --------
    >>> shared(260), shared(80)
    ((200, 20), (62, 6))
    """
    samples = min(ROBUSTNESS_ROWS, measure // (4 * len(STEPS)))
    return measure - len(STEPS) * samples, samples


def audit(
    victim: Metered,
    pool: ArrayLike,
    *,
    budget: int,
    measure: int = 260,
    family: str | Family = "auto",
    box: Box | tuple[ArrayLike, ArrayLike] | None = None,
    rng: Rng = 0,
) -> Audit:
    """Audit a victim behind a ledger whose purses ``extract`` and ``measure`` hold ``budget`` and ``measure`` rows.

    Parameters
    ----------
    victim
        The victim behind its ledger.
    pool, budget, family, box, rng
        As in `edgewise.audit.extraction.extract`.
    measure
        The most rows to measure with: how far the copy agrees, and how far rows are from a change of label.

    Raises
    ------
    InputError
        As `extract` does.
    """
    seed = seed_of(rng)
    to_agree, few = shared(measure)
    found = extract(victim, pool, budget=budget, family=family, box=box, measure=to_agree, rng=seed)
    X = victim.as_sent(check_X(pool).astype(np.float64))
    space, _ = spaced(X, box, None, to_agree, seed)
    robust, less, curves = None, list[Restriction](), dict[str, Curve]()
    if found.measured is not None:
        marks = [spent for spent, _ in found.curve]
        rows, labels = (part["held-out"][:few] for part in (found.measured.rows, found.measured.labels))
        robust = robustness(victim, space, found.copy, rows, labels, child_seed(seed, "robustness"))
        answers = _pool_labels(space.pool, found)
        for rule in ("random", "margin"):
            curves[rule] = simulated(rule, found.family, space.pool, answers, found.measured, marks, seed)
        less = _restrictions(victim, found, marks)
    entries = victim.ledger.entries()
    return Audit(
        victim.target.name,
        found,
        curves,
        less,
        robust,
        _counts(entries),
        {EXTRACT: budget, MEASURE: measure},
        _measured(entries),
        {level: _first(found.curve, level) for level in LEVELS},
    )


def _pool_labels(pool: Floats, found: Extraction) -> Labels:
    """Return the recorded label of each pool row, the copy's where there is none."""
    recorded = {row.tobytes(): label for row, label in zip(found.X, found.labels, strict=True)}
    guessed = found.copy.predict(pool)
    return np.array([recorded.get(row.tobytes(), guess) for row, guess in zip(pool, guessed, strict=True)])


def _restrictions(victim: Metered, found: Extraction, marks: Sequence[int]) -> list[Restriction]:
    """Replay stricter outputs from the ledger, if it holds scores."""
    if found.measured is None:
        return []
    kept = [victim.ledger.answer(row.tobytes()) for row in found.X]
    with_scores = [at for at, answer in enumerate(kept) if answer is not None and len(answer) > 1]
    if len(with_scores) < 20:
        return []
    rows = np.array(with_scores)
    scores = [answer[1] for answer in kept if answer is not None and len(answer) > 1]
    some = [*[mark for mark in marks if mark >= 20][::3], len(rows)]
    return restrictions(found.X[rows], found.labels[rows], scores, found.measured, sorted(set(some)))


def _first(curve: Curve, level: float) -> int | None:
    return next((spent for spent, found in curve if found.share >= level), None)


def _counts(entries: Sequence[Entry]) -> dict[str, dict[str, int]]:
    counts: dict[str, Counter[str]] = {}
    for entry in entries:
        counts.setdefault(entry.purse, Counter())[entry.state] += 1
    return {purse: dict(states) for purse, states in counts.items()}


def _measured(entries: Sequence[Entry]) -> dict[str, int]:
    spent = (entry for entry in entries if entry.purse == MEASURE and entry.state != "refused")
    return dict(Counter(entry.purpose for entry in spent))


def _points(curve: Curve) -> list[dict[str, float]]:
    return [{"rows": spent, **asdict(found)} for spent, found in curve]
