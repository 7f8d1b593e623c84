"""A small pool with ids, and a campaign on it."""

from dataclasses import replace

import numpy as np
import pytest

from edgewise.labelling.campaign.campaign import open_campaign
from edgewise.labelling.campaign.settings import Settings, begin


N = 150
X = np.random.default_rng(0).normal(size=(N, 3)).round(3)
TRUTH = np.where(X[:, 0] + 0.5 * X[:, 1] > 0, "yes", "no")
SETTINGS = Settings(("yes", "no"), "pool.csv", "who", learner="1-nn", strategy="margin")


@pytest.fixture
def folder(tmp_path):
    lines = ["who,town,a,b,c"] + [f"p{i},=town {i % 7}," + ",".join(map(str, row)) for i, row in enumerate(X)]
    (tmp_path / "pool.csv").write_text("\n".join(lines))
    return tmp_path


@pytest.fixture
def campaign_of(folder):
    """Return a function that begins and opens campaigns; all are closed at the end."""
    made = []

    def make(name="c.db", **changes):
        begin(folder / name, replace(SETTINGS, **changes))
        made.append(open_campaign(folder / name))
        return made[-1]

    yield make
    for one in made:
        one.log.close()


@pytest.fixture
def answer():
    """Return `label`."""
    return label


@pytest.fixture
def truth():
    """Return the label of each row."""
    return TRUTH


def label(campaign, n, person="Ada", holder="session-1"):
    """Label ``n`` items as the truth says, one by one; return their rows in that order."""
    rows = []
    for _ in range(n):
        (lease,) = campaign.lease(holder, person, 1)
        event = campaign.verdict(f"{person}-{lease.item}", lease.item, person, "label", TRUTH[lease.row])
        campaign.say([event])
        rows.append(lease.row)
        if len(rows) % 20 == 0:
            campaign.reorder()
    return rows
