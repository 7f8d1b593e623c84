import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier

import edgewise as ew
from edgewise.arrays import InputError
from edgewise.attacks.frame import Proposal
from edgewise.strategies.adversarial import Dfal, MaxConfidence
from edgewise.strategies.model_scores import margins


RNG = np.random.default_rng(3)
POOL = RNG.uniform(-1, 1, (400, 2))
KNOWN = RNG.uniform(-1, 1, (40, 2))
KNN = KNeighborsClassifier(1).fit(KNOWN, np.digitize(KNOWN[:, 0], [-0.3, 0.4]))


class Counted:
    """An attack that says how many samples it was given."""

    norm = 2

    def __init__(self, inner):
        self.inner, self.asked = inner, 0

    def __call__(self, model, X, y, **more):
        self.asked += len(X)
        return self.inner(model, X, y, **more)


def region():
    return Counted(ew.ATTACKS["region-exact"].make())


def test_dfal_takes_the_smallest_exact_distances_of_a_nearest_neighbour():
    distance = ew.attack(KNN, POOL, "region-exact", rng=0).distance
    answer = ew.query(KNN, POOL, 15, "dfal", rng=0)
    assert set(answer.index.tolist()) == set(np.argsort(distance)[:15].tolist())
    assert -answer.score == pytest.approx(distance[answer.index])


@pytest.mark.parametrize("kind", [RandomForestClassifier(9, random_state=0), LogisticRegression()])
def test_dfal_takes_the_nearest_rows_of_trees_and_linear_models(kind):
    model = kind.fit(KNOWN, np.digitize(KNOWN[:, 0] * KNOWN[:, 1] + KNOWN[:, 0], [-0.3, 0.4]))
    every = ew.radius(model, POOL).distance
    answer = ew.query(model, POOL, 12, Dfal(twins="crossing"), rng=0)
    assert np.sort(every[answer.index]) == pytest.approx(np.sort(every)[:12])
    assert -answer.score == pytest.approx(every[answer.index])
    assert (model.predict(answer.created.points) != model.predict(POOL[answer.created.source])).all()
    assert answer.queries < 6 * len(POOL)
    whole = ew.query(model, POOL, 12, Dfal(two_stage=False), rng=0)
    assert np.sort(every[whole.index]) == pytest.approx(np.sort(every)[:12])


def test_two_stages_give_the_batch_of_the_full_attack_for_a_part_of_its_cost():
    for seed in range(5):
        pool = np.random.default_rng(seed).uniform(-1, 1, (600, 2))
        full, short = region(), region()
        whole = ew.query(KNN, pool, 10, Dfal(full, two_stage=False), rng=0)
        staged = ew.query(KNN, pool, 10, Dfal(short), rng=0)
        assert staged.index.tolist() == whole.index.tolist()
        assert full.asked == 600
        assert short.asked < 150


def test_a_shortlist_too_short_is_widened():
    """The gap of two distances ranks wrongly here: far above both points it shrinks, their bisector stays."""
    known = np.array([[0.0, 0.0], [10.0, 0.0], [0.0, 30.0], [1.0, 30.0]])
    knn = KNeighborsClassifier(1).fit(known, [0, 1, 0, 1])
    # Rows of equal gap of distances lie at unequal distances from the bisector of their pair.
    pool = np.concatenate(
        [
            np.stack([np.linspace(4.5, 4.9, 50), np.zeros(50)], axis=1),
            np.stack([np.linspace(0.0, 0.2, 50), np.full(50, 36.0)], axis=1),
        ]
    )
    whole = ew.query(knn, pool, 5, Dfal(two_stage=False), rng=0)
    staged = ew.query(knn, pool, 5, Dfal(shortlist=1.0), rng=0)
    assert set(staged.index.tolist()) == set(whole.index.tolist())
    naive = np.argsort(margins(knn, pool))[:5]
    assert set(naive.tolist()) != set(whole.index.tolist())


def test_crossing_twins_cross_and_carry_their_provenance():
    answer = ew.query(KNN, POOL, 8, ew.strategies.Dfal(twins="crossing"), box=(-1, 1), rng=0)
    made = answer.created
    assert set(made.source.tolist()) == set(answer.index.tolist())
    assert (KNN.predict(made.points) == made.crossed_into).all()
    assert (KNN.predict(POOL[made.source]) != made.crossed_into).all()
    assert made.attack == "region-exact"
    assert (made.scale == 1).all()
    assert (abs(made.points) <= 1).all()


@pytest.mark.parametrize("length", [0.1, 0.001])
def test_twins_of_a_length_have_it(length):
    made = ew.query(KNN, POOL, 8, ew.strategies.Dfal(twins=length), rng=0).created
    step = np.linalg.norm(made.points - POOL[made.source], axis=1)
    assert step == pytest.approx(np.full(8, length))
    distance = ew.attack(KNN, POOL[made.source], "region-exact", rng=0).distance
    assert made.scale == pytest.approx(length / distance, rel=1e-6)


def test_failed_attacks_come_last():
    class Fails:
        norm = 2

        def __call__(self, model, X, y, *, box, seed, advance):
            return Proposal(np.where(X[:, :1] > 0, 5.0, X))

    line = LogisticRegression().fit(KNOWN, KNOWN[:, 0] > 0.9)
    answer = ew.query(line, POOL, 400, Dfal(Fails(), two_stage=False), rng=0)
    lost = np.isinf(answer.score)
    assert lost.any()
    assert not lost[: int((~lost).sum())].any()


def test_any_attack_can_be_the_distance_also_of_a_model_that_gives_labels_only():
    model = lambda X: (X[:, 0] > 0.2).astype(int)  # noqa: E731
    answer = ew.query(model, POOL, 5, ew.strategies.Dfal(attack=ew.attacks.Opt(budget=300), most=40), rng=0)
    near = np.abs(POOL[:, 0] - 0.2)
    assert near[answer.index].max() < np.median(near)
    assert answer.queries > 40


def test_max_confidence_takes_the_surest_twins():
    line = LogisticRegression().fit(KNOWN, KNOWN[:, 0] > 0)

    def far(model, X, y):
        return np.stack([-3 * X[:, 0], X[:, 1]], axis=1)

    from edgewise.attacks.frame import Foreign

    answer = ew.query(line, POOL, 5, MaxConfidence(Foreign(far)), rng=0)
    assert set(answer.index.tolist()) <= set(np.argsort(-np.abs(POOL[:, 0]))[:12].tolist())
    assert len(answer.created.points) == 5


def test_bad_settings_are_told():
    with pytest.raises(InputError, match="twins must be"):
        ew.query(KNN, POOL, 3, ew.strategies.Dfal(twins=-1.0), rng=0)
    with pytest.raises(InputError, match="shortlist"):
        ew.query(KNN, POOL, 3, ew.strategies.Dfal(shortlist=0.5), rng=0)
    with pytest.raises(InputError, match="did you mean 'direct'"):
        ew.query(KNN, POOL, 3, ew.strategies.Dfal(attack="dirct"), rng=0)


def test_distinct_rows_over_many_pools_with_repeated_rows():
    for seed in range(25):
        rng = np.random.default_rng(seed)
        pool = rng.integers(-2, 3, (int(rng.integers(1, 25)), 2)) / 2
        n = int(rng.integers(1, len(pool) + 1))
        for strategy in ("dfal", "max-confidence"):
            index = ew.query(KNN, pool, n, strategy, rng=seed).index
            assert len(set(index.tolist())) == n


@pytest.fixture(scope="module")
def network():
    torch = pytest.importorskip("torch", reason="torch is an extra")
    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Linear(2, 16), torch.nn.Tanh(), torch.nn.Linear(16, 3))
    X = torch.tensor(KNOWN, dtype=torch.float32)
    y = torch.tensor(np.digitize(KNOWN[:, 0], [-0.3, 0.4]))
    rate = torch.optim.Adam(net.parameters(), lr=0.05)
    for _ in range(150):
        rate.zero_grad()
        torch.nn.functional.cross_entropy(net(X), y).backward()
        rate.step()
    return net.eval()


def test_two_stages_on_a_network_keep_the_batch(network):
    pool = POOL.astype(np.float32)
    whole = ew.query(network, pool, 20, ew.strategies.Dfal(two_stage=False), rng=0)
    staged = ew.query(network, pool, 20, "dfal", rng=0)
    assert len(set(whole.index.tolist()) & set(staged.index.tolist())) >= 20 * 0.99
    assert 0 < staged.gradients < whole.gradients / 2


def test_strategies_use_the_embedding_and_leave_a_network_as_it_was(network):
    import torch

    network.train()
    before = [p.clone() for p in network.parameters()]
    for strategy in ("badge", "core-set", "typical", "edge-mix", "margin", "dfal"):
        assert len(ew.query(network, POOL.astype(np.float32), 5, strategy, rng=0).index) == 5
    assert network.training
    assert all(torch.equal(a, b) for a, b in zip(before, network.parameters(), strict=True))
    network.eval()


def test_the_embedding_is_what_enters_the_last_layer(network):
    import torch

    from edgewise.strategies.model_scores import embedder

    X = POOL[:5].astype(np.float32)
    expected = network[1](network[0](torch.from_numpy(X))).detach().numpy()
    assert embedder(network, "embedding")(X) == pytest.approx(expected)
    assert (embedder(network, "input")(X) == X).all()
    assert (embedder(KNN, "embedding")(X) == X).all()
