"""Label Studio's JSON: tasks with annotations and predictions, and the labels in such a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from edgewise.arrays import InputError
from edgewise.labelling.campaign.items import Items
from edgewise.labelling.campaign.state import State, Vote


FROM, OURS = "label", "edgewise_id"


def config(classes: Sequence[str], pictures: bool) -> str:
    """Return the labelling configuration for a Label Studio project.

    Examples
    --------
    >>> config(["yes", "no"], pictures=True)[:60]
    '<View><Image name="image" value="$image"/><Choices name="lab'
    """
    from xml.sax.saxutils import quoteattr

    kind, name = ("Image", "image") if pictures else ("Text", "text")
    choices = "".join(f"<Choice value={quoteattr(one)}/>" for one in classes)
    return (
        f'<View><{kind} name="{name}" value="${name}"/><Choices name="{FROM}" toName="{name}">{choices}'
        "</Choices></View>"
    )


def data_of(items: Items, row: int) -> dict[str, Any]:
    """Return the data of a task: the file of a picture or the card as text, and what the item is known by."""
    shown = (
        {"image": items.names[row]}
        if items.pictures
        else {"text": "\n".join(f"{name}: {value}" for name, value in items.card(row))}
    )
    return {**shown, "id": items.names[row], OURS: items.keys[row]}


def tasks(state: State, items: Items) -> list[dict[str, Any]]:
    """Return a task for each item that was chosen or has a verdict.

    A prediction is what the model said when the item was chosen; its score is that class's chance, and Label
    Studio shows low scores first. Skip and cannot tell are cancelled annotations.
    """
    people: dict[str, int] = {}
    found: list[dict[str, Any]] = []
    for key in dict.fromkeys([*state.said, *state.picks]):
        row = items.place.get(key)
        if row is None:
            continue
        pick = state.picks.get(key)
        votes = state.votes(key)
        to = "image" if items.pictures else "text"
        found.append(
            {
                "id": len(found) + 1,
                "data": data_of(items, row),
                "annotations": [_annotation(vote, to, people) for vote in votes],
                "predictions": [] if pick is None else _predictions(pick.body, to),
            }
        )
    return found


def result(label: str, to: str) -> list[dict[str, Any]]:
    """Return a choice as Label Studio writes it."""
    return [{"from_name": FROM, "to_name": to, "type": "choices", "value": {"choices": [label]}}]


def _annotation(vote: Vote, to: str, people: dict[str, int]) -> dict[str, Any]:
    labelled = vote.verdict == "label"
    return {
        "result": result(vote.label, to) if labelled else [],
        "was_cancelled": not labelled,
        "ground_truth": False,
        "lead_time": vote.body.get("seconds"),
        "completed_by": people.setdefault(vote.person, len(people) + 1),
        "created_at": vote.at,
        "unique_id": vote.event,
        "meta": {"edgewise": {"verdict": vote.verdict, "person": vote.person}},
    }


def _predictions(why: Mapping[str, Any], to: str) -> list[dict[str, Any]]:
    if why.get("predicted") is None:
        return []
    version = f"edgewise-{why.get('labels', 0)}-labels"
    return [{"model_version": version, "score": why.get("chance"), "result": result(why["predicted"], to)}]


def verdicts_of(found: Any, name: str) -> list[dict[str, Any]]:
    """Return the verdicts in a Label Studio export: id or item, label, verdict, person, at.

    Raises
    ------
    InputError
        It is no list of tasks, or an annotation has several choices.
    """
    if not isinstance(found, list) or not all(isinstance(task, dict) for task in cast("list[Any]", found)):
        raise InputError(f"{name} is no Label Studio export: expected a JSON list of tasks.")
    verdicts: list[dict[str, Any]] = []
    for task in cast("list[dict[str, Any]]", found):
        data = task.get("data") or {}
        known = {"item": data.get(OURS), "id": _id(data, task)}
        for one in task.get("annotations") or []:
            verdicts.append({**known, **_verdict(one, name)})
    return verdicts


def _id(data: Mapping[str, Any], task: Mapping[str, Any]) -> str:
    picture = data.get("image")
    if data.get("id") is None and isinstance(picture, str):
        return picture.split("?d=")[-1].rsplit("/data/upload/", maxsplit=1)[-1]
    return str(data["id"] if data.get("id") is not None else task.get("id", ""))


def _verdict(one: Mapping[str, Any], name: str) -> dict[str, Any]:
    own = (one.get("meta") or {}).get("edgewise") or {}
    who = own.get("person") or one.get("completed_by")
    person = str(who.get("email", who.get("id"))) if isinstance(who, dict) else str(who or "Label Studio")
    choices = [
        str(choice)
        for part in one.get("result") or []
        if part.get("type") == "choices"
        for choice in part["value"]["choices"]
    ]
    if len(choices) > 1:
        raise InputError(f"{name}: an annotation has {len(choices)} choices, {choices}; expected one.")
    verdict = "label" if choices and not one.get("was_cancelled") else own.get("verdict", "skip")
    found = {"verdict": verdict, "person": person, "at": one.get("created_at")}
    return found | ({"label": choices[0]} if verdict == "label" else {})
