"""Labels worth a second look: a model that never saw them disagrees, or equal rows have different ones."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from edgewise.arrays import Index, Labels
from edgewise.labelling.campaign.campaign import Campaign
from edgewise.labelling.campaign.learning import Learning
from edgewise.randomness import child_seed, stream


FOLDS = 5


@dataclass(frozen=True)
class Suspicion:
    """One label to look at again.

    Parameters
    ----------
    row
        Its row in the pool.
    label
        What it is labelled.
    instead
        What the model, or the label of an equal row, says.
    chance
        The chance the model gives to the label there is; NaN where no model is asked.
    reason
        Why, in words.
    """

    row: int
    label: str
    instead: str
    chance: float
    reason: str


def suspicious(campaign: Campaign) -> list[Suspicion]:
    """Return the labels of a campaign that are worth a second look, the most suspicious first."""
    index, known = campaign.known()
    contents = [campaign.items.contents[row] for row in map(int, index)]
    return [
        *_split_people(campaign),
        *_conflicts(index, known, contents),
        *doubtful(campaign.learning, index, known, campaign.settings.seed),
    ]


def _split_people(campaign: Campaign) -> list[Suspicion]:
    found: list[Suspicion] = []
    for item, standing in campaign.standings().items():
        if not standing.agreed and item in campaign.items.place:
            others = sorted({v.label for v in standing.votes if v.verdict == "label"} - {standing.label})
            who = ", ".join(f"{v.person}: {v.label}" for v in standing.votes if v.verdict == "label")
            row = campaign.items.place[item]
            found.append(Suspicion(row, standing.label, others[0], float("nan"), f"people disagree ({who})"))
    return found


def _conflicts(index: Index, known: Labels, contents: list[str]) -> list[Suspicion]:
    same = defaultdict[str, list[int]](list)
    for place, content in enumerate(contents):
        same[content].append(place)
    found: list[Suspicion] = []
    for places in same.values():
        labels = [str(known[place]) for place in places]
        if len(set(labels)) > 1:
            for place, label in zip(places, labels, strict=True):
                other = next(one for one in labels if one != label)
                found.append(Suspicion(int(index[place]), label, other, float("nan"), "an equal row differs"))
    return found


def doubtful(learning: Learning, index: Index, known: Labels, seed: int) -> list[Suspicion]:
    """Return labels that a cross-validated model is confident are others, the surest first.

    Confident learning's rule (Northcutt, Jiang and Chuang 2021, equation 1): another class has a chance of at
    least the mean chance that the class has among its own labels. Nothing for models without probabilities or
    classes of fewer than `FOLDS` labels.
    """
    classes, counts = np.unique(known, return_counts=True)
    if len(classes) < 2 or counts.min() < FOLDS:
        return []
    chances = _out_of_fold(learning, index, known, classes, seed)
    if chances is None:
        return []
    own = np.searchsorted(classes, known)
    usual = np.array([chances[own == k, k].mean() for k in range(len(classes))])
    sure = np.where(chances >= usual, chances, -np.inf)
    instead = sure.argmax(axis=1)
    places = np.flatnonzero(np.isfinite(sure.max(axis=1)) & (instead != own))
    given = chances[np.arange(len(own)), own]
    return [
        Suspicion(
            int(index[place]),
            str(known[place]),
            str(classes[instead[place]]),
            float(given[place]),
            "a model that never saw this label disagrees",
        )
        for place in sorted(places.tolist(), key=lambda place: float(given[place]))
    ]


def _out_of_fold(
    learning: Learning, index: Index, known: Labels, classes: Labels, seed: int
) -> np.ndarray[tuple[int, int], np.dtype[np.float64]] | None:
    fold = np.empty(len(index), dtype=np.intp)
    for name in classes:
        own = stream(seed, "suspicious", str(name)).permutation(np.flatnonzero(known == name))
        fold[own] = np.arange(len(own)) % FOLDS
    chances = np.zeros((len(index), len(classes)))
    for number in range(FOLDS):
        keep, ask = fold != number, fold == number
        model = learning.fit(index[keep], known[keep], child_seed(seed, "fit"))
        if not hasattr(model, "predict_proba"):
            return None
        chances[ask] = model.predict_proba(learning.pool.rows(index[ask]))
    return chances
