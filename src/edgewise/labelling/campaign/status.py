"""Where a campaign stands, honestly: from its random sample alone, with intervals, and in one sentence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from edgewise.arrays import Index, Json, Labels, Mask
from edgewise.labelling.campaign.campaign import Campaign
from edgewise.labelling.campaign.estimates import (
    answers,
    curve_of,
    gain_of,
    mean_of,
    proportion,
    random_point,
    saved_of,
)
from edgewise.labelling.campaign.learning import Learning
from edgewise.stats import Estimate


MORE = 50
"""Labels that the expected gain is of."""

LITTLE = 0.005
"""A gain of accuracy below which more labels are not worth asking for."""

WIDE = 0.1
"""An interval of a gain that holds 0 and is wider than this says nothing."""

FEW = 10
"""Random labels below which nothing is said."""


@dataclass(frozen=True)
class Status:
    """Where a campaign stands.

    Parameters
    ----------
    labels
        Labels so far by class.
    sampled
        Labelled rows of the random sample, which all estimates rest on.
    accuracy, balanced, recall
        Of today's model on rows like the pool's; None before there are labels of two classes.
    curve
        Labels, and the accuracy of the model at that time with its interval.
    gain
        Accuracy that the next `MORE` labels are expected to bring.
    saved
        How many labels fewer than random picking the campaign took to the accuracy of ``saved.n`` random ones.
    sentence
        What to do.
    """

    labels: Mapping[str, int]
    sampled: int
    accuracy: Estimate | None
    balanced: Estimate | None
    recall: Mapping[str, Estimate]
    curve: tuple[tuple[int, Estimate], ...]
    gain: Estimate | None
    saved: Estimate | None
    sentence: str

    def short(self) -> dict[str, Json]:
        """Return what fits beside an item on the page."""
        shown = {"accuracy": self.accuracy, "balanced accuracy": self.balanced}
        return {
            "sentence": self.sentence,
            "sampled": self.sampled,
            "estimates": {
                name: [None if np.isnan(one.mean) else one.mean, one.low, one.high]
                for name, one in shown.items()
                if one is not None and self.sampled >= FEW
            },
        }


def status_of(campaign: Campaign) -> Status:
    """Return where a campaign stands now."""
    index, known = campaign.known()
    return standing_of(
        campaign.learning, index, known, campaign.sample(), campaign.settings.classes, campaign.settings.seed
    )


def standing_of(
    learning: Learning, index: Index, known: Labels, sample: Mask, classes: tuple[str, ...], seed: int
) -> Status:
    """Return the same from labels ``known`` of the rows ``index``, in the order they came.

    Parameters
    ----------
    sample
        Which rows of the pool are in the random sample.
    """
    labels = {name: int((known == name).sum()) for name in classes}
    asked = index[sample[index]]
    if len(np.unique(known)) < 2 or not len(asked):
        sentence = "Go on: there is no model before there are labels of two classes."
        return Status(labels, len(asked), None, None, {}, (), None, None, sentence)
    truth = known[sample[index]]
    curve = curve_of(learning, index, known, sample, seed)
    inside = {int(row): place for place, row in enumerate(index)}
    said = answers(learning, index, known, asked, inside, seed)
    recall = {
        name: proportion(int((said[truth == name] == name).sum()), int((truth == name).sum()))
        for name in classes
    }
    right = proportion(int((said == truth).sum()), len(asked))
    gain = capped(gain_of(curve, MORE), right)
    saved = saved_of(curve, random_point(learning, index, known, sample, seed), seed)
    points = tuple(
        (int(n), proportion(int(hits.sum()), len(hits)))
        for n, hits in zip(curve.labels, curve.right, strict=True)
    )
    return Status(
        labels,
        len(asked),
        right,
        mean_of(list(recall.values())),
        recall,
        points,
        gain,
        saved,
        advice(len(index), len(asked), gain, saved),
    )


def capped(gain: Estimate | None, accuracy: Estimate) -> Estimate | None:
    """Return a gain that leads to no accuracy above 1."""
    if gain is None:
        return None
    mean, high = min(gain.mean, 1 - accuracy.mean), min(gain.high, 1 - accuracy.low)
    return Estimate(mean, min(gain.low, mean), high, gain.n)


def advice(labels: int, sampled: int, gain: Estimate | None, saved: Estimate | None) -> str:
    """Return whether to go on, to stop, or to pick at random, in one sentence.

    Examples
    --------
    >>> advice(400, 60, Estimate(0.001, -0.001, 0.003, 60), None)
    'Stop: the next 50 labels are expected to add 0.1 points of accuracy (-0.1 to 0.3).'
    >>> advice(40, 12, Estimate(0.0, -0.17, 0.17, 12), None)
    'Go on: 12 labels of the random sample are too few to say what the next 50 labels add
    (-17.0 to 17.0 points of accuracy).'
    """
    if sampled < FEW or gain is None:
        need = max(FEW - sampled, 1)
        return f"Go on: {need} more labels of the random sample are needed before anything can be said."
    mean, low, high = (round(100 * value, 1) + 0.0 for value in (gain.mean, gain.low, gain.high))
    points = f"{mean} points of accuracy ({low} to {high})"
    if saved is not None and saved.high < 0:
        return (
            "Switch to random (import these labels into a new campaign with --strategy random): "
            f"{saved.n} random labels do what took this campaign "
            f"{saved.n - saved.mean:,.0f} (at least {saved.n - saved.high:,.0f})."
        )
    if gain.high < LITTLE:
        return f"Stop: the next {MORE} labels are expected to add {points}."
    if gain.low < 0 and gain.high - gain.low > WIDE:
        return (
            f"Go on: {sampled} labels of the random sample are too few to say what the next {MORE} labels add "
            f"({low} to {high} points of accuracy)."
        )
    return f"Go on: the next {MORE} labels are expected to add {points}."


def saved_sentence(saved: Estimate | None, sampled: int) -> str:
    """Return how many labels were saved against random, or how much longer the sample must be to say.

    Examples
    --------
    >>> saved_sentence(Estimate(30.0, 20.0, 41.0, 64), 80)
    'The first 34 labels did what 64 random ones do: 30 saved (20 to 41).'
    >>> saved_sentence(Estimate(9.0, -60.0, 41.0, 64), 80)
    'Labels saved against random: too wide to say (-60 to 41 of 64); need about 120 more random labels.'
    """
    if saved is None:
        return f"Labels saved against random: need {max(20 - sampled, 1)} more random labels to say."
    width = saved.high - saved.low
    if width <= saved.n:
        return (
            f"The first {saved.n - saved.mean:,.0f} labels did what {saved.n} random ones do: {saved.mean:,.0f} saved "
            f"({saved.low:,.0f} to {saved.high:,.0f})."
        )
    ends = f"{saved.low:,.0f} to {saved.high:,.0f} of {saved.n}".replace("-inf", "no end")
    # An interval shrinks as the root of the sample.
    need = sampled * ((width / saved.n) ** 2 - 1) if np.isfinite(width) else 3 * sampled
    return (
        f"Labels saved against random: too wide to say ({ends}); need about {int(np.ceil(need)):,} more random "
        "labels."
    )
