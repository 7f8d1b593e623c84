"""Where a campaign stands: what its events, taken together, say of each item."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from edgewise.arrays import Values
from edgewise.labelling.campaign.events import Event


VERDICTS: tuple[str, ...] = ("label", "skip", "unsure")


@dataclass(frozen=True)
class Vote:
    """One verdict of one person on one item.

    Parameters
    ----------
    event
        The id of its event.
    item, person
        What it is about, and whose it is.
    verdict
        ``label``, ``skip`` or ``unsure``.
    label
        The class; empty unless the verdict is a label.
    at, seq
        When it was given, and the number of its event.
    body
        The rest of its event.
    """

    event: str
    item: str
    person: str
    verdict: str
    label: str
    at: str
    seq: int
    body: Values


@dataclass(frozen=True)
class Standing:
    """What is known of one item.

    Parameters
    ----------
    verdict
        ``label`` if anybody gave one, else ``unsure`` or ``skip``.
    label
        The class that most people gave; between equals the one given first.
    votes
        The last verdict of each person, the earliest first.
    """

    verdict: str
    label: str
    votes: tuple[Vote, ...]

    @property
    def agreed(self) -> bool:
        """Whether all labels of the item are the same."""
        return len({vote.label for vote in self.votes if vote.verdict == "label"}) <= 1


@dataclass
class State:
    """The view of all events so far; `apply` adds to it.

    Undoing is symmetric in time: an undo that arrives before its verdict still takes it back.
    """

    seq: int = 0
    settings: dict[str, Any] = field(default_factory=dict[str, Any])
    picks: dict[str, Event] = field(default_factory=dict[str, Event])
    picked: int = 0
    said: dict[str, list[Vote]] = field(default_factory=dict[str, list[Vote]])
    undone: set[str] = field(default_factory=set[str])

    def apply(self, events: Iterable[Event]) -> None:
        """Take in events, in order."""
        for event in events:
            self.seq = event.seq
            if event.kind == "campaign":
                self.settings |= event.body
            elif event.kind == "pick":
                self.picked += 1
                self.picks.setdefault(event.item, event)
            elif event.kind == "undo":
                self.undone.add(event.body["undoes"])
            else:
                body = event.body
                self.said.setdefault(event.item, []).append(
                    Vote(
                        event.id,
                        event.item,
                        body["person"],
                        event.kind,
                        body.get("label", ""),
                        event.at,
                        event.seq,
                        body,
                    )
                )

    def votes(self, item: str) -> tuple[Vote, ...]:
        """Return the last verdict of each person that was not undone, the earliest first."""
        last = {vote.person: vote for vote in self.said.get(item, ()) if vote.event not in self.undone}
        return tuple(sorted(last.values(), key=lambda vote: vote.seq))

    def standing(self, item: str) -> Standing | None:
        """Return what is known of an item, or None if nobody has said anything that stands."""
        votes = self.votes(item)
        if not votes:
            return None
        counts = Counter(vote.label for vote in votes if vote.verdict == "label")
        if counts:
            return Standing("label", counts.most_common(1)[0][0], votes)
        verdict = "unsure" if any(vote.verdict == "unsure" for vote in votes) else "skip"
        return Standing(verdict, "", votes)

    def standings(self) -> dict[str, Standing]:
        """Return what is known of every item with a verdict that stands, in the order of the first one."""
        found = ((item, self.standing(item)) for item in self.said)
        return {item: standing for item, standing in found if standing is not None}

    def labelled(self) -> list[str]:
        """Return the items that have a label, in the order of the first verdict."""
        return [item for item, standing in self.standings().items() if standing.verdict == "label"]

    def history(self, person: str, most: int = 50) -> list[Vote]:
        """Return a person's own verdicts that stand, the latest first."""
        own = (
            vote
            for votes in self.said.values()
            for vote in votes
            if vote.person == person and vote.event not in self.undone and "source" not in vote.body
        )
        return sorted(own, key=lambda vote: -vote.seq)[:most]
