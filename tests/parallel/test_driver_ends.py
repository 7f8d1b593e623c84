"""When the process that workers work for ends, however it ends, they end too; a missing guard is one sentence."""

import os
import signal
import subprocess
import sys
import time

import pytest


SWEEP = """
import os, sys, time
from pathlib import Path
from edgewise.parallel import spread

def work(item):
    (Path(sys.argv[1]) / str(os.getpid())).touch()
    time.sleep(0.2)

if __name__ == "__main__":
    list(spread(work, list(range(10**4)), jobs=2))
"""


def alive(number):
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.slow
@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGKILL])
def test_no_worker_outlives_its_driver(ending, tmp_path):
    (tmp_path / "sweep.py").write_text(SWEEP)
    seen = tmp_path / "workers"
    seen.mkdir()
    driver = subprocess.Popen(
        [sys.executable, str(tmp_path / "sweep.py"), str(seen)], stderr=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 120
    while len(list(seen.iterdir())) < 2 and time.monotonic() < deadline:
        time.sleep(0.1)
    driver.send_signal(ending)
    driver.wait()
    workers = [int(path.name) for path in seen.iterdir()]
    assert len(workers) >= 2
    while any(map(alive, workers)) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not any(map(alive, workers))


UNGUARDED = [
    "with engine('dask', workers=2):\n    print(sorted(spread(abs, [-3, 2], jobs=2)))\n",
    "def main():\n    with engine('dask', workers=2):\n        pass\n\nmain()\n",
    "if True:\n    with engine('dask', workers=2):\n        pass\n",
    "for _ in range(2):\n    with engine('dask', workers=2):\n        pass\n",
]


@pytest.mark.parametrize("body", UNGUARDED)
def test_a_missing_guard_is_one_sentence(body, tmp_path):
    pytest.importorskip("distributed")
    (tmp_path / "script.py").write_text(f"from edgewise.parallel import engine, spread\n{body}")
    done = subprocess.run(
        [sys.executable, str(tmp_path / "script.py")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "put what the script does below `if __name__ == '__main__':`" in done.stderr.splitlines()[-1]


@pytest.mark.slow
@pytest.mark.parametrize("guard", ["if __name__ == '__main__':", "if '__main__' == __name__:"])
def test_a_guarded_script_runs(guard, tmp_path):
    pytest.importorskip("distributed")
    body = (
        f"{guard}\n    with engine('dask', workers=2):\n        print(sorted(spread(abs, [-3, 2], jobs=2)))\n"
    )
    (tmp_path / "script.py").write_text(f"from edgewise.parallel import engine, spread\n{body}")
    done = subprocess.run(
        [sys.executable, str(tmp_path / "script.py")], capture_output=True, text=True, check=False
    )
    assert done.stdout == "[(0, 3), (1, 2)]\n", done.stderr
