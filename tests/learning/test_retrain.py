"""Train, Generate, Retrain: budgets, provenance, costs and the labels' oracle."""

import numpy as np
import pytest
from sklearn.neighbors import KNeighborsClassifier

import edgewise as ew
from edgewise import ATTACKS, InputError, attack, load
from edgewise.data.dataset import Split
from edgewise.learning.metrics import accuracy, agreement
from edgewise.learning.oracle import Callback
from edgewise.learning.retrain import ShadowError, fit_shadow, retrain
from edgewise.learning.synthetic import generate


DATA = load("halfmoon", rng=0, train=150, held_out=50, test=100)
VICTIM = KNeighborsClassifier(1).fit(*DATA.train)
POOL = Split(np.concatenate([DATA.train.X, DATA.held_out.X]), np.concatenate([DATA.train.y, DATA.held_out.y]))


def test_every_point_says_where_it_came_from():
    made = retrain(VICTIM, VICTIM, DATA, attack="direct", budget=40, rng=1).synthetic
    assert len(np.unique(made.source)) == 40
    assert np.allclose(np.linalg.norm(made.X - POOL.X[made.source], axis=1), made.distance)
    assert (made.source_label == VICTIM.predict(POOL.X[made.source])).all()
    assert (made.crossed_into == VICTIM.predict(made.X)).all()
    assert (made.y == made.crossed_into).all()


def test_no_test_point_enters_the_synthetic_set():
    made = retrain(VICTIM, VICTIM, DATA, attack="direct", budget=200, rng=1).synthetic
    test = {row.tobytes() for row in DATA.test.X}
    assert not any(POOL.X[row].tobytes() in test for row in made.source)


def test_costs_add_up_and_prefixes_know_theirs():
    out = retrain(VICTIM, VICTIM, DATA, attack=ew.attacks.Direct(steps=8), budget=30, rng=0)
    assert out.cost.labels == 30
    assert out.spent.generate.queries == out.synthetic.cost.queries == 30 * (1 + 1 + 8 + 1)
    assert out.spent.measure.queries == out.cost.queries - out.synthetic.cost.queries == 100
    assert out.synthetic.first(10).cost.queries == 10 * 11
    assert out.synthetic.first(10).cost.labels == 10
    assert out.synthetic.first(30).cost == out.synthetic.cost


def test_labels_come_from_the_oracle_stated():
    own = generate(VICTIM, POOL, attack="direct", budget=20, oracle="source", rng=0)
    assert (own.y == POOL.y[own.source]).all()
    assert own.cost.labels == 0
    beyond = generate(VICTIM, POOL, attack="direct", budget=20, scale=1.3, rng=0)
    assert (beyond.y == VICTIM.predict(beyond.X)).all()
    short = generate(VICTIM, POOL, attack="direct", budget=20, scale=0.5, rng=0)
    assert (short.y == short.source_label).mean() > 0.8
    assert short.cost.queries > own.cost.queries
    fixed = generate(
        VICTIM, POOL, attack="direct", budget=20, oracle=Callback(lambda X: np.ones(len(X))), rng=0
    )
    assert (fixed.y == 1).all()


def test_among_keeps_the_nearest_to_the_boundary():
    few = generate(VICTIM, POOL, attack="direct", budget=10, among=100, rng=0)
    many = generate(VICTIM, POOL, attack="direct", budget=100, rng=0)
    assert np.allclose(np.sort(few.distance), np.sort(many.distance)[:10])
    assert few.cost.queries == many.cost.queries


def test_failed_sources_are_replaced():
    def never_on_the_right(model, X, y):
        return np.where(X[:, :1] > 0.5, X, attack(model, X, "direct", rng=0).points)

    made = generate(VICTIM, POOL, attack=never_on_the_right, budget=30, rng=0)
    assert len(made.y) == 30
    assert (POOL.X[made.source, 0] <= 0.5).all()


def test_the_shadow_is_a_clone_and_is_measured():
    shadow = KNeighborsClassifier(3)
    out = retrain(VICTIM, shadow, DATA, attack="direct", budget=50, base=DATA.train, rng=0)
    assert not hasattr(shadow, "classes_")
    assert out.shadow.n_neighbors == 3
    assert out.accuracy == accuracy(out.shadow, *DATA.test)
    assert out.agreement == np.mean(out.shadow.predict(DATA.test.X) == VICTIM.predict(DATA.test.X))
    assert agreement(VICTIM, VICTIM, DATA.test.X) == 1


def test_same_seed_same_bytes_other_seed_other_sources():
    one, two, other = (
        generate(VICTIM, POOL, attack=ew.attacks.Opt(budget=60), budget=10, rng=seed) for seed in (5, 5, 6)
    )
    assert one.X.tobytes() == two.X.tobytes()
    assert one.source.tolist() != other.source.tolist()


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"budget": 0}, "budget must be between 1 and 200; got 0"),
        ({"budget": 201}, "budget must be between 1 and 200; got 201"),
        ({"budget": 20, "among": 10}, "among must be between 20 and 200"),
        ({"budget": 5, "attack": "drect"}, "did you mean 'direct'"),
        ({"budget": 5, "oracle": "victims"}, "oracle must be 'victim', 'source' or an oracle"),
        ({"budget": 5, "scale": -1}, "scale must be a finite number"),
        (
            {"budget": 5, "attack": lambda model, X, y: X},
            "found no point across the boundary from 200 sources",
        ),
    ],
)
def test_bad_arguments(keywords, message):
    with pytest.raises(InputError, match=message):
        retrain(VICTIM, VICTIM, DATA, **({"attack": "direct"} | keywords))


def test_a_shadow_must_be_trainable_on_two_classes():
    with pytest.raises(InputError, match="shadow must be an estimator with fit"):
        retrain(VICTIM, 3, DATA, attack="direct", budget=5, rng=0)
    made = generate(
        VICTIM, POOL, attack="direct", budget=5, oracle=Callback(lambda X: np.ones(len(X))), rng=0
    )
    with pytest.raises(InputError, match="points of one class"):
        fit_shadow(VICTIM, made)


def test_an_oracle_that_leaves_points_out_is_refused():
    with pytest.raises(InputError, match="left 1 of 5 made points unanswered"):
        generate(
            VICTIM, POOL, attack="direct", budget=5, oracle=Callback(lambda X: [None, 1, 1, 0, 0]), rng=0
        )


class Counted:
    """A victim that counts the rows it is asked."""

    def __init__(self, model):
        self.model, self.asked, self.classes_ = model, 0, model.classes_

    def __call__(self, X):
        return self.predict(X)

    def predict(self, X):
        self.asked += len(X)
        return self.model.predict(X)

    def predict_proba(self, X):
        self.asked += len(X)
        return self.model.predict_proba(X)


@pytest.mark.parametrize("scale", [1.0, 1.2])
@pytest.mark.parametrize(
    "name", [name for name, row in ATTACKS.items() if set(row.needs) <= {"labels", "scores"}]
)
def test_the_reported_queries_are_those_an_outside_counter_sees(name, scale):
    victim = Counted(VICTIM)
    row = ATTACKS[name]
    out = retrain(
        victim, VICTIM, DATA, attack=row.make(**row.small), budget=8, scale=scale, base=DATA.train, rng=0
    )
    assert victim.asked == out.cost.queries
    spent = out.spent
    assert spent.generate.queries + spent.label.queries + spent.measure.queries == victim.asked
    assert spent.label.queries == (0 if scale == 1 else 8)


def test_a_shadow_that_cannot_be_fitted_hands_over_what_was_bought():
    class Breaks(KNeighborsClassifier):
        def fit(self, X, y):
            raise RuntimeError("no memory")

    with pytest.raises(ShadowError, match="no memory") as caught:
        retrain(VICTIM, Breaks(), DATA, attack="direct", budget=20, rng=0)
    assert len(fit_shadow(VICTIM, caught.value.synthetic).classes_) == 2
