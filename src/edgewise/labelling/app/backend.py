"""Label Studio's machine-learning backend: its four endpoints, answered from the same campaign."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import FastAPI
from fastapi.responses import JSONResponse

from edgewise.arrays import InputError, JsonObject
from edgewise.labelling.app import Body
from edgewise.labelling.campaign.campaign import Campaign
from edgewise.labelling.campaign.events import Event
from edgewise.labelling.campaign.label_studio import fields, objects, result, verdicts_of
from edgewise.labelling.campaign.naming import named


def add_backend(app: FastAPI, campaign: Campaign, told: Callable[[], None]) -> None:
    """Add ``/health``, ``/setup``, ``/predict`` and ``/webhook``.

    A prediction's score is the chance of its class, so that Label Studio's "uncertainty" order, lowest first,
    shows the items in most doubt first. Annotations that Label Studio reports become verdicts.
    """

    def version() -> str:
        order = campaign.order
        return f"edgewise-{0 if order is None else order.labels}-labels"

    @app.get("/health")
    def health() -> Body:
        return {"status": "UP", "model_class": "edgewise"}

    @app.post("/setup")
    def setup(body: Body) -> Body:
        return {"model_version": version()}

    @app.post("/predict")
    def predict(body: Body) -> JSONResponse:
        if not isinstance(body.get("tasks"), list):
            return JSONResponse({"error": "expected a list of tasks."}, 400)
        answers = [_prediction(campaign, task, version()) for task in objects(body["tasks"])]
        return JSONResponse({"results": answers, "model_version": version()})

    @app.post("/webhook")
    def webhook(body: Body) -> JSONResponse:
        try:
            events = _events(campaign, body)
        except InputError as error:
            return JSONResponse({"error": str(error)}, 422)
        campaign.say(events)
        told()
        return JSONResponse({"status": "ok", "events": len(events)}, 201)


def _row(campaign: Campaign, data: JsonObject) -> int | None:
    try:
        return named(campaign.items, data, None, "the task")[0]
    except InputError:
        return None


def _prediction(campaign: Campaign, task: JsonObject, version: str) -> Body:
    row = _row(campaign, fields(task, "data"))
    why = {} if row is None or campaign.order is None else campaign.order.guess(row)
    if why.get("predicted") is None:
        return {"result": [], "score": 0.0, "model_version": version}
    to = "image" if campaign.items.pictures else "text"
    score = why["chance"] if why["chance"] is not None else 0.5
    return {"result": result(str(why["predicted"]), to), "score": score, "model_version": version}


def _events(campaign: Campaign, body: JsonObject) -> list[Event]:
    action = str(body.get("action", ""))
    one = body.get("annotation") or {}
    if not action.startswith("ANNOTATION") or not isinstance(one, dict):
        return []
    number = one.get("id", one.get("unique_id"))
    if action in ("ANNOTATION_DELETED", "ANNOTATIONS_DELETED"):
        several = body.get("annotations")
        numbers = [number, *(several if isinstance(several, list) else [])]
        last = [_last(campaign, str(n.get("id") if isinstance(n, dict) else n)) for n in numbers if n]
        return [
            campaign.undo(f"undo-{event}", event, "Label Studio", source="Label Studio")
            for event in last
            if event is not None
        ]
    task = fields(body, "task")
    row = _row(campaign, fields(task, "data"))
    if row is None:
        raise InputError("the pool has no item of this task; import the tasks that edgewise exported.")
    ((_, said),) = verdicts_of([{**task, "annotations": [one]}], "the webhook")
    when = str(one.get("updated_at") or one.get("created_at") or "")
    event = f"label-studio-{number}-{when}"
    more = {"source": "Label Studio", "annotation": str(number)}
    key = campaign.items.keys[row]
    person, verdict, label = (str(said.get(name, "")) for name in ("person", "verdict", "label"))
    return [campaign.verdict(event, key, person, verdict, label, **more)]


def _last(campaign: Campaign, annotation: str) -> str | None:
    with campaign.lock:
        said = [vote for votes in campaign.refresh().said.values() for vote in votes]
    found = [vote.event for vote in said if vote.body.get("annotation") == annotation]
    return found[-1] if found else None
