"""What an engine started here shows to the network, and to this process."""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from edgewise.arrays import InputError
from edgewise.parallel.ray import _imported_private


LOOK = """
import json, os, sys
import psutil
from edgewise.parallel import engine, spread

def addresses():
    me = psutil.Process()
    for process in [me, *me.children(recursive=True)]:
        try:
            for each in process.net_connections("inet"):
                if each.status == psutil.CONN_LISTEN:
                    yield each.laddr.ip
        except psutil.Error:
            continue

if __name__ == "__main__":
    before = dict(os.environ)
    with engine(sys.argv[1], workers=2):
        assert dict(spread(abs, [-1, -2], jobs=2)) == {0: 1, 1: 2}
        found = {"listens": sorted(set(addresses()))}
        if sys.argv[1] == "ray":
            import ray
            from ray._common.usage import usage_lib
            from ray._private.authentication.authentication_utils import is_token_auth_enabled
            found |= {"token": is_token_auth_enabled(),
                      "dashboard": ray._private.worker._global_node.webui_url,
                      "store": ray.cluster_resources()["object_store_memory"],
                      "usage": usage_lib._usage_stats_enabledness().name,
                      "gcs": ray.get_runtime_context().gcs_address}
            if len(sys.argv) > 2:
                print(json.dumps(found), flush=True)
                sys.stdin.readline()
    found["left"] = sorted(name for name in os.environ.keys() | before.keys()
                           if os.environ.get(name) != before.get(name))
    found["children"] = [child.name() for child in psutil.Process().children(recursive=True)
                         if "ray" in child.name()]
    print(json.dumps(found))
"""

LOOPBACK = {"127.0.0.1", "::1", "::ffff:127.0.0.1"}


def look(name, tmp_path):
    script = tmp_path / "look.py"
    script.write_text(LOOK)
    done = subprocess.run(
        [sys.executable, "-W", "error", str(script), name],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert done.stderr == "", "an engine must not print"
    return json.loads(done.stdout)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["ray", "dask"])
def test_nothing_listens_beyond_the_loopback_address(name, tmp_path):
    found = look(name, tmp_path)
    assert found["listens"]
    assert set(found["listens"]) <= LOOPBACK
    assert found["left"] == []
    assert found["children"] == []
    if name == "ray":
        assert found["token"] is True
        assert not found["dashboard"]
        assert found["store"] <= 100 * 2**20


@pytest.mark.slow
def test_the_check_for_loopback_would_see_ray_as_it_starts_by_itself(tmp_path):
    """The twin: started without our settings Ray listens on every address."""
    script = tmp_path / "plain.py"
    script.write_text(
        LOOK[: LOOK.index("if __name__")] + "import ray\n"
        "ray.init(num_cpus=1, include_dashboard=False, _node_ip_address='127.0.0.1')\n"
        "print(json.dumps(sorted(set(addresses()))))\n"
    )
    done = subprocess.run(
        [sys.executable, str(script)],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
        env={**os.environ, "RAY_AUTH_MODE": "disabled", "RAY_USAGE_STATS_ENABLED": "0"},
    )
    assert not set(json.loads(done.stdout.splitlines()[-1])) <= LOOPBACK


@pytest.mark.slow
def test_ray_refuses_who_has_no_token(tmp_path):
    script = tmp_path / "look.py"
    script.write_text(LOOK)
    job = subprocess.Popen(
        [sys.executable, str(script), "ray", "wait"],
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    try:
        address = json.loads(job.stdout.readline())["gcs"]
        join = (
            "import sys; from ray._raylet import GcsClient\n"
            "GcsClient(address=sys.argv[1]).internal_kv_keys(b'', None)"
        )
        stranger = subprocess.run(
            [sys.executable, "-c", join, address],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            env={**os.environ, "RAY_AUTH_MODE": "disabled"},
        )
    finally:
        job.communicate("\n", timeout=60)
    assert stranger.returncode != 0
    assert "Authentication" in stranger.stderr


@pytest.mark.slow
def test_ray_imported_without_token_mode_is_not_started():
    code = "import ray\nfrom edgewise.parallel import engine\nwith engine('ray'):\n    print('started')\n"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "RAY_AUTH_MODE": "disabled"},
    )
    assert "started" not in done.stdout
    assert "without authentication" in done.stderr


def test_a_ray_that_was_imported_before_is_not_started(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", ModuleType("ray"))
    with pytest.raises(InputError, match="Ray was imported before"):
        _imported_private.__wrapped__()


def test_importing_the_package_and_its_commands_imports_no_engine():
    code = (
        "import sys, edgewise, edgewise.cli, edgewise.paper.runs.sweep, edgewise.parallel\n"
        "import edgewise.strategies.sharded\n"
        "assert not {'ray', 'dask', 'distributed'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.slow
def test_files_of_a_ray_that_is_started_here_are_private(ray_backend):
    import ray

    socket = Path(ray.nodes()[0]["ObjectStoreSocketName"])
    folder = next(path for path in socket.parents if path.name.startswith("edgewise-"))
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert not open_to_others(folder)


def open_to_others(folder):
    """Return what other users could write: Ray opens its own folders, so what is around them has to be shut."""
    if not folder.stat().st_mode & stat.S_IXOTH:
        return []
    inside = [path for path in folder.iterdir() if not path.is_symlink()]
    below = [found for path in inside if path.is_dir() for found in open_to_others(path)]
    return [path for path in inside if path.lstat().st_mode & stat.S_IWOTH] + below


def test_what_others_could_write_is_seen(tmp_path):
    (tmp_path / "r").mkdir()
    (tmp_path / "r").chmod(0o777)
    tmp_path.chmod(0o755)
    assert open_to_others(tmp_path) == [tmp_path / "r"]
    tmp_path.chmod(0o700)
    assert open_to_others(tmp_path) == []
