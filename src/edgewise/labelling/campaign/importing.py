"""Labels made elsewhere, into a campaign: each becomes an event, known by what it says, so twice is once."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from edgewise.arrays import InputError, Json, JsonObject, Values
from edgewise.digests import of_bytes
from edgewise.labelling.batches import read_labels
from edgewise.labelling.campaign.campaign import Campaign
from edgewise.labelling.campaign.events import Event
from edgewise.labelling.campaign.label_studio import objects, verdicts_of
from edgewise.labelling.campaign.state import VERDICTS
from edgewise.labelling.columns import LABEL, POOL, ROW, as_written
from edgewise.labelling.table import read_words
from edgewise.pools.files import pyarrow
from edgewise.registry import listing


IDS = ("item", "id", "file_name", "file", "filename", "image", "row")
"""Columns that say which item a line is about; the first that is there and finds one."""


@dataclass(frozen=True)
class Imported:
    """What an import brought: new verdicts, those that were there already, and lines without a verdict."""

    new: int
    there: int
    blank: int


def import_labels(campaign: Campaign, path: Path, *, id_column: str | None = None) -> Imported:
    """Read labels and add them to the campaign, all or none.

    Batches that `edgewise query` wrote, tables (CSV, JSON Lines, Parquet) with a column of ids and a column
    ``label``, the metadata of a Hugging Face image folder, Label Studio's JSON, cleanlab's wide table
    (``.cleanlab.csv``) and events of another copy of this campaign (``.events.jsonl``).

    Raises
    ------
    InputError
        Not such a file, an item that the pool does not have, or a label that is none of the classes.
    """
    if not path.is_file():
        raise InputError(f"there is no file {path}.")
    name, found = path.name.lower(), list[JsonObject]()
    if name.endswith(".events.jsonl"):
        return _add(campaign, [_told(one, path) for one in _lines(path) if one.get("kind") != "campaign"], 0)
    if name.endswith(".json"):
        found = verdicts_of(_json(path.read_text(encoding="utf-8"), path), path.name)
    elif name.endswith((".jsonl", ".ndjson")):
        found = _lines(path)
    elif name.endswith(".parquet"):
        parquet = pyarrow("reading Parquet", "parquet")
        found = parquet.read_table(path).to_pylist()
    else:
        words = read_words(path)
        if {ROW, LABEL, POOL} <= set(words.column_names):
            return _of_batch(campaign, path)
        found = [{key: _written(cell) for key, cell in one.items()} for one in words.to_pylist()]
        if name.endswith(".cleanlab.csv"):
            found = _of_wide(found)
    return _of_lines(campaign, found, path, id_column)


def _of_batch(campaign: Campaign, path: Path) -> Imported:
    index, labels, _ = read_labels([path], campaign.items.sheet)
    names = campaign.items.keys
    found = [{"item": names[row], "label": str(y)} for row, y in zip(map(int, index), labels, strict=True)]
    return _of_lines(campaign, found, path, "item")


def _of_wide(lines: Sequence[JsonObject]) -> list[JsonObject]:
    return [
        {"id": line["id"], "label": label, "person": person}
        for line in lines
        for person, label in line.items()
        if person != "id" and label
    ]


def _of_lines(campaign: Campaign, lines: Iterable[JsonObject], path: Path, id_column: str | None) -> Imported:
    events: list[Event] = []
    blank = 0
    unknown: list[str] = []
    for number, line in enumerate(lines, 1):
        label = _text(line.get("label"))
        verdict = _text(line.get("verdict")) or ("label" if label else "")
        if not verdict or (verdict == "label" and not label):
            blank += 1
            continue
        if verdict not in VERDICTS:
            raise InputError(
                f"{path}, line {number}: the verdict {verdict!r} is none of {', '.join(VERDICTS)}."
            )
        row = _row(campaign, line, id_column, path)
        if row is None:
            wanted = (id_column, campaign.settings.id, *IDS)
            unknown.append(_text(next(line[name] for name in wanted if name and line.get(name) is not None)))
            continue
        events.append(_event(campaign, row, verdict, label, line, path))
    if unknown:
        raise InputError(
            f"{path}: labels for items that are not in the pool: {listing(unknown, 3)}. "
            "Nothing was imported; give the column of ids with --id."
        )
    if not events and not blank:
        raise InputError(f"{path} holds no labels.")
    return _add(campaign, events, blank)


def _row(campaign: Campaign, line: JsonObject, id_column: str | None, path: Path) -> int | None:
    items = campaign.items
    settings = campaign.settings
    wanted = [name for name in (id_column, settings.id, *IDS) if name is not None]
    there = [name for name in wanted if line.get(name) is not None]
    if not there:
        raise InputError(
            f"{path} needs a column that says which item each label is of: one of {', '.join(IDS)}, or name it with "
            f"--id; it has {listing(list(map(str, line)))}."
        )
    for name in there:
        value = _text(line[name])
        row = items.place.get(value) if name == "item" else items.named.get(value)
        if row is None and items.pictures:
            row = _picture(campaign, value)
        if row is not None:
            return row
    return None


def _picture(campaign: Campaign, value: str) -> int | None:
    """Return the picture that a path or an address ends in, if only one does."""
    end = f"/{value.replace(chr(92), '/').lstrip('/')}"
    found = [
        row
        for name, row in campaign.items.named.items()
        if f"/{name}".endswith(end) or end.endswith(f"/{name}")
    ]
    return found[0] if len(found) == 1 else None


def _event(campaign: Campaign, row: int, verdict: str, label: str, line: JsonObject, path: Path) -> Event:
    key = campaign.items.keys[row]
    person = _text(line.get("person")).split("; ")[0] or f"from {path.name}"
    at = _text(line.get("at")) or None
    said = json.dumps([key, verdict, label, person, at, path.name])
    try:
        return campaign.verdict(of_bytes(said.encode()), key, person, verdict, label, at=at, source=path.name)
    except InputError as error:
        raise InputError(f"{path}: {error} Nothing was imported.") from None


def _told(one: Values, path: Path) -> Event:
    try:
        return Event(one["id"], one["kind"], one["item"], dict(one["body"]), one["at"])
    except (KeyError, TypeError):
        raise InputError(f"{path} is not a file of events that edgewise exported.") from None


def _add(campaign: Campaign, events: Sequence[Event], blank: int) -> Imported:
    before = campaign.refresh().seq
    campaign.say(events)
    new = campaign.state.seq - before
    return Imported(new, len(events) - new, blank)


def _lines(path: Path) -> list[JsonObject]:
    found = [_json(line, path) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    if len(objects(found)) < len(found):
        raise InputError(f"{path}: expected one JSON object per line.")
    return objects(found)


def _json(text: str, path: Path) -> Json:
    try:
        return json.loads(text)
    except ValueError as error:
        raise InputError(f"{path} is not JSON ({error}).") from None


def _written(cell: str | None) -> str | None:
    return None if cell is None else as_written(cell.strip())


def _text(value: Json) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return "" if value is None else str(value).strip()
