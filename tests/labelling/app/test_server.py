"""The server without a browser: what it refuses, what it keeps."""

import asyncio
import base64

import httpx
import pytest
from PIL import Image

from edgewise.arrays import InputError
from edgewise.labelling.app import PATHS
from edgewise.labelling.app.safety import Safety
from edgewise.labelling.app.serving import Address, Trainer, application_of, keys_for
from edgewise.labelling.campaign.campaign import open_campaign
from edgewise.labelling.campaign.settings import Settings, begin


TOKEN = "a-token-for-the-tests"
SESSION = {"session": "session-1", "person": "Ada"}


@pytest.fixture
def campaign(tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    for i in range(30):
        Image.new("RGB", (4, 4), (8 * i, 0, 255 - 8 * i)).save(folder / f"{i:02d}.png")
    begin(tmp_path / "c.db", Settings(("yes", "no"), "pictures", learner="1-nn"))
    found = open_campaign(tmp_path / "c.db")
    yield found
    found.log.close()


@pytest.fixture
def gate(campaign):
    app = application_of(campaign, Trainer(campaign), keys_for(["yes", "no"], []), backend=True)
    return Safety(app, TOKEN, tools=PATHS)


class Client:
    """Asks an ASGI application as a browser on this machine would, cookies included."""

    def __init__(self, gate):
        self.transport = httpx.ASGITransport(gate, client=("127.0.0.1", 50000))
        self.cookies, self.headers = httpx.Cookies(), {}

    def request(self, method, path, headers=None, **more):
        async def ask():
            base = "http://127.0.0.1:8000"
            async with httpx.AsyncClient(
                transport=self.transport, base_url=base, cookies=self.cookies
            ) as client:
                answer = await client.request(method, path, headers=self.headers | (headers or {}), **more)
                self.cookies = client.cookies
                return answer

        return asyncio.run(ask())

    def get(self, path, **more):
        return self.request("GET", path, **more)

    def post(self, path, **more):
        return self.request("POST", path, **more)

    def put(self, path, **more):
        return self.request("PUT", path, **more)


client_of = Client


@pytest.fixture
def client(gate):
    found = client_of(gate)
    assert found.get("/", params={"token": TOKEN}).status_code == 303
    return found


def put(client, event, item, label="yes", headers=None, **more):
    body = {**SESSION, "item": item, "verdict": "label", "label": label} | more
    return client.put(f"/api/events/{event}", json=body, headers=headers)


def items(client, n=3, **who):
    return client.post("/api/lease", json={**SESSION, **who, "n": n}).json()["items"]


def test_the_token_is_exchanged_for_a_cookie_that_scripts_and_other_sites_do_not_get(gate):
    client = client_of(gate)
    assert client.get("/").status_code == client.get("/api/progress").status_code == 403
    assert client.get("/static/app.js").status_code == 403
    assert client.get("/", params={"token": "wrong"}).status_code == 403
    answer = client.get("/", params={"token": TOKEN})
    assert answer.headers["location"] == "/"
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert cookie.startswith("edgewise_8000=")
    page = client.get("/")
    assert page.status_code == 200
    assert page.headers["content-security-policy"].startswith("default-src 'self';")
    assert page.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "evil.example:8000", "", "[::2]"])
def test_a_forged_host_is_refused(client, host):
    assert client.get("/api/progress", headers={"host": host}).status_code == 403


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost:8000", "LOCALHOST:8000"])
def test_our_own_hosts_pass(gate, host):
    assert client_of(gate).get("/", headers={"host": host}, params={"token": TOKEN}).status_code == 303


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "http://127.0.0.1:9999"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "none"},
    ],
)
def test_a_request_from_another_page_changes_nothing(client, campaign, headers):
    (one,) = items(client, 1)
    before = campaign.refresh().seq
    assert put(client, "event-0001", one["item"], headers=headers).status_code == 403
    assert client.post("/api/lease", json=SESSION, headers=headers).status_code == 403
    for method in ("DELETE", "PATCH", "OPTIONS", "TRACE"):
        assert client.request(method, "/api/progress", headers=headers).status_code == 405
    assert campaign.refresh().seq == before
    ours = {"origin": "http://127.0.0.1:8000", "sec-fetch-site": "same-origin"}
    assert put(client, "event-0001", one["item"], headers=ours).status_code == 200


def test_only_json_of_a_bounded_size_is_read(client):
    form = client.post("/api/lease", content=b"{}", headers={"content-type": "text/plain"})
    assert form.status_code == 415
    huge = {"content-type": "application/json", "content-length": str(10**9)}
    assert client.post("/api/lease", content=b"{}", headers=huge).status_code == 413


def test_a_verdict_is_kept_once_and_a_contradiction_is_refused(client, campaign):
    (one,) = items(client, 1)
    first = put(client, "event-0001", one["item"])
    assert put(client, "event-0001", one["item"]).json() == first.json()
    assert put(client, "event-0001", one["item"], label="no").status_code == 409
    assert put(client, "event-0002", one["item"], label="maybe").status_code == 422
    assert put(client, "event-0003", "d" + "0" * 32).status_code == 422
    assert put(client, "../../etc", one["item"]).status_code in (404, 422)
    assert campaign.known()[1].tolist() == ["yes"]


def test_undo_gives_the_item_back_to_the_same_page(client, campaign):
    (one,) = items(client, 1)
    put(client, "event-0001", one["item"])
    assert [vote["event"] for vote in client.get("/api/history?person=Ada").json()["votes"]] == ["event-0001"]
    put(client, "event-0002", one["item"], label="", verdict="undo", undoes="event-0001")
    assert campaign.known()[1].tolist() == []
    assert one["item"] in [again["item"] for again in items(client, 1)]
    assert one["item"] not in [other["item"] for other in items(client, 9, session="session-2", person="Bo")]
    assert client.get("/api/history?person=Ada").json()["votes"] == []


def test_pictures_are_served_by_item_and_never_by_path(client, campaign, tmp_path):
    (one,) = items(client, 1)
    answer = client.get(one["picture"])
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "image/png"
    (tmp_path / "secret.txt").write_text("secret")
    for path in ("../secret.txt", "..%2fsecret.txt", "pictures/00.png", "0"):
        assert client.get(f"/api/items/{path}/picture").status_code in (404, 422)
    file = campaign.items.picture(0)
    file.unlink()
    file.symlink_to(tmp_path / "secret.txt")
    assert campaign.items.picture(0) is None, "a link out of the pool is not followed"


def test_a_decompression_bomb_is_refused(client, campaign, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    (one,) = items(client, 1)
    assert client.get(one["picture"]).status_code == 422


def test_progress_counts_classes_people_and_agreement(client):
    first, second = items(client, 2)
    put(client, "event-0001", first["item"])
    put(client, "event-0002", first["item"], label="no", person="Bo")
    put(client, "event-0003", second["item"], label="", verdict="unsure")
    found = client.get("/api/progress").json()
    assert found["labels"] == {"yes": 1, "no": 0}
    assert found["verdicts"] == {"label": 1, "skip": 0, "unsure": 1}
    assert (found["several"], found["agreed"], found["people"]) == (1, 0, ["Ada", "Bo"])


def test_other_machines_need_a_token_of_the_persons_own():
    with pytest.raises(InputError, match="set a token"):
        Address("0.0.0.0").check()
    Address("0.0.0.0", token="a long enough one").check()
    Address("127.0.0.1").check()


def test_keys_are_digits_and_letters_that_the_page_does_not_need():
    assert keys_for(["a", "b"], ["x", "Y"]) == {"1": "a", "2": "b", "x": "a", "y": "b"}
    for wrong in (["x"], ["x", "x"], ["u", "y"], ["xy", "z"], ["2", "y"]):
        with pytest.raises(InputError):
            keys_for(["a", "b"], wrong)


def test_label_studio_asks_with_a_password_and_gets_guesses_and_gives_verdicts(gate, campaign):
    tool = client_of(gate)
    assert tool.get("/health").status_code == 403
    wrong = base64.b64encode(b"x:wrong").decode()
    assert tool.get("/health", headers={"authorization": f"Basic {wrong}"}).status_code == 403
    tool.headers["authorization"] = "Basic " + base64.b64encode(f"any:{TOKEN}".encode()).decode()
    assert tool.get("/health").json()["status"] == "UP"
    assert tool.get("/api/progress").status_code == 403, "the password opens the tools' paths only"
    keys = campaign.items.keys
    campaign.say(
        [
            campaign.verdict(f"event-{i}", keys[i], "Ada", "label", "yes" if i < 15 else "no")
            for i in (1, 2, 27, 28)
        ]
    )
    campaign.reorder()
    config = {"project": "1.2", "schema": "<View/>", "extra_params": ""}
    assert tool.post("/setup", json=config).json() == {"model_version": "edgewise-4-labels"}
    tasks = [
        {"id": 7, "data": {"edgewise_id": keys[0]}},
        {"id": 8, "data": {"image": "29.png"}},
        {"data": {}},
    ]
    answers = tool.post("/predict", json={"tasks": tasks, "project": "1.2"}).json()["results"]
    assert [one["result"][0]["value"]["choices"] for one in answers[:2]] == [["yes"], ["no"]]
    assert answers[2]["result"] == []
    annotation = {
        "id": 5,
        "result": [
            {"from_name": "label", "to_name": "image", "type": "choices", "value": {"choices": ["no"]}}
        ],
        "completed_by": 3,
        "updated_at": "2026-11-25T00:00:00Z",
    }
    body = {"action": "ANNOTATION_CREATED", "task": tasks[0], "annotation": annotation}
    assert tool.post("/webhook", json=body).status_code == 201
    assert campaign.state.standing(keys[0]).label == "no"
    tool.post("/webhook", json=body)
    stale = {**body, "task": {"id": 9, "data": {"edgewise_id": "changed since", "id": "03.png"}}}
    assert tool.post("/webhook", json=stale).status_code == 422, "a key of ours never gives way to a name"
    gone = {"action": "ANNOTATIONS_DELETED", "annotations": [{"id": 5}]}
    assert tool.post("/webhook", json=gone).status_code == 201
    assert campaign.state.standing(keys[0]) is None
    assert tool.post("/webhook", json={"action": "PROJECT_UPDATED"}).json()["events"] == 0
