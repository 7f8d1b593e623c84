"""Numbers made of any rows: of tables with words, dates and gaps, and of texts."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

import narwhals as nw
import numpy as np

from edgewise.arrays import Floats, Index, InputError, Mask
from edgewise.importing import needing
from edgewise.models.rows import Rows, count, handed, is_frame, is_texts, numbers
from edgewise.models.steps import gaps_after
from edgewise.models.unwrap import Model, unwrapped


SAMPLE = 20_000
"""Rows that features are made from at most."""

DIRECTIONS = 100
"""Directions that texts are described by."""


@dataclass(frozen=True, eq=False)
class Features:
    """A map from rows to numbers, made from a sample of them without their labels.

    Numbers, and dates as numbers, have mean 0 and spread 1. Of a table with words the rest is made by skrub's
    ``TableVectorizer``: words of few kinds are 0 or 1 for each kind, others are described by their letters. Texts
    are TF-IDF in the first 100 singular directions.

    Parameters
    ----------
    made
        Numbers ``(n, h)`` with gaps, in their own units.
    centre, spread
        Subtracted and divided by, ``(h,)``.
    gaps
        Whether gaps stay NaN; else they are 0, the mean.
    how
        What was made of which columns, in words.
    """

    made: Callable[[Rows], Floats]
    centre: Floats
    spread: Floats
    gaps: bool = False
    how: tuple[str, ...] = field(default=())

    @classmethod
    def of(cls, sample: Rows) -> tuple[Features, Floats]:
        """Return features made from the rows ``sample``, and those of the sample itself, with gaps.

        Raises
        ------
        InputError
            Texts without words.
        MissingExtraError
            A table of more than numbers without skrub.
        """
        made, values, scaled, how = _of_texts(sample) if is_texts(sample) else _of_table(sample)
        told = ~np.isnan(values)
        n = np.maximum(told.sum(axis=0), 1)
        centre = np.where(scaled, np.where(told, values, 0).sum(axis=0) / n, 0)
        spread = np.sqrt(np.where(told, np.square(values - centre), 0).sum(axis=0) / n)
        spread = np.where(scaled & (spread > 0), spread, 1)
        return cls(made, centre, spread, how=how), ((values - centre) / spread).astype(np.float32)

    @classmethod
    def already(cls, width: int) -> Features:
        """Return the map of rows (n, width) that are features already: gaps become 0, the mean."""
        return cls(_with_gaps, np.zeros(width), np.ones(width))

    def __call__(self, X: Rows) -> Floats:
        """Return the features of each row ``(n, h)``, float32."""
        values = ((self.made(X) - self.centre) / self.spread).astype(np.float32)
        return values if self.gaps else np.nan_to_num(values, copy=False, nan=0.0)


def spread_rows(n: int) -> Index:
    """Return at most `SAMPLE` of ``n`` rows, evenly spread over them."""
    return np.unique(np.linspace(0, n - 1, min(SAMPLE, n)).astype(np.intp))


def takes_gaps(model: Model) -> bool:
    """Say whether an estimator learns from rows with NaN in them, as far as it says so.

    Examples
    --------
    >>> from sklearn.ensemble import HistGradientBoostingClassifier
    >>> takes_gaps(HistGradientBoostingClassifier()), takes_gaps(lambda X: X)
    (True, False)
    """
    return model is not None and gaps_after(unwrapped(model)) != "refused"


_Made: TypeAlias = tuple[Callable[[Rows], Floats], Floats, Mask, tuple[str, ...]]
"""A map, what it makes of the sample, which of its columns are scaled, and how it was made."""


def _of_texts(sample: Rows) -> _Made:
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfVectorizer

    words = TfidfVectorizer(sublinear_tf=True)
    try:
        seen = words.fit_transform(handed(sample))
    except ValueError as error:
        raise InputError(f"the texts cannot be compared by their words: {error}.") from None
    most = min(DIRECTIONS, *(side - 1 for side in seen.shape))
    if most < 1:

        def alone(X: Rows) -> Floats:
            return words.transform(handed(X)).toarray()

        return alone, seen.toarray(), np.zeros(int(seen.shape[1]), bool), ()
    directions = TruncatedSVD(most, random_state=0)
    values = np.asarray(directions.fit_transform(seen))

    def made(X: Rows) -> Floats:
        return np.asarray(directions.transform(words.transform(handed(X))))

    return made, values, np.zeros(most, bool), (f"texts by their words, in {most} directions",)


def _of_table(sample: Rows) -> _Made:
    if not is_frame(sample) or all(
        dtype.is_numeric() or dtype == nw.Boolean
        for dtype in nw.from_native(sample, eager_only=True).schema.values()
    ):
        values = _with_gaps(sample)
        return _with_gaps, values, np.ones(int(values.shape[1]), bool), ()
    with needing("a table of more than numbers, without a fitted pipeline that encodes its columns,"):
        from skrub import StringEncoder, TableVectorizer
    vectorizer = TableVectorizer(high_cardinality=StringEncoder(random_state=0))
    values = _array(vectorizer.fit_transform(_pandas(sample)))
    kinds = vectorizer.column_to_kind_
    outputs = vectorizer.output_to_input_
    scaled = np.array([kinds[outputs[name]] in SCALED for name in vectorizer.all_outputs_])
    how = tuple(
        f"{told} ({', '.join(str(name) for name in kinds if kinds[name] == kind)})"
        for kind, told in KINDS.items()
        if kind in kinds.values()
    )

    def made(X: Rows) -> Floats:
        with warnings.catch_warnings():
            # A word that the sample lacks is of no kind, which is what should be.
            warnings.filterwarnings("ignore", "Found unknown categories")
            return _array(vectorizer.transform(_pandas(X)))

    return made, values, scaled, how


SCALED = ("numeric", "datetime")
KINDS = {
    "numeric": "numbers",
    "datetime": "dates",
    "low_cardinality": "words of few kinds",
    "high_cardinality": "words by their letters",
}


def _with_gaps(X: Rows) -> Floats:
    return numbers(X, missing=True).reshape(count(X), -1).astype(np.float64, copy=False)


def _array(table: Rows) -> Floats:
    return table.to_numpy(dtype=np.float64, na_value=np.nan)


def _pandas(X: Rows) -> Rows:
    return X if hasattr(X, "iloc") else nw.from_native(X, eager_only=True).to_pandas()
