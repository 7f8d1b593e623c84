"""SIGKILL at any moment loses no label that was acknowledged."""

import http.client
import itertools
import json
import random
import threading
import time

import numpy as np
import pytest

from edgewise.labelling.campaign.events import Log
from edgewise.labelling.campaign.state import State


def labels_until_killed(server, turn, heard):
    """Label as fast as the server answers; keep what it acknowledged."""
    who = {"session": f"session-{turn}", "person": "Ada"}
    line = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    cookie = {"cookie": f"edgewise_{server.port}={server.token}", "content-type": "application/json"}

    def ask(method, path, body):
        line.request(method, path, json.dumps(body), cookie)
        answer = line.getresponse()
        assert answer.status == 200, answer.read()
        return json.loads(answer.read())

    try:
        for number in itertools.count():
            for item in ask("POST", "/api/lease", {**who, "n": 5})["items"]:
                event = f"event-{turn}-{number}-{item['name']}"
                body = {**who, "item": item["item"], "verdict": "label", "label": "yes"}
                ask("PUT", f"/api/events/{event}", body)
                heard.append((event, item["item"]))
    except (OSError, http.client.HTTPException, json.JSONDecodeError):
        return
    finally:
        line.close()


@pytest.mark.slow
def test_twenty_kills_at_random_moments_lose_no_acknowledged_label(serve, tmp_path):
    rng = random.Random(7)
    np.savez(tmp_path / "pool.npz", X=np.random.default_rng(0).normal(size=(4000, 2)))
    server = serve("pool.npz", "--classes", "yes,no", "--strategy", "random", "--learner", "1-nn")
    heard = []
    for turn in range(20):
        server.start()
        person = threading.Thread(target=labels_until_killed, args=(server, turn, heard))
        person.start()
        time.sleep(0.3 + rng.random())
        server.kill()
        person.join()
    with Log(tmp_path / "campaign.db") as log:
        state = State()
        state.apply(log.since(0))
    assert len(heard) > 50
    assert all(event in {vote.event for vote in state.votes(item)} for event, item in heard)
    items = [item for _, item in heard]
    assert len(items) == len(set(items)), "nobody is asked twice, not even after a kill"
