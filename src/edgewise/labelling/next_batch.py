"""The rows to label next, from labels so far, of one pool and of a pool in shards: what `edgewise query` does."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import narwhals as nw
import numpy as np

from edgewise.arrays import Floats, InputError, Labels
from edgewise.labelling.batches import Known, Labelled
from edgewise.labelling.sheet import Sheet
from edgewise.learning.fitting import fitted
from edgewise.learning.learners import learner_of
from edgewise.models.features import Features, spread_rows, takes_gaps
from edgewise.models.labels import WHOLE
from edgewise.models.rows import framed, is_frame
from edgewise.models.unwrap import Model, names_known
from edgewise.pools.pool import Pool
from edgewise.pools.shards import Shards
from edgewise.pools.top_rows import draw_rows
from edgewise.randomness import child_seed
from edgewise.registry import component, listing, lookup
from edgewise.strategies import STRATEGIES
from edgewise.strategies.frame import Query
from edgewise.strategies.selecting import query


if TYPE_CHECKING:
    from edgewise.strategies.sharded import ShardQuery


SHARD_SAMPLE = 5_000
"""Rows of shards that mean and spread of the features are estimated from."""

BLOCK = 2**14
"""Rows that are standardised at once."""


@dataclass(frozen=True)
class NextBatch:
    """Which rows to label next: the settings of `edgewise query`.

    Parameters
    ----------
    strategy
        A name in `STRATEGIES`, or ``FILE.py:NAME``.
    learner
        What is fitted to the labels: a name in `LEARNERS`, or ``FILE.py:NAME``. A pipeline of one's own gets the
        columns as they are, anything else their `Features`.
    model
        A fitted model that is asked instead, about the columns as they are; None for the learner.
    seed
        Fixes every draw.
    """

    strategy: str = "herding"
    learner: str = "logistic"
    model: Model = field(default=None, repr=False)
    seed: int = 0

    def __call__(self, sheet: Sheet, known: Labelled, n: int) -> tuple[Query, Model]:
        """Return the next ``n`` rows of a pool for what is known of it, and the model that was asked, if any.

        Raises
        ------
        InputError
            The strategy needs a model and there are labels of fewer than two classes, or the model that is given
            was fitted to other columns.
        """
        return self.prepare(sheet)(known, n)

    def prepare(self, sheet: Sheet) -> Prepared:
        """Return the pool as it is learned from, for one batch after another.

        Complete numbers are scaled to mean 0 and spread 1 over the pool; of other tables `Features` are made.
        """
        pool = sheet.pool
        if self.model is not None:
            return Prepared(self, _as_fitted(self.model, sheet), None)
        if pool.names is None:
            rows = _standardised(pool)
            return Prepared(self, Pool.of(rows), learner_of(self.learner, rows))
        index = spread_rows(len(pool))
        features, rows = Features.of(pool.rows(index))
        learner = learner_of(self.learner, np.nan_to_num(rows))
        if hasattr(learner, "steps"):
            return Prepared(self, pool, learner, notes=("the columns go to your pipeline as they are",))
        features = replace(features, gaps=takes_gaps(learner))
        if len(index) < len(pool):
            rows = pool.score(features)
        elif not features.gaps:
            rows = np.nan_to_num(rows, copy=False)
        space = Features.already(rows.shape[1])
        filled = "go to the learner as they are" if features.gaps else "are filled with the mean"
        notes = (*features.how, f"gaps in numbers {filled}")
        return Prepared(
            self, replace(Pool.of_array(rows), missing=features.gaps, space=space), learner, features, notes
        )

    def of_shards(self, shards: Shards, known: Known, n: int, **settings: Any) -> ShardQuery:
        """Return the next ``n`` rows of a pool in shards.

        Features are scaled to mean 0 and spread 1, as estimated from 5,000 rows. A model that is given is asked
        about the rows as they are. ``settings`` are those of `edgewise.strategies.sharded.query_shards`.

        Raises
        ------
        InputError
            The strategy needs a model and there are labels of fewer than two classes.
        """
        # Late: what queries shards loads every strategy, which a pool in one file never needs.
        from edgewise.strategies.sharded import query_shards

        scale, model = None, self.model
        if model is None:
            if len(np.unique(known.labels)) < 2:
                self.check_first()
            rows, scale = self._scaled(shards, int(settings.get("jobs", 1)))
            learner = learner_of(self.learner, rows)
            if len(np.unique(known.labels)) > 1:
                points = (known.points.reshape(len(known.points), -1) - scale[0]) / scale[1]
                model = fitted(learner, points, known.labels, seed=child_seed(self.seed, "fit"))
        return query_shards(
            model,
            shards,
            n,
            component(STRATEGIES, self.strategy, "strategy"),
            labelled=(known.points, _as_the_model(known.labels, model)) if len(known.index) else None,
            taken=known.index,
            scale=scale,
            uniform=known.uniform,
            rng=child_seed(self.seed, "query"),
            **settings,
        )

    def check_first(self) -> None:
        """Raise `InputError` if the strategy needs a model, for the first batch."""
        if needs_model(self.strategy):
            raise InputError(
                f"{self.strategy} needs a model: labels of at least two classes, or a fitted one with --model. Label "
                "a first batch of 'herding', 'typical' or 'random' first."
            )

    def _scaled(self, shards: Shards, jobs: int) -> tuple[Floats, tuple[Floats, Floats]]:
        from edgewise.strategies.sharded.task import read_rows

        none = np.empty(0, np.intp)
        drawn = draw_rows(min(SHARD_SAMPLE, len(shards)), len(shards), none, self.seed, "scale")
        rows = read_rows(shards, np.sort(drawn), jobs=jobs)
        rows = rows.reshape(len(rows), -1)
        centre, spread = rows.mean(axis=0), rows.std(axis=0)
        spread = np.where(spread > 0, spread, 1)
        return (rows - centre) / spread, (centre, spread)


@dataclass(frozen=True)
class Prepared:
    """A pool as it is learned from; calling it chooses a batch.

    Parameters
    ----------
    choose
        The settings.
    pool
        The rows as the model takes them.
    learner
        What is fitted, or None where a fitted model is asked.
    features
        Made ``pool`` of the columns, where they were not numbers without gaps; maps other rows alike.
    notes
        What was made of the columns, a few words each.
    """

    choose: NextBatch
    pool: Pool
    learner: Model
    features: Features | None = None
    notes: tuple[str, ...] = ()

    def __call__(self, known: Labelled, n: int) -> tuple[Query, Model]:
        """Return the next ``n`` rows, and the model that was asked; None while there are fewer than two classes."""
        choose, index, labels, model = self.choose, known.rows, known.labels, self.choose.model
        free = np.ones(len(self.pool), dtype=bool)
        free[index] = False
        if model is None and len(np.unique(labels)) > 1:
            rows = self.pool.rows(index)
            model = fitted(self.learner, rows, labels, seed=child_seed(choose.seed, "fit"))
        elif model is None:
            choose.check_first()
        answer = query(
            model,
            self.pool,
            n,
            component(STRATEGIES, choose.strategy, "strategy"),
            labelled=(self.pool.rows(index), _as_the_model(labels, choose.model)) if len(index) else None,
            candidates=free,
            rng=child_seed(choose.seed, "query"),
            uniform=known.uniform,
        )
        return answer, model


def needs_model(strategy: str) -> bool:
    """Say whether a strategy asks a model and so cannot make the first batch."""
    return ".py:" not in strategy and bool(lookup(STRATEGIES, strategy, "strategy").needs)


def _standardised(pool: Pool) -> Floats:
    rows = pool.score(lambda part: part.reshape(len(part), -1))
    # In place and by blocks of rows, which lie together: a large pool is held once.
    blocks = [rows[start : start + BLOCK] for start in range(0, len(rows), BLOCK)]
    centre = sum(block.sum(axis=0) for block in blocks) / len(rows)
    for block in blocks:
        np.subtract(block, centre, out=block)
    spread = np.sqrt(sum(np.square(block).sum(axis=0) for block in blocks) / len(rows))
    for block in blocks:
        np.divide(block, np.where(spread > 0, spread, 1), out=block)
    return rows


def _as_fitted(model: Model, sheet: Sheet) -> Pool:
    """Return the pool in the columns that a model was fitted to, by name where it knows names."""
    names = names_known(model)
    if not names:
        return sheet.pool
    lacking = [name for name in names if name not in sheet.numbers]
    if lacking:
        raise InputError(
            f"--model was fitted to columns that are not learned from here: {listing(lacking)}. Name all it needs with "
            "--features; it may be another table."
        )
    rows = sheet.pool.rows(np.arange(len(sheet.pool)))
    frame = (
        nw.from_native(rows, eager_only=True).to_pandas() if is_frame(rows) else framed(rows, sheet.numbers)
    )
    return Pool.of(frame[list(names)])


def _as_the_model(labels: Labels, model: Model) -> Labels:
    """Return labels as the model names its classes: a file holds text, a model may know numbers."""
    classes: list[Any] = list(getattr(model, "classes_", ()))
    names = {_whole(name): name for name in classes if not isinstance(name, str)}
    names |= {str(name): name for name in classes}
    found = [names.get(label, names.get(_whole(label), label)) for label in labels.tolist()]
    return np.array(found) if names else labels


def _whole(label: object) -> str:
    """Return a label as text in which 1, 1.0 and '1.0' are one."""
    text = str(label)
    return str(int(text.partition(".")[0])) if WHOLE.fullmatch(text) else text
