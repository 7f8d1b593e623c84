"""The nearest class change of one query: a ladder of radii, one search a rung, one problem a rival class."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from edgewise.arrays import Floats, Index
from edgewise.attacks.trees.batch import Batch, empty_table
from edgewise.attacks.trees.cells import Cells
from edgewise.attacks.trees.kernels.crossing import Found, empty_found
from edgewise.attacks.trees.kernels.open_boxes import Nodes, empty_nodes, grown
from edgewise.attacks.trees.kernels.reduction import Path, Rung, Table, empty_path, empty_rung, reduce
from edgewise.attacks.trees.kernels.search import DONE, FULL, begin, screen, search
from edgewise.attacks.trees.kernels.staircase import Work, empty_work
from edgewise.attacks.trees.kernels.uphill import uphill


GROWTH = 1.7
"""The next rung's radius over the last one's; factors from 1.3 to 2.5 cost the same within a fifth."""

HARD = 1000
"""Nodes after which a change that need not be the nearest is looked for, so that balls end there."""

THRIFT = (1.0, 0.5, 0.0)
"""How much the price of a move counts, where the way uphill before found nothing."""

GLANCE = 500
"""Nodes between two looks at the clock."""


@dataclass(frozen=True)
class Limits:
    """What a sample may cost: ``nodes`` boxes, and ``seconds`` of processor time if given."""

    nodes: int
    seconds: float | None = None


@dataclass(frozen=True)
class Answer:
    """The nearest change of class found, and the proof.

    ``cost`` and ``lower`` are in the norm; ``point`` (d,) is None where nothing was found; ``nodes`` boxes
    evaluated, ``leaves`` left in the last rung, ``rungs`` of the ladder.
    """

    cost: float
    lower: float
    point: Floats | None
    nodes: int
    leaves: int
    rungs: int


@dataclass(frozen=True)
class Seat:
    """One thread's scratch for an ensemble; never shared by two threads."""

    table: Table
    path: Path
    rung: Rung
    work: Work
    bounds: Floats

    @classmethod
    def at(cls, cells: Cells) -> Seat:
        """Return scratch that fits these cells."""
        trees, leaves = len(cells.forest.root), len(cells.forest.value)
        d, columns = cells.n_features, len(cells.forest.init)
        return cls(
            empty_table(cells),
            empty_path(cells.depth, d),
            empty_rung(trees, leaves, cells.conditions, d),
            empty_work(trees, leaves, d, int(cells.offset[-1]), columns),
            np.zeros(len(cells.ensemble.classes) + 1),
        )


@dataclass(frozen=True)
class Query:
    """A row of class ``own`` with its table filled, and a staircase bound for each rival class."""

    cells: Cells
    seat: Seat
    own: int
    power: int
    most: float
    rivals: tuple[tuple[float, int], ...]

    @property
    def least(self) -> float:
        """A proved lower bound on the distance; infinite where no point of the domain changes the class."""
        return self.norm(min((least for least, _ in self.rivals), default=np.inf))

    def norm(self, cost: float) -> float:
        """Return a cost as a distance."""
        return float(np.sqrt(cost)) if self.power == 2 else float(cost)

    def cost(self, distance: float) -> float:
        """Return a distance as a cost."""
        return distance * distance if self.power == 2 else distance


def ask(batch: Batch, seat: Seat, row: int) -> Query:
    """Return the query at a row."""
    return screened(batch, seat, np.array([row], np.intp))[1]


def screened(batch: Batch, seat: Seat, order: Index, within: float = np.inf) -> tuple[int, Query]:
    """Return the query at the first row in ``order`` that a change nearer than ``within`` is not ruled out of.

    Before it stands its position; where that is ``len(order)`` there is none, and the query is the last row's.
    Bounds are infinite where nothing nearer than ``within`` changes the class.
    """
    cells, domain, power = batch.cells, batch.domain, batch.power
    at = screen(
        cells.forest,
        cells.wall,
        domain.first,
        domain.last,
        domain.low,
        domain.high,
        domain.weights,
        domain.step,
        batch.direction,
        batch.X,
        batch.codes,
        batch.own,
        order,
        power,
        batch.single,
        cells.worth,
        cells.start,
        cells.slack,
        within * within if power == 2 else within,
        seat.table,
        seat.path,
        seat.rung,
        seat.work,
        seat.bounds,
    )
    own, bounds = int(batch.own[order[min(at, len(order) - 1)]]), seat.bounds.tolist()
    rivals = sorted((least, rival) for rival, least in enumerate(bounds[:-1]) if rival != own)
    return at, Query(cells, seat, own, power, bounds[-1], tuple(rivals))


def nearest(query: Query, limits: Limits, *, cutoff: float = np.inf, strict: float = 0.0) -> Answer:
    """Return the nearest change of class of a query that is nearer than ``cutoff``.

    With ``strict`` the winner has to lead by that much.
    """
    found, top = empty_found(query.cells.n_features), query.cost(cutoff)
    found.cost[0] = top
    lower, spent = top, _Spent(limits, time.thread_time())
    for least, rival in query.rivals:
        if least < found.cost[0]:
            lower = min(lower, _ladder(query, rival, least, found, spent, strict))
    lower = min(lower, float(found.cost[0]))
    if lower < found.cost[0] and not spent.uphill:
        _uphill(query, found, strict)
    table, point = query.seat.table, None
    if found.cost[0] < top:
        point = table.value[table.offset[:-1] + np.maximum(found.z, 0)]
    nodes, leaves, rungs = spent.nodes, spent.leaves, spent.rungs
    return Answer(query.norm(float(found.cost[0])), query.norm(lower), point, nodes, leaves, rungs)


class _Spent:
    """What a sample has cost so far."""

    def __init__(self, limits: Limits, begun: float) -> None:
        self.limits, self.begun = limits, begun
        self.nodes = self.leaves = self.rungs = 0
        self.uphill = False

    def left(self) -> int:
        """Return how many nodes may follow before the next look; 0 where the limit is reached."""
        seconds = self.limits.seconds
        if seconds is not None and time.thread_time() - self.begun >= seconds:
            return 0
        return min(GLANCE, self.limits.nodes - self.nodes)


def _ladder(query: Query, rival: int, least: float, found: Found, spent: _Spent, strict: float) -> float:
    """Search balls of growing radius for a lead of ``rival``; return a lower bound on its cost."""
    seat, longest = query.seat, query.power == 0
    cells, own = query.cells, query.own
    goal = _goal(query, rival, strict)
    growth = GROWTH**2 if query.power == 2 else GROWTH
    radius = max(least, _smallest(seat.table)) * growth
    while True:
        reach = min(radius, float(found.cost[0]))
        reduce(cells.forest, seat.table, cells.worth, own, rival, reach, longest, seat.path, seat.rung)
        spent.rungs += 1
        spent.leaves = int(seat.rung.tree[seat.rung.size[0]])
        open_, nodes = _search(query, goal, reach, found, spent)
        if open_:
            return max(least, min(float(nodes.key[nodes.heap[0]]), float(found.cost[0])))
        if found.cost[0] <= radius:
            return float(found.cost[0])
        if radius > query.most:
            return np.inf
        least, radius = radius, radius * growth


def _goal(query: Query, rival: int, strict: float) -> Floats:
    """Return the class to leave, the gain needed and by how much ``rival`` has to lead."""
    return np.array([query.own, query.cells.needed(query.own, rival) + strict, strict])


def _uphill(query: Query, found: Found, strict: float) -> None:
    """Look for changes of class that may not be the nearest, where a limit stopped the search for that one."""
    seat, cells, longest, top = query.seat, query.cells, query.power == 0, float(found.cost[0])
    for thrift in THRIFT:
        for least, rival in query.rivals:
            if least < found.cost[0]:
                goal = _goal(query, rival, strict)
                uphill(
                    cells.forest,
                    seat.table,
                    cells.worth,
                    goal,
                    rival,
                    thrift,
                    longest,
                    seat.path,
                    seat.work,
                    found,
                )
        if found.cost[0] < top:
            return


def _search(query: Query, goal: Floats, radius: float, found: Found, spent: _Spent) -> tuple[bool, Nodes]:
    """Search one rung; say whether a limit stopped it, and return the nodes."""
    seat, longest = query.seat, query.power == 0
    nodes = empty_nodes(256, int(seat.rung.size[1]))
    begin(seat.rung, nodes)
    while True:
        budget = spent.left()
        if budget <= 0:
            return True, nodes
        before = int(nodes.size[3])
        status = search(
            query.cells.forest, seat.table, seat.rung, nodes, found, seat.work, goal, radius, budget, longest
        )
        spent.nodes += int(nodes.size[3]) - before
        if status == DONE:
            return False, nodes
        if spent.nodes >= HARD and not spent.uphill:
            spent.uphill = True
            _uphill(query, found, float(goal[2]))
        if status == FULL:
            nodes = grown(nodes)


def _smallest(table: Table) -> float:
    """Return the least cost of a move, for a first radius where the bound says nothing."""
    costs = table.cost[(table.cost > 0) & np.isfinite(table.cost)]
    return float(costs.min()) if costs.size else np.inf
