"""The figures on the overview pages are those of the committed runs; one that moves must be written anew."""

import csv
import json
import re
from pathlib import Path

import numpy as np

from edgewise.paper.benchmarks.lu2023 import LARGE, SMALL
from edgewise.paper.benchmarks.lu2023_page import common, mean_gain, share_of_margin
from edgewise.paper.comparison.page import reached
from edgewise.paper.comparison.ranks import rankings
from edgewise.paper.comparison.runs import kind_of
from edgewise.paper.comparison.statistics import aulc, curves, speed_up, standings
from edgewise.paper.report.strategies import ratio
from edgewise.paper.runs.results import published_run
from edgewise.paper.tables import TABLES
from edgewise.paper.tables.frame import summarise
from edgewise.stats import paired, signed_rank_p


ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "results"


def page(name):
    return " ".join((ROOT / "docs" / name).read_text(encoding="utf-8").replace("**", "").split())


def measured(name):
    return json.loads((RESULTS / "benchmarks" / f"{name}.json").read_text(encoding="utf-8"))


def speeds():
    """Return what the overview of the benchmarks says, from the files it names."""
    rows = {
        name: {who: figures["seconds"] for who, figures in part.items()}
        for name, part in measured("gradient")["rows"].items()
        if name != "pool"
    }
    fool = rows["DeepFool"]
    ours = fool["edgewise, no refinement"]
    yield f"{ours / fool['adv-lib df']:.2f} ×; {ours / fool['Foolbox, 3 candidates']:.2f} ×"
    yield f"1/{rows['C&W']['Foolbox 9 x 1000'] / rows['C&W']['edgewise']:.0f} of its time"
    read = {name: found["wall"][0] for name, found in measured("table_read")["median, least, most"].items()}
    mine, least = read["edgewise query"], read["the least"]
    yield f"{mine / least:.2f} × ({mine:.1f} s against {least:.1f} s"
    ddn = rows["DDN-100"]
    yield f"{ddn['edgewise, no refinement'] / ddn['adv-lib ddn, not rounded']:.2f} ×, the same median"
    fgsm, pgd = rows["FGSM, eps 0.1"], rows["PGD-40, eps 0.1"]
    yield (
        f"{fgsm['edgewise'] / fgsm['Foolbox']:.2f} ×; "
        f"{pgd['edgewise'] / min(pgd['adv-lib pgd_linf'], pgd['Foolbox']):.2f} ×"
    )
    batched = {row["attack"]: row["ratio"] for row in measured("lockstep")["rows"]}
    yield "{:.1f}, {:.1f} and {:.1f} times faster".format(
        *(batched[name] for name in ("direct", "kernel-substitute", "opt"))
    )
    selection = measured("selection")["figures"]
    yield f"{selection['speed_up']:.0f} times faster"
    yield f"{selection['memory']['MiB_above_the_interpreter']:.0f} MiB above the interpreter"


def test_benchmarks():
    text = page("benchmarks.md")
    assert not [said for said in speeds() if said not in text]
    calls = {(row["n"], row["call"]): row["over_floor"] for row in measured("region_call")["calls"]}
    alone = next(row for row in measured("region")["bars"] if row["n"] == 55_000)["free_over_floor"]
    said = (
        f"{calls[55_000, 'attack']:.2f} ×, of which {calls[55_000, 'predict']:.2f} the model's `predict` (the "
        f"search alone {alone:.2f} ×); {calls[1000, 'attack']:.1f} ×; {calls[50_000, 'attack']:.2f} ×"
    )
    assert said.replace(" 0.", " .").replace("; 0.", "; .") in text


def test_neighbours_behind_a_scaler():
    text, rows = page("region.md"), measured("scaled_neighbours")["rows"]
    for one, three in zip(rows[::2], rows[1::2], strict=True):
        assert (one["k"], three["k"], one["table"]) == (1, 3, three["table"])
        assert (
            f"| {one['table']} | {one['n']:,} | {one['d']} | {one['uneven']:,.0f} | {one['exact_ms']:.2f} | "
            f"{one['race_ms']:.0f} | {one['race_over_exact']:.2f} | {three['exact_ms']:.1f} | "
            f"{three['race_over_exact']:.2f} |"
        ) in text
    assert all(row["proved"] == 1 and row["race_nearer"] == 0 for row in rows)


def test_labels_only():
    text, benchmarks = page("label-only.md"), page("benchmarks.md")
    rows = [row for row in measured("label-only")["rows"] if row["attack"] != "optimum"]
    assert len(rows) == 60
    for row in rows:
        assert f"{row['median']:.3g} ({row['over_optimum']:.2f} ×)" in text
    at = {(row["case"], row["attack"]): row["over_optimum"] for row in rows if row["budget"] == 1000}
    parts: list[str] = []
    for kind in ("boosting", "forest"):
        for attack in ("race", "opt"):
            found = [value for (case, name), value in at.items() if kind in case and name == attack]
            parts.append(f"{min(found):.2f} to {max(found):.2f}")
    said = f"LeNet {at['lenet', 'race']:.2f} against {at['lenet', 'opt']:.2f}"
    assert (
        f"{said}, boosting {parts[0]} against {parts[1]}, forests {parts[2]} against {parts[3]}" in benchmarks
    )


def test_strategies_against_random_and_margin():
    facts = published_run(RESULTS / "compare.jsonl.gz")[1]
    rows = standings(curves(facts))
    text, told = page("layers/active-learning.md"), {}
    pairs = [("herding", "random"), ("edge-mix", "random"), ("margin", "random")]
    for name, base in (*pairs, ("herding", "margin"), ("edge-mix", "margin")):
        found = [row.against[base] for row in rows if row.strategy == name]
        verdicts = [one.verdict() for one in found]
        signs = [one.difference.mean > 0 for one in found if one.p < 0.05]
        counts = (
            verdicts.count("better"),
            sum(signs),
            verdicts.count("worse"),
            signs.count(False),
            len(found),
        )
        assert f"| {name} | {base} | nine data sets | {' | '.join(map(str, counts))} |" in text
        told[name, base] = counts
    above, _, below, _, of = told["herding", "random"]
    mix = told["edge-mix", "random"]
    assert (
        f"below random in {below} of {of} tasks and above in {above}, `edge-mix` in {mix[2]} and {mix[0]}"
        in page("index.md")
    )
    assert below == 0
    assert f"Of {of} tasks it was significantly below random in none, above in {above}" in page("faq.md")
    gains = {row.strategy: row.gain for row in rankings(curves(facts)) if row.kind == "report"}
    said = ", ".join(f"{name}'s {100 * gains[name]:+.2f}" for name in ("edge-mix", "margin"))
    assert f"herding's gain is {100 * gains['herding']:+.2f}, {said}" in text


def test_ranks_of_all_strong_strategies():
    rows = rankings(curves(published_run(RESULTS / "compare-strong.jsonl.gz")[1]))
    rank = {(row.kind, row.strategy): row.rank for row in rows if row.among == 7}
    assert (
        f"on those four sets, {rank['report', 'herding']:.2f} (margin {rank['report', 'margin']:.2f}), and the second "
        f"on the five, {rank['development', 'herding']:.2f}, after `typical-then-margin`, "
        f"{rank['development', 'typical-then-margin']:.2f}"
    ) in page("layers/active-learning.md")


def test_table_7():
    text, table = page("layers/active-learning.md"), TABLES["table7"].make()
    facts = published_run(RESULTS / "table7.jsonl")[1]
    results = {
        (r.key.arm, r.key.data, r.key.budget): r for r in summarise(table, facts) if r.metric == "accuracy"
    }

    def figures(values):
        return " / ".join(f"{value:.3f}".removeprefix("0") for value in values)

    def row(arm, pool):
        found = [results[arm, f"mnist-pool-{pool}", n] for n in ("100", "500", "800", "1000")]
        printed = [r.published for r in found if r.published is not None]
        beside = f" ({figures(printed)})" if printed else ""
        return figures(r.estimate.mean for r in found) + beside

    for arm in table.arms:
        assert f"| {arm} | {row(arm, 55_000)} | {row(arm, 1_500)} |" in text
        assert f"| {arm} | {row(f'rounds-{arm}', 10_000)} | {row(f'rounds-{arm}', 1_500)} |" in text
    found = {
        name: [r.against["random"].verdict() for (arm, _, _), r in results.items() if arm == name]
        for name in ("edge-mix", "herding")
    }
    better, worse = (
        {name: verdicts.count(word) for name, verdicts in found.items()} for word in ("better", "worse")
    )
    assert worse["edge-mix"] == 0
    assert f"is below random in no cell and above in {better['edge-mix']}" in text
    assert f"is above in {better['herding']} and below in {worse['herding']}" in text


def test_table_6_at_the_papers_size():
    table = TABLES["table6"].make()
    facts = published_run(RESULTS / "table6.jsonl")[1]
    planned = {cell.key for cell in table.cells(table.data, 1)}
    assert {fact.cell.key for fact in facts} < planned
    assert (len(facts), len(planned)) == (29, 30)
    found = {}
    for fact in facts:
        found.setdefault(fact.cell.settings["arm"], []).append(fact.figures["rows"][0]["values"]["accuracy"])
    said = {
        arm: [f"{value:.4f}".removeprefix("0") for value in sorted(values)] for arm, values in found.items()
    }
    (clean,), (twice,), both, trained = (
        said[arm] for arm in ("clean", "clean-twice", "augmentation", "adversarial-training")
    )
    assert (len(both), len(trained)) == (12, 4)
    below = sum(value < found["clean"][0] for value in found["augmentation"])
    assert max(both) < twice  # "above all twelve"
    assert (
        f"clean {clean} (the paper .8738); plus small perturbations {both[0]} to {both[-1]}, below clean in {below} "
        f"of 12 cells; clean images each taken twice {twice}, above all twelve; adversarial training {trained[0]} to "
        f"{trained[-1]}."
    ) in page("layers/networks.md")
    said_again = (
        f"plus small perturbations {both[0]} to {both[-1]}, and the clean images each taken twice {twice}."
    )
    assert said_again in page("errata.md")


def test_table_6_at_the_size_of_a_cpu():
    table = TABLES["table6-small"].make()
    facts = published_run(RESULTS / "table6-small.jsonl")[1]
    means = {}
    for result in summarise(table, facts):
        if result.metric == "accuracy":
            means.setdefault(result.key.arm, []).append(f"{result.estimate.mean:.3f}".removeprefix("0"))
    low, high = min(means["augmentation"]), max(means["augmentation"])
    assert len(means["augmentation"]) == 12
    assert (
        f"clean {means['clean'][0]}, plus small perturbations {low} to {high}, and the clean images each taken "
        f"twice {means['clean-twice'][0]}"
    ) in page("errata.md")
    seeds = {fact.cell.seed for fact in facts}
    assert len(seeds) == 5
    for seed in seeds:
        of = {}
        for fact in facts:
            if fact.cell.seed == seed:
                of.setdefault(fact.cell.settings["arm"], []).append(
                    fact.figures["rows"][0]["values"]["accuracy"]
                )
        assert max(of["augmentation"]) < of["clean-twice"][0]  # "in every seed"


def test_many_neighbours():
    text = page("region.md")
    for r in json.loads((RESULTS / "benchmarks" / "many_neighbours.json").read_text(encoding="utf-8"))[
        "found"
    ]:
        near = f"{r['proved']:.2f} | {r['over_race']:.2f} | {r['most']:.2f} | {r['seconds']:.2f}"
        assert f"| {r['table']} | {r['k']} | {r['ends']} of {r['rows']} | {near}" in text


def test_ranks_over_tables():
    text = page("layers/active-learning.md")
    facts = published_run(RESULTS / "compare-tables.jsonl.gz")[1]
    found = {(row.kind, row.strategy): row for row in rankings(curves(facts)) if row.among == 8}
    assert len(found) == 16
    for name in {name for _, name in found}:
        cells = [
            f"{row.rank:.2f} | {100 * row.gain:+.2f} | {row.above} | {100 * row.worst:+.2f}"
            for row in (found["report", name], found["development", name])
        ]
        assert f"| `{name}` | {' | '.join(cells)} |" in text
    balanced = rankings(curves(facts, "balanced"))
    gain = next(
        row.gain for row in balanced if (row.kind, row.among, row.strategy) == ("report", 8, "herding")
    )
    assert f"herding's gain is {100 * gain:+.2f} on the report tables" in text


UCI = (("compare-uci", "compare-tables", 8), ("compare-uci-cold", "compare-tables-cold", 7))
UCI += (("compare-uci-b50", "compare-tables-b50", 7),)


def both(new, old):
    """The curves on the ten further tables, and those together with the seven report tables."""
    found = [curves(published_run(RESULTS / f"{name}.jsonl.gz")[1]) for name in (new, old)]
    return found[0], {**found[1], **found[0]}


def ahead_of(found, other):
    """How far herding is ahead of another strategy on report tables, table by table, in points."""
    gaps = {}
    for task, by_name in found.items():
        if kind_of(task.data) == "report":
            mine, theirs = (by_name[name] for name in ("herding", other))
            gap = aulc(mine.labels, mine.accuracy) - aulc(theirs.labels, theirs.accuracy)
            gaps.setdefault(task.data, []).append(100 * gap.mean())
    return np.array([np.mean(each) for each in gaps.values()])


def chance(gap):
    """Wilcoxon's p as the docs write it."""
    return f"p {signed_rank_p(gap):.4f}".replace("0.", ".")


def test_ranks_on_ten_more_tables():
    text = page("layers/active-learning.md")
    alone, together = zip(*(both(new, old) for new, old, _ in UCI), strict=True)
    ranks = [
        {row.strategy: row for row in rankings(found) if (row.kind, row.among) == ("report", among)}
        for found, (_, _, among) in zip(alone, UCI, strict=True)
    ]
    for name in ranks[0]:
        cells = [
            f"{row[name].rank:.2f} | {100 * row[name].gain:+.2f} | {100 * row[name].worst:+.2f}"
            if name in row
            else "- | - | -"
            for row in ranks
        ]
        assert f"| `{name}` | {' | '.join(cells)} |" in text
    assert ranks[0]["herding"].above == ranks[0]["herding"].tasks == 27
    for other in ("random", "typical", "edge-mix", "margin"):
        assert (ahead_of(alone[0], other) > 0).all()
        assert chance(ahead_of(alone[0], other)) == "p .0039"
    gap = ahead_of(alone[0], "typical-then-margin")
    assert f"`typical-then-margin` ({gap.mean():+.2f}, {chance(gap)})" in text
    mine = next(
        row
        for row in rankings(together[0])
        if (row.kind, row.among, row.strategy) == ("report", 8, "herding")
    )
    assert mine.data == 16
    assert f"it gains {100 * mine.gain:.2f} points over random, mean rank {mine.rank:.2f} of eight" in page(
        "index.md"
    )
    edge, typical = (ahead_of(together[0], other) for other in ("edge-mix", "typical"))
    assert (
        f"its gain is {100 * mine.gain:+.2f} at mean rank {mine.rank:.2f} of 8; it is above `edge-mix` by "
        f"{edge.mean():+.2f} points ({chance(edge)}) and above `typical` by {typical.mean():+.2f} ({chance(typical)})"
    ) in text
    cold, large = (
        [ahead_of(found, other) for other in ("random", "typical", "edge-mix")] for found in together[1:]
    )
    assert (
        f"From none it gains {cold[0].mean():+.2f} (ahead of `typical` with {chance(cold[1])}, of `edge-mix` with "
        f"{chance(cold[2])}), in batches of 50 {large[0].mean():+.2f} ({chance(large[1])} and {chance(large[2])[2:]})"
    ) in text
    first = curves(published_run(RESULTS / "compare-tables.jsonl.gz")[1])
    means = [ahead_of(found, "random").mean() for found in (first, alone[0])]
    assert f"{means[0]:+.2f} on the seven above, {means[1]:+.2f} here" in text
    lost = [{task: gain(by, "herding") for task, by in found.items()} for found in alone[1:]]
    assert f"up to {-min(lost[0].values()):.1f} points, three learners" in text
    below = sorted((value, task.data, task.learner) for task, value in lost[1].items() if value < 0)
    below = [(f"{-value:.1f}", data, learner) for value, data, learner in below if data != "cnae-9.csv"]
    assert below == [("2.4", "steel-plates-faults.csv", "svc"), ("0.8", "avila.csv", "svc")]


def gain(by_name, name):
    mine, base = by_name[name], by_name["random"]
    return 100 * (aulc(mine.labels, mine.accuracy) - aulc(base.labels, base.accuracy)).mean()


def test_counts_of_words():
    text = page("layers/active-learning.md")
    strategies, lost = ("herding", "herding-distances", "typical", "edge-mix", "margin"), {}
    for part, said in (("", "from 10, batches of 10"), ("-cold", "from none"), ("-b50", "batches of 50")):
        found = curves(published_run(RESULTS / f"compare-hubs{part}.jsonl.gz")[1])
        for data in ("topics", "cnae-9.csv"):
            by_learner = {task.learner: by for task, by in found.items() if task.data == data}
            gains = [
                [gain(by_learner[learner], name) for learner in ("1-nn", "logistic", "svc")]
                for name in strategies
            ]
            cells = [" / ".join(f"{value:+.1f}" for value in each) for each in gains]
            assert f"| {data.removesuffix('.csv')} | {said} | {' | '.join(cells)} |" in text
            lost[part, data] = gains[1]
    before = lost["", "cnae-9.csv"]
    assert (
        f"{-before[0]:.1f} points behind random with a 1-NN, {-before[1]:.1f} with logistic regression, "
        f"{-before[2]:.1f} with an SVC"
    ) in text
    nine = ahead_of(curves(published_run(RESULTS / "compare-uci.jsonl.gz")[1]), "random")
    assert f"the mean over the ten tables was {(nine.sum() + np.mean(before)) / 10:+.2f}" in text


def test_ranks_with_forests_and_boosting():
    text = page("layers/active-learning.md")
    facts = published_run(RESULTS / "compare-trees.jsonl.gz")[1]
    found = {(row.kind, row.strategy): row for row in rankings(curves(facts))}
    for name in {name for _, name in found}:
        cells = [
            f"{row.rank:.2f} | {100 * row.gain:+.2f} | {row.above} | {100 * row.worst:+.2f}"
            for row in (found["report", name], found["development", name])
        ]
        assert f"| `{name}` | {' | '.join(cells)} |" in text
    ours = found["report", "herding"]
    ahead = [row for (kind, _), row in found.items() if kind == "report" and row.rank <= ours.rank]
    assert len(ahead) == 6
    balanced = {(row.kind, row.strategy): row for row in rankings(curves(facts, "balanced"))}
    best = balanced["report", "herding"]
    assert best.rank == min(row.rank for (kind, _), row in balanced.items() if kind == "report")
    assert (
        f"{100 * best.gain:+.2f} in balanced accuracy, where its rank, {best.rank:.2f}, is the best"
        in " ".join(text.split())
    )


def test_trees_on_the_first_nine_sets():
    text = " ".join(page("layers/active-learning.md").split())
    by_task = curves(published_run(RESULTS / "compare-strong-trees.jsonl.gz")[1])
    rows, found = (
        standings(by_task),
        {(row.kind, row.strategy): row for row in rankings(by_task)},
    )
    for name, said in (
        ("herding", "{ahead} of {of} tasks ({holm} after Holm"),
        ("edge-mix", "{ahead} and {holm})"),
    ):
        tests = [row.against["random"] for row in rows if row.strategy == name]
        ahead = sum(test.difference.mean > 0 for test in tests)
        holm = sum(test.verdict() == "better" for test in tests)
        assert said.format(ahead=ahead, of=len(tests), holm=holm) in text
    mine, second = (found["development", name] for name in ("herding", "edge-mix"))
    assert f"mean rank {mine.rank:.2f} of nine, gain {100 * mine.gain:+.2f}" in text
    assert f"`edge-mix` {second.rank:.2f}, {100 * second.gain:+.2f}" in text
    mine, first = (found["report", name] for name in ("herding", "margin"))
    assert (
        f"({mine.rank:.2f}, {100 * mine.gain:+.2f}, against {first.rank:.2f}, {100 * first.gain:+.2f} both"
        in text
    )


def test_ranks_with_other_beginnings_and_batches():
    text = page("layers/active-learning.md")
    parts = [published_run(RESULTS / f"compare-tables-{part}.jsonl.gz")[1] for part in ("cold", "b50")]
    ranks = [{row.strategy: row for row in rankings(curves(facts)) if row.among == 7} for facts in parts]
    for name in ranks[0]:
        cells = [
            f"{row[name].rank:.2f} | {100 * row[name].gain:+.2f} | {row[name].above} | {100 * row[name].worst:+.2f}"
            for row in ranks
        ]
        assert f"| `{name}` | {' | '.join(cells)} |" in text
    gains = [
        row.gain
        for facts in parts
        for row in rankings(curves(facts, "balanced"))
        if (row.among, row.strategy) == (7, "herding")
    ]
    assert f"a gain of {100 * gains[0]:+.2f} from none and {100 * gains[1]:+.2f} in batches of 50" in text
    assert f"loses {-100 * ranks[0]['herding'].worst:.1f} points" in text


def test_labels_to_an_accuracy_and_ten_classes():
    (by_name,) = curves(published_run(RESULTS / "labels.jsonl")[1]).values()
    told = [speed_up(by_name["edge-mix"], by_name["random"], target) for target in (0.95, 0.97)]
    said = f"random needs {told[0]:.1f} times edge-mix's labels for 95 % and {told[1]:.1f} times for 97 %"
    assert said in page("index.md")
    rows = standings(curves(published_run(RESULTS / "compare-mnist.jsonl")[1]))
    found = [row.against["random"].verdict() for row in rows if row.strategy == "edge-mix"]
    assert f"ten classes above in {found.count('better')} of {len(found)}" in page("index.md")
    text = page("layers/active-learning.md")
    for target in (0.9, 0.95, 0.97):
        cells = [f"{by_name[name].needed(target):,.0f}" for name in ("random", "edge-mix", "herding")]
        told = [ratio(by_name[name], by_name["random"], target) for name in ("edge-mix", "herding")]
        assert f"% | {' | '.join([*cells, *told])} |" in text.replace("**", "")


def lu_areas(name):
    found = {}
    with (RESULTS / name).open(newline="") as file:
        for row in csv.DictReader(file):
            by_split = found.setdefault(row["data"], {}).setdefault(row["strategy"], {})
            by_split[int(row["split"])] = float(row["aubc"])
    return found


def test_lu_et_al_small_sets():
    found, text = lu_areas("lu2023.csv"), page("layers/active-learning.md")
    share = {
        name: f"{share_of_margin(found, name, SMALL)[0]:.0%}".replace("%", " %")
        for name in ("herding", "herding-share-0", "edge-mix", "typical")
    }
    assert f"herding has {share['herding']} of margin's mean gain" in text
    assert f"from them here) {share['herding-share-0']}, `edge-mix` {share['edge-mix']}" in text
    assert f"`typical` {share['typical']}." in text


def test_lu_et_al_large_sets():
    found, text, names = (
        lu_areas("lu2023-large.csv"),
        page("layers/active-learning.md"),
        ("margin", "typical", "edge-mix", "herding"),
    )
    assert {len(splits) for by in found.values() for splits in by.values()} == {10}
    for data, by in found.items():
        tests = [paired(*common(by, name, "random")) for name in names]
        cells = [f"{100 * test.difference.mean:+.2f} (p {test.p:.2g})" for test in tests]
        assert f"| {data} | {' | '.join(cells)} |" in text
    rival = {data: paired(*common(by, "herding", "margin")) for data, by in found.items()}
    said = [f"{100 * test.difference.mean:+.2f}".replace("0.", ".") for test in rival.values()]
    ps = [f"{test.p:.3f}".lstrip("0") for test in rival.values()]
    assert (
        f"herding has {said[0]} on banana (p {ps[0]}), {said[1]} on phoneme (p {ps[1]}), {said[2]} on ring"
        in text
    )
    assert f"on ring (p {ps[2]}), where one class lies inside the other, and {said[3]} on twonorm" in text
    means = [f"{100 * mean_gain(found, name, LARGE):+.2f}" for name in names]
    assert f"| mean of four | {' | '.join(means)} |" in text


TRAINING = {"": "labels alone", "-affine": "labelled images moved", "-vat": "virtual adversarial, moved"}
SMALLER = {"-b20": "labels alone, batches of 20"}


def test_labels_from_none_by_what_is_learned_from():
    text, less, at, first = page("layers/active-learning.md"), {}, {}, {}
    for part, name in (TRAINING | SMALLER).items():
        (runs,) = (found := curves(published_run(RESULTS / f"compare-mnist-labels{part}.jsonl")[1])).values()
        for strategy in ("random", "herding") if part in SMALLER else ("random", "typical", "herding"):
            cells = [reached(runs[strategy], target) for target in (0.9, 0.95, 0.97, 0.98)]
            assert f"| {name} | {strategy} | {' | '.join(cells)} |" in text
        less[part] = {
            row.strategy: row.against["random"] for row in standings(found) if row.strategy != "random"
        }
        at[part] = {name: run.needed(0.97) for name, run in runs.items()}
        first[part] = {name: run.needed(0.95) for name, run in runs.items()}
    index = page("index.md")
    assert f"97 % with {at['-b20']['herding']:.0f} labels (random not with 960)" in index
    assert f"with {at['-vat']['herding']:.0f} (random {at['-vat']['random']:.0f})" in index
    assert (
        f"{first['']['herding']:.0f} and {at['']['herding']:.0f} for 95 and 97 % in batches of 40, "
        f"{first['-b20']['herding']:.0f} and {at['-b20']['herding']:.0f} in batches of 20 (random "
        f"{first['-b20']['random']:.0f} for 95 %)"
    ) in text
    assert (
        f"needs {at['-vat']['random']:.0f} for 97 %, without them herding needs {at['-b20']['herding']:.0f}."
        in text
    )
    gains = [f"{100 * less[part]['herding'].difference.mean:.2f}" for part in TRAINING]
    assert f"by {gains[0]}, {gains[1]} and {gains[2]} points" in text
    ps = [f"{less[part]['herding'].p:.3f}".lstrip("0") for part in TRAINING]
    assert f"(p {ps[0]}, {ps[1]} and {ps[2]})" in text
    others = [100 * less[part]["typical"].difference.mean for part in TRAINING]
    assert f"`typical`'s by {others[0]:+.2f}, {others[1]:+.2f} and {others[2]:+.2f}" in text


def test_learning_from_unlabelled_rows():
    by_arm: dict[tuple[str, str], list[float]] = {}
    for fact in published_run(RESULTS / "benchmarks" / "unlabelled.jsonl")[1]:
        for row in fact.figures["rows"]:
            by_arm.setdefault((fact.cell.settings["task"], row["arm"]), []).append(100 * row["accuracy"])
    text = page("layers/networks.md")
    tasks = ("mnist-100", "cifar10-1000", "splice-40", "mushroom-40", "german-40")
    for arm in dict.fromkeys(arm for _, arm in by_arm):
        cells = [
            f"{sum(v) / len(v):.1f} | {min(v):.1f}" if (v := by_arm.get((task, arm))) else "|"
            for task in tasks
        ]
        assert f"| {arm} | {' | '.join(cells)} |" in text
    mean = {key: sum(values) / len(values) for key, values in by_arm.items()}
    adds = [
        mean["mnist-100", "adversary"] - mean["mnist-100", arm]
        for arm in ("noise", "noise-long", "FixMatch-lite")
    ]
    said = (
        "adds {:.2f} points to a random step as long, {:.2f} to one four times as long and {:.2f} to FixMatch"
    )
    assert said.format(*adds).replace(" 0.", " .") in text


def test_of_the_claims_of_tables_2_to_5_only_that_training_can_do_harm_holds():
    for table in ("table2", "table3", "table4", "table5"):
        verdicts = (RESULTS / f"{table}.md").read_text(encoding="utf-8").split("\n\n")[1]
        assert "**contradicted**" in verdicts
        holds = [line for line in verdicts.splitlines() if "| **holds**" in line]
        assert all("sometimes decreases the accuracy" in line for line in holds)
        assert bool(holds) is (table in ("table4", "table5"))


def test_the_coverage_table_has_no_empty_row_and_names_files_that_are_there():
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in (ROOT / "docs" / "paper.md").read_text(encoding="utf-8").splitlines()
        if line.startswith("| ") and not line.startswith(("| paper |", "| the paper says |"))
    ]
    assert len(rows) > 40
    assert all(len(row) == 3 and all(row) for row in rows)
    source = ROOT / "src" / "edgewise"
    names = {name for row in rows for name in re.findall(r"`([\w/]+\.py)`", row[1])}
    known = {"/" + path.relative_to(source).as_posix() for path in source.rglob("*.py")}
    assert len(names) > 20
    assert [name for name in names if not any(path.endswith("/" + name) for path in known)] == []
    table = {name.removesuffix("-small") for name in TABLES}
    run = {words for row in rows for words in re.findall(r"`edgewise reproduce (table\d)", row[2])}
    assert run == table
