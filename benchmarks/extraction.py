"""How close copies get by rows, family by family, against random and margin: the bars of docs/extraction.md.

Run: python benchmarks/extraction.py --data-home FOLDER [--only linear,tree] [--seeds 10] [--out FILE]

One line of JSON a finished cell, appended; what is there already is not run again. A third of the data trains
the victim, a third is the pool, a third is held out. Beside FILE stands its table, FILE.md.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import time
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

import numpy as np
from sklearn.datasets import load_digits, load_iris, load_svmlight_file, load_wine
from sklearn.ensemble import BaggingClassifier, GradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from edgewise.arrays import Box
from edgewise.audit.families.ensembles import Boosting, Forest, Neighbour
from edgewise.audit.families.frame import Answers, Question, Space
from edgewise.audit.families.generic import Generic
from edgewise.audit.families.kernel import Kernel
from edgewise.audit.families.linear import Linear
from edgewise.audit.families.structure import structure
from edgewise.audit.families.trees import Tree
from edgewise.paper.runs.results import provenance
from edgewise.stats import paired
from edgewise.strategies.model_scores import margins


DEVELOPED_ON = ("wdbc", "ionosphere", "sonar", "spambase", "twonorm", "abalone")
REPORTED_ON = ("heart", "pima", "mammographic", "phoneme", "ring", "australian")
HOME = Path()


def read(name):
    """Return the table, features as numbers, labels as whole numbers."""
    loaders = {"iris": load_iris, "wine": load_wine, "digits": load_digits}
    if name in loaders:
        return loaders[name](return_X_y=True)
    if name == "abalone":
        sexes = {"I": 0.0, "F": 1.0, "M": 2.0}
        lines = [line.split(",") for line in (HOME / "abalone/abalone.data").read_text().split()]
        table = np.array([[sexes[line[0]], *map(float, line[1:])] for line in lines])
        return table[:, :-1], (table[:, -1] > 9).astype(int)
    if name == "australian":
        X, y = load_svmlight_file(str(HOME / "libsvm/australian"))
        return X.toarray(), (y > 0).astype(int)
    rows = list(csv.reader((HOME / "keel" / f"{name}.csv").open()))[1:]
    X = np.array([[float(cell) for cell in row[:-1]] for row in rows])
    return X, np.unique([row[-1].strip() for row in rows], return_inverse=True)[1]


def split(name, seed):
    """Return training points and labels, the pool, held-out rows: a third each."""
    X, y = read(name)
    order = np.random.default_rng(seed).permutation(len(X))[:7500]
    third = len(order) // 3
    return X[order[:third]], y[order[:third]], X[order[third : 2 * third]], X[order[2 * third :]]


def near(predict, test, rng, n=1000):
    """Return points on segments between held-out rows, within 5 % of the victim's boundary."""
    y, found = predict(test), []
    while sum(map(len, found)) < n:
        i, j = rng.integers(len(test), size=(2, 4000))
        differ = y[i] != y[j]
        a, b, first = test[i[differ]], test[j[differ]], y[i[differ]]
        low, high = np.zeros(len(a)), np.ones(len(a))
        for _ in range(25):
            middle = (low + high) / 2
            same = predict(a + middle[:, None] * (b - a)) == first
            low, high = np.where(same, middle, low), np.where(same, high, middle)
        t = (low + high) / 2 + rng.uniform(-0.05, 0.05, len(a))
        found.append(a + t[:, None] * (b - a))
    return np.concatenate(found)[:n]


class Case:
    """A victim, its pool and what agreement is measured on."""

    def __init__(self, name, seed, make, flips=0.0):
        X, y, self.pool, self.test = split(name, seed)
        self.seed, self.flips = seed, np.random.default_rng(seed + 7)
        self.rate = flips
        self.victim = make(self.pool.shape[1], seed).fit(X, y)
        self.predict = self.victim.predict
        box = Box(self.pool.min(axis=0), self.pool.max(axis=0))
        self.space = Space(self.pool, box, (None,) * self.pool.shape[1])
        rng = np.random.default_rng(seed + 99)
        sets = (
            self.test,
            rng.uniform(box.low, box.high, (2000, len(box.low))),
            near(self.predict, self.test, rng),
        )
        self.sets = [(rows, self.predict(rows)) for rows in sets]

    def ask(self, X):
        """Return what the victim says, flipped now and then."""
        y = self.predict(X)
        if self.rate:
            y = np.where(self.flips.random(len(y)) < self.rate, 1 - y, y)
        return y

    def scored(self, copy):
        """Return the agreement on held-out, uniform and near rows."""
        return [round(float(np.mean(copy.predict(rows) == y)), 5) for rows, y in self.sets]

    def made(self, family, budgets):
        """Return the agreement of a family's rule at each budget, and what it did."""
        answers = Answers(self.space)
        questions = family(self.space, answers, self.seed)
        question, left, used, found, why = next(questions), list(budgets), 0, {}, "budget"
        started = time.process_time()
        try:
            while left:
                if used >= left[0]:
                    found[left.pop(0)] = self.scored(question.copy())
                    continue
                X = question.X[: left[0] - used]
                assert self.space.box.contains(X).all()
                labels = self.ask(X).tolist()
                used += len(X)
                answers.add(X, labels, question.purpose not in ("seed", "pool"))
                question = questions.send(labels)
        except StopIteration as stop:
            why = stop.value
        for budget in left:
            found[budget] = self.scored(question.copy())
        return found, {"used": used, "why": why, "seconds": round(time.process_time() - started, 2)}

    def pooled(self, rule, shadow, budgets, judge=None):
        """Return the agreement of random or margin rows of the pool at each budget; 10 % batches.

        The margins are those of ``judge``, of the shadow itself unless given.
        """
        rng = np.random.default_rng(self.seed)
        order = rng.permutation(len(self.pool))
        y = self.ask(self.pool)
        size = 10
        while len(set(y[order[:size]])) < 2:
            size += 1
        got, found = order[:size].tolist(), {}
        for budget in budgets:
            while len(got) < min(budget, len(self.pool)):
                room = min(budget, len(self.pool)) - len(got)
                left = np.setdiff1d(np.arange(len(self.pool)), got)
                if rule == "random":
                    got += order[len(got) : len(got) + room].tolist()
                    continue
                fitted = (judge or shadow)().fit(self.pool[got], y[got])
                few = min(max(1, len(got) // 10), room)
                got += left[np.argsort(margins(fitted, self.pool[left]), kind="stable")[:few]].tolist()
            found[budget] = self.scored(shadow().fit(self.pool[got], y[got]))
        return found


def standard(model):
    """Return the model behind standardised features."""
    return make_pipeline(StandardScaler(), model)


def logistic(_d, _seed):
    return standard(LogisticRegression(max_iter=3000))


BUDGETS = (20, 50, 100, 200, 400, 800)
LATE = (100, 200, 400, 800)


def late(_case):
    """Return the budgets of victims that take many rows."""
    return LATE


def by_features(case):
    """Return the usual budgets and those of the bars: eight and twelve rows a feature."""
    d = case.pool.shape[1]
    return tuple(sorted({*BUDGETS, 8 * d, 12 * d}))


def by_leaves(case):
    """Return the usual budgets and those of the bars: 5, 15 and 30 rows a leaf."""
    leaves = int(case.victim.get_n_leaves())
    return tuple(sorted({*LATE, 5 * leaves, 15 * leaves, 30 * leaves}))


class Section(NamedTuple):
    """A victim, the shadow that random and margin rows train, the family's rule, what is measured when."""

    victim: object
    shadow: object
    family: object
    budgets: object = late
    committee: object = None


def committee():
    """Return eight trees on bootstrap samples, whose disagreement chooses rows for a single tree."""
    return BaggingClassifier(DecisionTreeClassifier(), n_estimators=8, random_state=0)


VICTIMS = {
    "linear": Section(
        logistic, lambda: standard(LogisticRegression(C=1e3, max_iter=3000)), Linear, by_features
    ),
    "kernel": Section(lambda d, _: standard(SVC(gamma=3 / d)), lambda: standard(SVC(C=100)), Kernel),
    "tree": Section(
        lambda _, seed: DecisionTreeClassifier(max_depth=5, random_state=seed),
        lambda: DecisionTreeClassifier(random_state=0),
        Tree,
        by_leaves,
        committee,
    ),
    "forest": Section(
        lambda _, seed: RandomForestClassifier(50, max_depth=6, random_state=seed),
        lambda: RandomForestClassifier(50, random_state=0),
        Forest,
    ),
    "boosting": Section(
        lambda _, seed: GradientBoostingClassifier(n_estimators=50, random_state=seed),
        lambda: GradientBoostingClassifier(n_estimators=50, random_state=0),
        Boosting,
    ),
    "network": Section(
        lambda _, seed: standard(MLPClassifier((32,), max_iter=400, random_state=seed)),
        lambda: standard(MLPClassifier((32,), solver="lbfgs", alpha=1e-3, max_iter=500, random_state=0)),
        Generic,
    ),
    "neighbour": Section(
        lambda _d, _seed: standard(KNeighborsClassifier(1)),
        lambda: standard(KNeighborsClassifier(1)),
        Neighbour,
    ),
}
SETS = {
    "linear": DEVELOPED_ON + REPORTED_ON,
    "kernel": ("abalone", "twonorm", "pima", "phoneme", "banana"),
    "tree": ("abalone", "australian", "pima", "phoneme"),
    "forest": ("abalone", "twonorm", "phoneme"),
    "boosting": ("abalone", "phoneme"),
    "network": ("abalone", "twonorm", "pima", "phoneme"),
    "neighbour": ("banana", "abalone", "twonorm", "phoneme", "ring"),
}


def compared(section, name, seed):
    """Compare a family's rule with random and margin on one split."""
    victim, shadow, family, at, judge = VICTIMS[section]
    case = Case(name, seed, victim)
    budgets = at(case)
    made, about = case.made(family(), budgets)
    found = about | {
        "features": case.pool.shape[1],
        "made": made,
        "margin": case.pooled("margin", shadow, budgets),
        "random": case.pooled("random", shadow, budgets),
    }
    if judge:
        found |= {
            "leaves": int(case.victim.get_n_leaves()),
            "committee": case.pooled("margin", shadow, budgets, judge),
        }
    return found


def multi(name, seed):
    """Measure softmax victims at 4 and 8 rows a weight."""
    X, y = read(name)
    weights = len(set(y)) * X.shape[1]
    found, about = Case(name, seed, logistic).made(Linear(), (4 * weights, 8 * weights))
    return about | {"made": found}


def noise(name, seed):
    """Measure linear victims with flipped answers at ten rows a feature, the share of flips not told."""
    out = {}
    for rate in (0.02, 0.1):
        case = Case(name, seed, logistic, rate)
        d = case.pool.shape[1]
        found, _ = case.made(Linear(), (10 * d,))
        out[str(rate)] = found[10 * d]
    return out


def walls(name, seed):
    """Run the structural test on a victim of every family."""
    out = {}
    for section, kind in VICTIMS.items():
        case = Case(name, seed, kind.victim)
        answers = Answers(case.space)
        first = case.pool[np.random.default_rng(seed).permutation(len(case.pool))[:20]]
        answers.add(first, case.predict(first).tolist(), False)
        test = structure(case.space, answers, seed, lambda: None)
        try:
            question: Question = next(test)
            while True:
                labels = case.predict(question.X).tolist()
                answers.add(question.X, labels, True)
                question = test.send(labels)
        except StopIteration as stop:
            found = stop.value
        out[section] = {"axis": found.axis_aligned, "near": found.near, "far": found.far, "rows": found.rows}
    return out


def cells(only, seeds):
    """Return what is to be run, seed by seed, so that a part is a smaller study."""
    plan = {
        section: (SETS[section], lambda n, s, section=section: compared(section, n, s)) for section in SETS
    }
    plan |= {
        "multi": (("iris", "wine"), multi),
        "noise": (("wdbc", "twonorm", "heart", "pima"), noise),
        "walls": (("wdbc", "abalone", "twonorm", "pima", "phoneme", "heart"), walls),
    }
    for seed in range(seeds):
        for section in only or plan:
            names, run = plan[section]
            for name in names:
                yield section, name, seed, run


def lines_of(path):
    """Return the lines of finished cells in a file, without the first, which says how they were made."""
    lines = map(json.loads, path.read_text(encoding="utf-8").splitlines()) if path.exists() else ()
    return [line for line in lines if "about" not in line]


def points(gain):
    """Return a mean difference and its interval in points."""
    return f"{100 * gain.mean:+.2f} ({100 * gain.low:+.2f} to {100 * gain.high:+.2f})"


def named(row, arm):
    """Return an arm's agreement by budget, budgets of the bars under their names."""
    names = {k * row["features"]: f"{k} a feature" for k in (8, 12)}
    if "leaves" in row:
        names = {k * row["leaves"]: f"{k} a leaf" for k in (5, 15, 30)}
    found = {budget: value for budget, value in row[arm].items() if int(budget) in BUDGETS}
    if row["section"] in ("linear", "tree"):
        found |= {name: row[arm][str(rows)] for rows, name in names.items()}
    return found


def compared_rows(section, name, rows):
    """Yield the cells of a data set's lines of the table: each budget, against margin, or a committee's."""
    for rival in ("margin", "committee"):
        if rival not in rows[0]:
            continue
        arms = {arm: [named(row, arm) for row in rows] for arm in ("random", rival, "made")}
        for budget in arms["made"][0]:
            means = {
                arm: np.mean([found[budget] for found in several], axis=0) for arm, several in arms.items()
            }
            gain = paired(*([found[budget][0] for found in arms[arm]] for arm in ("made", rival))).difference
            yield [
                section if rival == "margin" else f"{section}, committee for margin",
                f"{name}, {len(rows)}",
                budget,
                *(f"{means[arm][0]:.4f}" for arm in means),
                points(gain),
                *(f"{value:.4f}" for value in means["made"][1:]),
            ]


def table(lines):
    """Return, as Markdown, every section's agreement on held-out rows, and what the rule adds to margin.

    The interval is a t interval over splits of one data set, for the mean difference in points.
    """
    grouped = defaultdict(list)
    for line in lines:
        if "margin" in line:
            grouped[line["section"], line["data"]].append(line)
    heads = "victim|data, splits|rows|random|margin|rule|rule less margin (95 %)|rule, uniform|rule, near"
    table = [heads.split("|"), ["---"] * 9]
    for (section, name), rows in grouped.items():
        table += compared_rows(section, name, rows)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in table)


def main():
    """Run what is missing."""
    global HOME
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--data-home", default=os.environ.get("EDGEWISE_DATA", "."))
    options.add_argument("--only", default="")
    options.add_argument("--data", default="")
    options.add_argument("--seeds", type=int, default=10)
    options.add_argument("--out", default="extraction.ndjson")
    chosen = options.parse_args()
    HOME, path = Path(chosen.data_home), Path(chosen.out)
    there = {(line["section"], line["data"], line["seed"]) for line in lines_of(path)}
    if not path.exists():
        command = f"python benchmarks/extraction.py --data-home FOLDER --seeds {chosen.seeds}"
        path.write_text(json.dumps({"about": provenance(command)}) + "\n", encoding="utf-8")
    for section, name, seed, run in cells([each for each in chosen.only.split(",") if each], chosen.seeds):
        if (section, name, seed) in there or (chosen.data and name not in chosen.data.split(",")):
            continue
        started = time.process_time()
        try:
            found = run(name, seed)
        except FileNotFoundError as error:
            print("left out:", error)
            continue
        line = {"section": section, "data": name, "seed": seed}
        line |= found if "made" in found else {"found": found}
        with path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
        print(section, name, seed, f"{time.process_time() - started:.1f} s", flush=True)
    path.with_suffix(".md").write_text(table(lines_of(path)) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
