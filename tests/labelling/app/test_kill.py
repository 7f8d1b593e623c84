"""SIGKILL at any moment loses no label that was acknowledged."""

import random
import threading
import time

import httpx
import numpy as np
import pytest

from edgewise.labelling.campaign.events import Log
from edgewise.labelling.campaign.state import State


def labels_until_killed(server, turn, heard):
    """Label as fast as the server answers; keep what it acknowledged, and what was sent last."""
    with server.client() as client:
        number = 0
        while True:
            who = {"session": f"session-{turn}", "person": "Ada"}
            try:
                for item in client.post("/api/lease", json={**who, "n": 5}).json()["items"]:
                    event = f"event-{turn}-{number}"
                    body = {**who, "item": item["item"], "verdict": "label", "label": "yes"}
                    client.put(f"/api/events/{event}", json=body).raise_for_status()
                    heard.append((event, item["item"]))
                    number += 1
            except httpx.TransportError:
                return


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
    lost = [event for event, item in heard if event not in {vote.event for vote in state.votes(item)}]
    lost = [
        event for event in lost if all(event not in {v.event for v in said} for said in state.said.values())
    ]
    assert lost == []
    items = [item for _, item in heard]
    assert len(items) == len(set(items)), "nobody is asked twice, not even after a kill"
