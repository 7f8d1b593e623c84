"""Label Studio's JSON: tasks with annotations and predictions, and the labels in such a file."""

from __future__ import annotations

from collections.abc import Sequence

from edgewise.arrays import InputError, Json, JsonObject, Values
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


def data_of(items: Items, row: int) -> dict[str, Json]:
    """Return the data of a task: the file of a picture or the card as text, and what the item is known by."""
    shown = (
        {"image": items.names[row]}
        if items.pictures
        else {"text": "\n".join(f"{name}: {value}" for name, value in items.card(row))}
    )
    return {**shown, "id": items.names[row], OURS: items.keys[row]}


def tasks(state: State, items: Items) -> list[dict[str, Json]]:
    """Return a task for each item that was chosen or has a verdict.

    A prediction is what the model said when the item was chosen; its score is that class's chance, and Label
    Studio shows low scores first. Skip and cannot tell are cancelled annotations.
    """
    people: dict[str, int] = {}
    found: list[dict[str, Json]] = []
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


def result(label: str, to: str) -> list[dict[str, Json]]:
    """Return a choice as Label Studio writes it."""
    return [{"from_name": FROM, "to_name": to, "type": "choices", "value": {"choices": [label]}}]


def _annotation(vote: Vote, to: str, people: dict[str, int]) -> dict[str, Json]:
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


def _predictions(why: Values, to: str) -> list[dict[str, Json]]:
    if why.get("predicted") is None:
        return []
    version = f"edgewise-{why.get('labels', 0)}-labels"
    return [{"model_version": version, "score": why.get("chance"), "result": result(why["predicted"], to)}]


def verdicts_of(found: Json, name: str) -> list[tuple[JsonObject, JsonObject]]:
    """Return the verdicts in a Label Studio export: the data of the task, and label, verdict, person, at.

    The number of a task is Label Studio's own and says nothing of the item.

    Raises
    ------
    InputError
        It is no list of tasks, or an annotation has several choices.
    """
    tasks = objects(found)
    if not isinstance(found, list) or len(tasks) < len(found):
        raise InputError(f"{name} is not a Label Studio export: expected a JSON list of tasks.")
    return [
        (fields(task, "data"), _verdict(one, name))
        for task in tasks
        for one in objects(task.get("annotations"))
    ]


def fields(held: JsonObject, name: str) -> JsonObject:
    """Return the object under a name, empty where there is none."""
    found = held.get(name)
    return found if isinstance(found, dict) else {}


def objects(held: Json) -> list[JsonObject]:
    """Return the objects in a list, none where there is no list."""
    return [one for one in held if isinstance(one, dict)] if isinstance(held, list) else []


def _verdict(one: JsonObject, name: str) -> dict[str, Json]:
    own = fields(fields(one, "meta"), "edgewise")
    who = own.get("person") or one.get("completed_by")
    person = str(who.get("email", who.get("id"))) if isinstance(who, dict) else str(who or "Label Studio")
    choices = [
        str(choice)
        for part in objects(one.get("result"))
        if part.get("type") == "choices" and isinstance(given := fields(part, "value").get("choices"), list)
        for choice in given
    ]
    if len(choices) > 1:
        raise InputError(f"{name}: an annotation has {len(choices)} choices, {choices}; expected one.")
    verdict = "label" if choices and not one.get("was_cancelled") else own.get("verdict", "skip")
    found: dict[str, Json] = {"verdict": verdict, "person": person, "at": one.get("created_at")}
    return found | ({"label": choices[0]} if verdict == "label" else {})
