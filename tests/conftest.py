"""Real engines, started once and stopped at the end; pools in shards."""

import sys
from importlib.util import find_spec
from pathlib import Path

import cloudpickle
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from edgewise.parallel import in_force


TOGETHER = ("attacks/region/", "attacks/trees/", "paper/theory/test_study.py", "paper/report/test_page.py")
SIZES = (400, 250, 600, 1, 333, 416)
CHROMIUM = Path("/usr/bin/chromium")
CHROMIUM_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

collect_ignore_glob = ["attacks/gradient/*"] if find_spec("torch") is None else []
if collect_ignore_glob:
    torch_alone = (
        "architectures",
        "checkpoint",
        "net_classifier",
        "on_a_gpu",
        "torch_calls",
        "virtual_adversarial",
    )
    collect_ignore_glob += [f"models/test_{name}.py" for name in torch_alone]


@pytest.fixture(scope="session")
def ray_backend():
    from edgewise.parallel.ray import started

    with started(workers=2) as backend:
        yield backend


@pytest.fixture(scope="session")
def dask_backend():
    from edgewise.parallel.dask import started

    with started(workers=2) as backend:
        yield backend


@pytest.fixture(
    params=[
        "local",
        pytest.param("ray", marks=pytest.mark.slow),
        pytest.param("dask", marks=pytest.mark.slow),
    ]
)
def backend(request):
    """Put each engine in force in turn; its name."""
    found = None if request.param == "local" else request.getfixturevalue(f"{request.param}_backend")
    with in_force(found):
        yield request.param


@pytest.fixture(scope="module")
def browser():
    """Debian's Chromium, without a window."""
    if not CHROMIUM.exists():
        pytest.skip("no chromium; Debian's package is called chromium")
    playwright = pytest.importorskip("playwright.sync_api", reason="no playwright")
    with playwright.sync_playwright() as started:
        found = started.chromium.launch(executable_path=str(CHROMIUM), args=list(CHROMIUM_ARGUMENTS))
        yield found
        found.close()


@pytest.fixture(scope="session")
def task():
    """Return rows of two features and noise, labels, and a model that has seen the first 40 rows."""
    rng = np.random.default_rng(5)
    X = rng.normal(size=(sum(SIZES), 3))
    y = (X[:, 0] + 0.5 * X[:, 1] > 0).astype(int) + (X[:, 1] > 0.9)
    return X, y, LogisticRegression().fit(X[:40], y[:40])


@pytest.fixture
def shards(task, tmp_path):
    """Write the rows as shards of several sizes, one with one row; return the pattern."""
    folder = tmp_path / "shards"
    folder.mkdir()
    for number, part in enumerate(np.split(task[0], np.cumsum(SIZES)[:-1])):
        np.save(folder / f"{number}.npy", part)
    return str(folder / "*.npy")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Keep what compiles the same kernels, or shares a dear fixture, in one worker.

    pytest-xdist 3.8's own marks for groups do nothing with pytest 9.2.
    """
    from xdist.scheduler import LoadScopeScheduling

    class Together(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            return next((part for part in TOGETHER if nodeid.startswith(f"tests/{part}")), nodeid)

    return Together(config, log)


def travels(module):
    """Send the functions of a test module whole: workers cannot import it."""
    cloudpickle.register_pickle_by_value(sys.modules[module])
    try:
        import ray.cloudpickle as of_ray
    except ImportError:
        return
    of_ray.register_pickle_by_value(sys.modules[module])
