import math

import numpy as np
import pytest

from edgewise.arrays import InputError
from edgewise.paper.comparison.runs import cells
from edgewise.paper.comparison.runs import work as run
from edgewise.paper.comparison.statistics import (
    Curves,
    Task,
    aulc,
    curves,
    deficiency,
    labels_to,
    penalties,
    seeds_needed,
    speed_up,
    speed_up_interval,
    standings,
)
from edgewise.store import Cell, Fact


LABELS = np.array([10.0, 20.0, 30.0, 40.0])
RNG = np.random.default_rng(0)


def made(mean, seeds=12, noise=0.005):
    mean = np.asarray(mean, float)
    shared = RNG.normal(0, 0.05, (seeds, 1))
    return Curves(tuple(range(seeds)), LABELS, mean + shared + RNG.normal(0, noise, (seeds, len(mean))))


BASE = made([0.5, 0.6, 0.7, 0.75])
BETTER = made([0.6, 0.7, 0.8, 0.85])
SAME = made([0.5, 0.6, 0.7, 0.75])


def test_area_is_that_of_trapezoids():
    assert aulc(LABELS, [[0, 1, 1, 0]]) == pytest.approx([(0.5 + 1 + 0.5) * 10 / 30])
    assert aulc(LABELS, np.full((3, 4), 0.7)) == pytest.approx([0.7] * 3)
    with pytest.raises(InputError, match="increasing"):
        aulc([1, 1], [[0.5, 0.5]])


def test_deficiency_is_one_against_itself_and_below_for_the_better():
    assert deficiency(BASE.accuracy, BASE.accuracy) == 1
    assert deficiency(BETTER.accuracy, BASE.accuracy) < 0.7
    assert deficiency(BASE.accuracy, BETTER.accuracy) > 1


def test_labels_are_counted_to_where_the_curve_stays_above():
    assert labels_to(LABELS, [0.5, 0.7, 0.6, 0.9], 0.65) == pytest.approx(30 + 10 / 6)
    assert labels_to(LABELS, [0.9] * 4, 0.8) == 10
    assert labels_to(LABELS, [0.5] * 4, 0.8) == math.inf
    assert labels_to(LABELS, [0.9, 0.9, 0.9, 0.7], 0.8) == math.inf
    drawn = np.random.default_rng(0).choice([0.5, 0.7, 0.8, 0.9], (200, 4))
    # Walking back from the end, one curve at a time.
    for curve, found in zip(drawn, labels_to(LABELS, drawn, 0.8), strict=True):
        at = 3
        while at >= 0 and curve[at] >= 0.8:
            at -= 1
        if at == 3:
            assert found == math.inf
        elif at < 0:
            assert found == LABELS[0]
        else:
            assert np.interp(found, LABELS, curve) == pytest.approx(0.8)
            assert LABELS[at] < found <= LABELS[at + 1]


def test_speed_up_is_a_ratio_of_labels():
    straight = Curves((0,), LABELS, np.array([[0.1, 0.2, 0.3, 0.4]]))
    double = Curves((0,), LABELS, np.array([[0.2, 0.4, 0.6, 0.8]]))
    assert speed_up(double, straight, 0.4) == pytest.approx(2)
    assert math.isnan(speed_up(double, straight, 0.7))


def test_standings_find_the_better_and_leave_the_same_undecided():
    found = {Task("d", "m"): {"random": BASE, "edge-mix": BETTER, "margin": SAME}}
    by_name = {s.strategy: s for s in standings(found)}
    assert by_name["edge-mix"].against["random"].verdict() == "better"
    assert by_name["edge-mix"].against["margin"].verdict() == "better"
    assert by_name["margin"].against["random"].verdict() == "undecided"
    assert by_name["edge-mix"].seeds_needed["random"] == 6
    assert by_name["random"].against.keys() == {"margin"}


def test_pairing_is_by_seed_whatever_the_order_of_the_facts():
    """Unpaired, the spread over seeds (0.05) hides a gain of 0.01; paired, it is plain."""
    gain = Curves(BASE.seeds, LABELS, BASE.accuracy + 0.01)
    facts = [
        Fact(
            Cell("compare", {"data": "d", "learner": "m", "strategy": name}, seed),
            {"labels": LABELS.tolist(), "accuracy": runs.accuracy[seed].tolist()},
        )
        for name, runs in (("random", BASE), ("edge-mix", gain))
        for seed in RNG.permutation(12).tolist()
    ]
    (standing,) = [s for s in standings(curves(facts)) if s.strategy == "edge-mix"]
    assert standing.against["random"].difference.mean == pytest.approx(0.01)
    assert standing.against["random"].verdict() == "better"


def test_only_shared_seeds_are_compared():
    found = {Task("d", "m"): {"random": BASE, "margin": BETTER.only([3, 5, 7])}}
    (standing,) = [s for s in standings(found) if s.strategy == "margin"]
    assert standing.against["random"].difference.n == 3


def runs_of_lengths(*lengths, **settings):
    return [
        Fact(
            Cell(
                "compare",
                {"data": "d", "learner": "m", "strategy": "s"}
                | {name: values[i] for name, values in settings.items()},
                n,
            ),
            {"labels": [10, n], "accuracy": [0.5, 0.6]},
        )
        for i, n in enumerate(lengths)
    ]


def test_runs_of_another_setup_are_another_task():
    assert [str(task) for task in curves(runs_of_lengths(180, 360, budget=(180, 360)))] == [
        "d, m",
        "d, m, budget 360",
    ]


def test_the_interval_of_a_speed_up_holds_it_and_narrows_with_agreement():
    base = Curves(tuple(range(12)), LABELS, np.linspace(0.5, 0.9, len(LABELS)) + RNG.normal(0, 0.02, (12, 1)))
    fast = Curves(base.seeds, LABELS, np.minimum(base.accuracy + 0.1, 0.95))
    low, high = speed_up_interval(fast, base, 0.8)
    assert low <= speed_up(fast, base, 0.8) <= high
    assert low > 1
    assert speed_up_interval(base, base, 0.8) == (1.0, 1.0)
    never = Curves(base.seeds, LABELS, base.accuracy - 0.3)
    assert speed_up_interval(never, base, 0.8) == (0.0, 0.0)
    assert speed_up_interval(base, never, 0.8) == (np.inf, np.inf)


def test_runs_of_other_lengths_are_refused():
    facts = runs_of_lengths(20, 30)
    with pytest.raises(InputError, match="same batch and budget"):
        curves(facts)


def test_penalties_count_wins_and_never_both_ways():
    found = {Task("a", "m"): {"x": BASE, "y": BETTER}, Task("b", "m"): {"x": BASE, "y": BETTER}}
    table = penalties(found, ["x", "y"])
    assert table[1, 0] > 1.5
    assert table[0, 1] == 0
    assert (table <= 2).all()
    assert (penalties({Task("a", "m"): {"x": BASE, "y": SAME}}, ["x", "y"]) < 0.5).all()


def test_seeds_needed_grow_with_the_square_of_the_noise():
    d = RNG.normal(1, 1, 50)
    few, many = seeds_needed(1 + (d - d.mean())), seeds_needed(1 + 6 * (d - d.mean()))
    assert many == pytest.approx(36 * few, rel=0.2)
    assert seeds_needed([0.0, 0.0]) == 10_000


def test_a_trial_is_paired_and_repeats_itself():
    wanted = cells(["islands"], ["logistic"], ["random", "margin"], [0], batch=10, budget=30)
    first, second = (run(cell) for cell in wanted)
    assert first["labels"] == second["labels"] == [30, 40, 50]
    assert first == run(wanted[0])
    assert first["accuracy"] != second["accuracy"]


def test_networks_are_asked_for_where_they_fit():
    learners = {c.settings["data"] for c in cells(["mnist", "halfmoon"], ["network"], ["random"], [0])}
    assert learners == {"mnist"}
    with pytest.raises(InputError, match="did you mean 'halfmoon'"):
        cells(["halfmon"], ["1-nn"], ["random"], [0])
