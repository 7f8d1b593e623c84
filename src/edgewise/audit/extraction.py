"""Rebuild a model from its answers within a hard budget, and measure how close the copy is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from edgewise.arrays import Box, Floats, Label, Labels, check_count, check_X
from edgewise.audit.families.frame import Answers, Family, Question, Space
from edgewise.audit.families.names import FAMILIES
from edgewise.audit.ledger import Ledger
from edgewise.audit.measuring import Agreement, Measured, measure_rows
from edgewise.audit.metered import EXTRACT, MEASURE, Metered
from edgewise.audit.spaces import spaced
from edgewise.audit.victims.local import LocalModel
from edgewise.audit.victims.target import Target
from edgewise.models.unwrap import Model
from edgewise.randomness import Rng, child_seed, seed_of
from edgewise.registry import lookup


MADE = ("generate", "walk", "family")
IDLE = 300
"""Questions in a row that cost nothing, all answered before, after which a rule has nothing new to ask."""
MARKS = 14


@dataclass(frozen=True)
class Extraction:
    """What `extract` gives.

    Parameters
    ----------
    copy
        The copy, a fitted scikit-learn classifier in the victim's units.
    family
        The family whose rule made it; ``"none"`` where no shadow got close.
    why
        Why it stopped: ``"budget"``, ``"converged"``, ``"nothing left to ask"`` or ``"one label only"``.
    rows
        Rows spent, by purpose; ``"asked again"`` are those asked once more because no answer came.
    agreement
        Share of rows on which copy and victim agree, with a 95 % interval: ``"held-out"``, ``"uniform"`` and
        ``"near"`` the boundary. Empty without a ``measure`` purse.
    curve
        Agreement on the held-out rows by rows spent, those asked again left out.
    spent, budget
        Rows spent for the copy, and allowed.
    seed
        Repeats the run.
    X, labels
        The rows that were answered ``(n, d)``, in order, and their labels ``(n,)``.
    measured
        The rows that agreement was measured on.
    """

    copy: Model
    family: str
    why: str
    rows: Mapping[str, int]
    agreement: Mapping[str, Agreement]
    curve: Sequence[tuple[int, Agreement]]
    spent: int
    budget: int
    seed: int
    X: Floats = field(repr=False)
    labels: Labels = field(repr=False)
    measured: Measured | None = field(default=None, repr=False)

    def __str__(self) -> str:
        lines = [f"a {self.family} copy from {self.spent} of {self.budget} rows ({self.why})"]
        lines += [f"  agreement, {name}: {found}" for name, found in self.agreement.items()]
        lines += [f"  rows by purpose: {', '.join(f'{name} {n}' for name, n in self.rows.items())}"]
        return "\n".join(lines)


def extract(
    victim: Model,
    pool: ArrayLike,
    *,
    budget: int,
    family: str | Family = "auto",
    box: Box | tuple[ArrayLike, ArrayLike] | None = None,
    grid: Sequence[ArrayLike | None] | None = None,
    measure: int = 0,
    rng: Rng = None,
) -> Extraction:
    """Rebuild ``victim`` from at most ``budget`` of its answers.

    Every row asked lies in the box and on the grid, one answer a row; nothing but labels is used. A victim
    behind a ledger (`edgewise.audit.metered.Metered`) may be killed at any moment: the same call goes on with
    the next question.

    Parameters
    ----------
    victim
        Any model `edgewise.attack` takes, a `Target`, or a `Metered` one.
    pool
        Rows of the victim's data ``(n, d)``, unlabelled.
    budget
        The most rows to ask, the first random ones included.
    family
        A name of `edgewise.audit.families.FAMILIES`, or an instance with settings; ``"auto"`` finds out.
    box
        Bounds of what the victim takes; the range of the pool by default.
    grid
        For each feature the values it may take, or None for any number; None for no grid at all.
    measure
        More rows, from a purse of their own, to measure the copy with. Half of them are rows of the pool that
        are kept apart.
    rng
        Seed or generator; None for fresh entropy.

    Returns
    -------
    Extraction
        The copy, how far it agrees with the victim, rows by purpose, and why it stopped.

    Raises
    ------
    InputError
        Bad data, no varying feature, a pool that leaves the box or the grid.

    Examples
    --------
    >>> import numpy as np
    >>> pool = np.random.default_rng(0).normal(size=(300, 3))
    >>> victim = lambda X: (X @ [1.0, -2.0, 0.5] > 0.3).astype(int)
    >>> out = extract(victim, pool, budget=100, family="linear", rng=0)
    >>> out.family, bool((out.copy.predict(pool) == victim(pool)).mean() > 0.99), out.spent <= 100
    ('linear', True, True)
    """
    given = check_X(pool, name="pool").astype(np.float64)
    check_count(budget, "budget", low=2)
    check_count(measure, "measure", low=0)
    seed = seed_of(rng)
    metered = _metered(victim, budget, measure)
    space, held_out = spaced(metered.as_sent(given), box, grid, measure, seed)
    rule = _family(family, budget)
    run = _Run(metered, space, budget)
    run.follow(rule, seed)
    held_out = held_out[[row.tobytes() not in run.paid for row in held_out]]
    measured = measure_rows(metered, space, held_out, run.copies[-1][1], measure, child_seed(seed, "measure"))
    return run.result(measured, seed, named_none=family == "auto")


def _metered(victim: Model, budget: int, measure: int) -> Metered:
    if isinstance(victim, Metered):
        return victim
    target = victim if isinstance(victim, Target) else LocalModel(victim)
    return Metered(target, Ledger(":memory:", {EXTRACT: budget, MEASURE: measure}))


def _family(family: str | Family, budget: int) -> Family:
    if not isinstance(family, str):
        return family
    row = lookup(FAMILIES, family, "family")
    return row.make(budget=budget) if family == "auto" else row.make()


@dataclass
class _Run:
    """One extraction on its way."""

    victim: Metered
    space: Space
    budget: int
    answers: Answers = field(init=False)
    copies: list[tuple[int, Model]] = field(default_factory=list[tuple[int, Model]])
    rows: dict[str, int] = field(default_factory=dict[str, int])
    why: str = "budget"
    family: str = "auto"
    paid: set[bytes] = field(default_factory=set[bytes])
    _repeats: int = 0

    def __post_init__(self) -> None:
        self.answers = Answers(self.space)

    @property
    def spent(self) -> int:
        """How many rows were asked, deliberate repeats included, and those without an answer once."""
        return len(self.paid) + self._repeats

    def follow(self, rule: Family, seed: int) -> None:
        """Put the rule's questions until it stops or the purse is empty; keep a copy now and then."""
        questions = rule(self.space, self.answers, seed)
        question = next(questions)
        marks = [
            int(mark) for mark in np.unique(np.geomspace(min(10, self.budget), self.budget, MARKS).round())
        ]
        idle = 0
        while True:
            if marks and self.spent >= marks[0]:
                marks = [mark for mark in marks if mark > self.spent]
                self.copies.append((self.spent, question.copy()))
            before = self.spent
            labels = self._put(question)
            idle = 0 if self.spent > before else idle + 1
            if len(labels) < len(question.X) and not len(labels):
                break
            if idle > IDLE:
                self.why = "nothing left to ask"
                break
            try:
                question = questions.send(labels)
            except StopIteration as stop:
                self.why = stop.value
                break
        self.family = question.family
        self.copies.append((self.spent, question.copy()))

    def _put(self, question: Question) -> list[Label | None]:
        """Ask as many of the rows as the budget holds; return their labels."""
        every = self._sendable(question.X)
        free = [row.tobytes() in self.paid and not question.again for row in every]
        dear = np.flatnonzero(np.cumsum(~np.array(free)) > self.budget - self.spent)
        replies = self.victim.ask(
            every[: dear[0]] if len(dear) else every,
            purpose=question.purpose,
            purse=EXTRACT,
            again=question.again,
        )
        labels = [None if reply is None else reply.label for reply in replies]
        rows = every[: len(replies)]
        for row, label in zip(rows, labels, strict=True):
            known = row.tobytes() in self.paid and not question.again
            if question.again:
                self._repeats += 1
                self.victim.repeatable &= label is None or label == self.answers.known(row)
            self.paid.add(row.tobytes())
            self.rows[question.purpose] = self.rows.get(question.purpose, 0) + (not known)
        self.answers.add(rows, labels, question.purpose in MADE)
        return labels

    def _sendable(self, X: Floats) -> Floats:
        """Return rows as they will be sent, rounding kept inside the box."""
        sent = self.victim.as_sent(X)
        box = self.space.box
        outside = ~box.contains(sent)
        if outside.any():
            inward = np.clip(X - 2 * (sent - X), box.low, box.high)
            sent[outside] = self.victim.as_sent(inward)[outside]
        return sent[box.contains(sent)] if not box.contains(sent).all() else sent

    def result(self, measured: Measured | None, seed: int, named_none: bool) -> Extraction:
        """Return what was made, measured."""
        copy = self.copies[-1][1]
        agreement = {} if measured is None else measured.agreement(copy)
        curve = [] if measured is None else [(spent, measured.held_out(each)) for spent, each in self.copies]
        family = self.family
        if named_none and "held-out" in agreement and agreement["held-out"].high < NONE_BELOW:
            family = "none"
        again = max(0, self.victim.ledger.spent_on(EXTRACT, self.paid) - self.spent)
        return Extraction(
            copy,
            family,
            self.why,
            self.rows | ({AGAIN: again} if again else {}),
            agreement,
            tuple(dict(curve).items()),
            self.spent + again,
            self.budget,
            seed,
            self.answers.X,
            self.answers.labels if len(self.answers) else np.empty(0),
            measured,
        )


AGAIN = "asked again"
"""The purpose of rows that were asked once more because no answer came, or the run was killed before it did."""
NONE_BELOW = 0.9
"""With an upper end of the held-out interval below this, no family is named."""
