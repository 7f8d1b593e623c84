"""A campaign on its pool: hand out items, take verdicts, know what is labelled."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from uuid import uuid4

import numpy as np

from edgewise.arrays import Index, InputError, Json, Labels, Mask, Values
from edgewise.labelling.campaign import leases
from edgewise.labelling.campaign.events import CampaignError, Event, Log, now
from edgewise.labelling.campaign.items import Items
from edgewise.labelling.campaign.learning import Learning, learning_of
from edgewise.labelling.campaign.picking import AHEAD, Order, order_of, sample_size, shuffled
from edgewise.labelling.campaign.settings import Settings
from edgewise.labelling.campaign.state import VERDICTS, Standing, State, Vote
from edgewise.registry import listing


@dataclass(frozen=True)
class Lease:
    """An item in somebody's hands: its key, its row, and why it was chosen."""

    item: str
    row: int
    why: Values


@dataclass
class Campaign:
    """One campaign file and its pool. Threads may share it; other processes may use the same file.

    Parameters
    ----------
    log
        Its events.
    items
        Its pool.
    learning
        The learner in front of the pool.
    settings
        What it is.
    """

    log: Log
    items: Items
    learning: Learning
    settings: Settings
    state: State = field(default_factory=State)
    order: Order | None = None
    lock: threading.RLock = field(default_factory=threading.RLock, repr=False)

    def refresh(self) -> State:
        """Take in what other processes wrote."""
        with self.lock:
            self.state.apply(self.log.since(self.state.seq))
            return self.state

    def say(self, events: Sequence[Event], holder: str = "") -> list[int]:
        """Write events to disk, then take them in; free the items they answer.

        What is undone goes back into the hands of ``holder``.
        """
        with self.lock, self.log.transaction() as db:
            numbers = self.log.append(events)
            leases.release(db, [event.item for event in events if event.kind in VERDICTS])
            if holder:
                undone = [event.item for event in events if event.kind == "undo"]
                leases.take(db, undone, holder, leases.SECONDS)
        self.refresh()
        return numbers

    def verdict(
        self, event: str, item: str, person: str, verdict: str, label: str = "", **more: Json
    ) -> Event:
        """Return the event of a verdict, checked.

        Raises
        ------
        InputError
            An unknown verdict, a label that is none of the classes, or an item the pool does not have.
        """
        if verdict not in VERDICTS:
            raise InputError(f"a verdict is one of {', '.join(VERDICTS)}; got {verdict!r}.")
        if verdict == "label" and label not in self.settings.classes:
            raise InputError(
                f"the label {label!r} is not one of the classes {listing(self.settings.classes)}."
            )
        if verdict != "label" and label:
            raise InputError(f"{verdict} takes no label; got {label!r}.")
        row = self.items.place.get(item)
        if row is None:
            raise InputError(f"the pool has no item {item!r}.")
        if not person.strip():
            raise InputError("a verdict needs the name of the person who gave it.")
        at = str(more.pop("at", None) or now())
        body = {"person": person.strip(), "name": self.items.names[row], "content": self.items.contents[row]}
        body |= {"label": label} if label else {}
        return Event(event, verdict, item, body | more, at)

    def undo(self, event: str, undoes: str, person: str, item: str = "", **more: Json) -> Event:
        """Return the event that takes a verdict back."""
        return Event(event, "undo", item, {"undoes": undoes, "person": person.strip(), **more}, now())

    def standings(self) -> dict[str, Standing]:
        """Return what is known of every item with a verdict that stands, in the order of the first one."""
        with self.lock:
            return self.refresh().standings()

    def history(self, person: str) -> list[Vote]:
        """Return a person's own verdicts that stand, the latest first."""
        with self.lock:
            return self.refresh().history(person)

    def known(self) -> tuple[Index, Labels]:
        """Return the labelled rows of the pool, in the order they were labelled, and their labels."""
        rows: list[int] = []
        labels: list[str] = []
        for item, standing in self.standings().items():
            if standing.verdict == "label" and item in self.items.place:
                rows.append(self.items.place[item])
                labels.append(standing.label)
        return np.array(rows, dtype=np.intp), np.array(labels, dtype=str)

    @cached_property
    def lots(self) -> Index:
        """The rows of the pool, shuffled; its first ones are the random sample."""
        return shuffled(self.items.keys, self.settings.seed)

    def sample(self) -> Mask:
        """Return which rows are in the random sample of the pool so far, labelled or not."""
        found = np.zeros(len(self.items), dtype=bool)
        found[self.lots[: sample_size(self.refresh().picked, self.settings.share, len(found))]] = True
        return found

    def reorder(self, n: int = AHEAD) -> Order:
        """Learn from the labels so far and put ``n`` of the open items in a new order."""
        index, known = self.known()
        asked = self._asked()
        free = np.array([row for row, key in enumerate(self.items.keys) if key not in asked], dtype=np.intp)
        s = self.settings
        found = order_of(self.learning, index, known, free, strategy=s.strategy, seed=s.seed, n=n)
        with self.lock:
            self.order = found
        return found

    def lease(self, holder: str, person: str, n: int, seconds: float = leases.SECONDS) -> list[Lease]:
        """Give up to ``n`` items into the hands of ``holder``: those it has already, then new ones.

        Nobody else is given them until they are answered or the time is up. Why each was chosen is on disk
        before it is shown.
        """
        if self.order is None:
            self.reorder()
        with self.lock, self.log.transaction() as db:
            self.refresh()
            held = leases.held(db)
            mine = [item for item, who in held.items() if who == holder and item in self.items.place]
            new = self._next(n - len(mine), person, held)
            self.log.append([event for _, event in new if event is not None])
            leases.take(db, [*mine, *(item for item, _ in new)], holder, seconds)
        self.refresh()
        given = [*mine, *(item for item, _ in new)]
        return [Lease(item, self.items.place[item], self.why(item)) for item in given]

    def why(self, item: str) -> Values:
        """Return why an item was chosen; empty for one that nobody chose, such as an imported one."""
        pick = self.state.picks.get(item)
        return {} if pick is None else pick.body

    def _said(self, item: str, person: str) -> bool:
        return any(vote.person == person for vote in self.state.votes(item))

    def _asked(self) -> set[str]:
        """Return the items that were chosen or answered."""
        with self.lock:
            state = self.refresh()
            return set(state.picks) | {item for item in state.said if state.votes(item)}

    def _next(self, n: int, person: str, held: Mapping[str, str]) -> list[tuple[str, Event | None]]:
        """Return the next items and, for those not chosen before, the event that says why."""
        new: list[tuple[str, Event | None]] = []
        new += [(item, None) for item in self._open_again(person, held)[: max(n, 0)]]
        if len(new) >= n:
            return new
        asked = self._asked() | set(held)
        for row, why in self._chosen(n - len(new), asked):
            key = self.items.keys[row]
            body = {"name": self.items.names[row], "row": row, "content": self.items.contents[row], **why}
            new.append((key, Event(uuid4().hex, "pick", key, body, now())))
        if not new and n > 0:
            new += [(item, None) for item in self._skipped(held)[:n]]
        return new

    def _open_again(self, person: str, held: Mapping[str, str]) -> list[str]:
        """Return items that were chosen before, are unanswered and in nobody's hands."""
        state = self.state
        return [
            item
            for item in state.picks
            if item in self.items.place
            and item not in held
            and not self._said(item, person)
            and ((standing := state.standing(item)) is None or standing.verdict == "skip")
        ]

    def _skipped(self, held: Mapping[str, str]) -> list[str]:
        """Return what was skipped and nobody answered: it comes again when nothing else is left."""
        return [
            item
            for item, standing in self.standings().items()
            if standing.verdict == "skip" and item in self.items.place and item not in held
        ]

    def _chosen(self, n: int, asked: set[str]) -> list[tuple[int, Values]]:
        order = self.order
        assert order is not None
        keys, share = self.items.keys, self.settings.share
        lots = self.lots
        queue = [place for place, row in enumerate(order.rows.tolist()) if keys[row] not in asked]
        picked = self.state.picked
        found: list[tuple[int, Values]] = []
        taken = set[int]()

        def is_free(row: int) -> bool:
            return keys[row] not in asked and row not in taken

        while len(found) < n:
            due = lots[: sample_size(picked + 1, share, len(keys))].tolist()
            row = next((row for row in due if is_free(row)), None)
            if row is not None:
                why = order.why_drawn(row)
            elif queue:
                place = queue.pop(0)
                row = int(order.rows[place])
                if not is_free(row):
                    continue
                why = order.why(place)
            else:
                row = next((row for row in lots.tolist() if is_free(row)), None)
                if row is None:
                    break
                why = {**order.why_drawn(row), "strategy": "random", "uniform": False}
            found.append((row, why))
            taken.add(row)
            picked += 1
        return found


def open_campaign(path: Path, pool: Path | None = None) -> Campaign:
    """Open a campaign and its pool, which need not have all rows that were labelled: see `Items.note`.

    Parameters
    ----------
    path
        The campaign file.
    pool
        Where the pool is now; by default where it was when the campaign began.

    Raises
    ------
    InputError
        No campaign, or no pool.
    """
    log = Log(path)
    try:
        state, settings = state_of(log)
        items, learning = pool_of(settings, path, pool)
        return Campaign(log, items.as_begun(state.said), learning, settings, state)
    except BaseException:
        log.close()
        raise


def pool_of(settings: Settings, path: Path, pool: Path | None) -> tuple[Items, Learning]:
    """Return the items of the pool of a campaign, and the learner in front of them."""
    items = settings.items(path, pool)
    return items, learning_of(items.sheet, settings.learner)


def state_of(log: Log) -> tuple[State, Settings]:
    """Return what the events of a campaign say, and what it is.

    Raises
    ------
    CampaignError
        It has not begun.
    """
    state = State()
    state.apply(log.since(0))
    if not state.settings:
        raise CampaignError(f"{log.path} holds no campaign yet; begin one with `edgewise label`.")
    return state, Settings.of(state.settings)
