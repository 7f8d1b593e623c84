"""Labels made elsewhere, into a campaign: each becomes an event, known by what it says, so twice is once."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from edgewise.arrays import InputError, Json, JsonObject, Values
from edgewise.digests import of_bytes
from edgewise.labelling.batches import read_labels
from edgewise.labelling.campaign.campaign import Campaign
from edgewise.labelling.campaign.events import Event
from edgewise.labelling.campaign.items import Items
from edgewise.labelling.campaign.label_studio import objects, verdicts_of
from edgewise.labelling.campaign.naming import KEY, column_of, is_own, named
from edgewise.labelling.campaign.state import VERDICTS
from edgewise.labelling.columns import LABEL, POOL, as_written, is_batch, text
from edgewise.labelling.table import read_words
from edgewise.pools.files import DAMAGE, first_line, no_such_file, pyarrow
from edgewise.registry import listing


if TYPE_CHECKING:
    from pyarrow import Table as Frame

Line: TypeAlias = tuple[JsonObject, JsonObject]
"""What says which item a line is about, and what was said of it: label, verdict, person, at."""

OURS = ("verdict", "person", "at")
"""Columns beside the label that are read, unless the pool has a column of that name, which is data."""


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
    no_such_file(path)
    name, items = path.name.lower(), campaign.items
    if name.endswith(".events.jsonl"):
        return _add(campaign, [_told(one, path) for one in _lines(path) if one.get("kind") != "campaign"], 0)
    if name.endswith(".json"):
        return _of_lines(campaign, verdicts_of(_json(_text(path), path), path.name), path, id_column)
    if name.endswith((".jsonl", ".ndjson")):
        found = _lines(path)
    elif name.endswith(".parquet"):
        found = _parquet(path)
    else:
        words = read_words(path)
        found = _cells(words)
        if name.endswith(".cleanlab.csv"):
            return _of_lines(campaign, _of_wide(items, found, id_column, path), path, id_column)
        prints = [text(one.get(POOL)) for one in found]
        if found and not is_own(found[0]) and is_batch(words.column_names, prints, items.sheet.id):
            return _of_batch(campaign, path, sum(not text(one[LABEL]) for one in found))
    return _of_lines(campaign, [(one, _said(items, one)) for one in found], path, id_column)


def _of_batch(campaign: Campaign, path: Path, blank: int) -> Imported:
    index, labels, _ = read_labels([path], campaign.items.sheet)
    keys = [campaign.items.keys[int(row)] for row in index]
    lines: list[Line] = [({KEY: key}, {LABEL: str(label)}) for key, label in zip(keys, labels, strict=True)]
    return _of_lines(campaign, lines, path, None, blank)


def _of_wide(items: Items, lines: Sequence[JsonObject], id_column: str | None, path: Path) -> list[Line]:
    key = column_of(items, lines[0], id_column, path) if lines else ""
    return [
        ({key: line[key]}, {LABEL: label, "person": person})
        for line in lines
        for person, label in line.items()
        if person != key and label
    ]


def _said(items: Items, line: JsonObject) -> JsonObject:
    """Return what a line says of its item."""
    data = set[str]() if is_own(line) else {name.casefold() for name in items.columns}
    return {name: line.get(name) for name in (LABEL, *OURS) if name == LABEL or name not in data}


def _of_lines(
    campaign: Campaign, lines: Sequence[Line], path: Path, id_column: str | None, blank: int = 0
) -> Imported:
    events: list[Event] = []
    unknown: list[str] = []
    for number, (line, said) in enumerate(lines, 1):
        label = text(said.get(LABEL))
        verdict = text(said.get("verdict")) or ("label" if label else "")
        if not verdict or (verdict == "label" and not label):
            blank += 1
            continue
        if verdict not in VERDICTS:
            raise InputError(
                f"{path}, line {number}: the verdict {verdict!r} is none of {', '.join(VERDICTS)}."
            )
        row, cell = named(campaign.items, line, id_column, path)
        if row is None:
            unknown.append(cell or "(blank)")
            continue
        events.append(_event(campaign, row, verdict, label, said, path))
    if unknown:
        raise InputError(
            f"{path}: labels for items that are not in the pool: {listing(unknown, 3)}. "
            "Nothing was imported; correct them or take their lines out, or name the column of ids with --id."
        )
    if not events and not blank:
        raise InputError(f"{path} holds no labels.")
    there = {vote.event for votes in campaign.refresh().said.values() for vote in votes}
    added = _add(campaign, [event for event in events if event.id not in there], blank)
    return replace(added, there=len(events) - added.new)


def _event(campaign: Campaign, row: int, verdict: str, label: str, said: JsonObject, path: Path) -> Event:
    key = campaign.items.keys[row]
    person = text(said.get("person")).split("; ")[0] or f"from {path.name}"
    at = text(said.get("at")) or None
    known_by = json.dumps([key, verdict, label, person, at, path.name])
    try:
        return campaign.verdict(
            of_bytes(known_by.encode()), key, person, verdict, label, at=at, source=path.name
        )
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
    # Not splitlines: JSON may hold what that takes for the end of a line.
    found = [_json(line, path) for line in _text(path).split("\n") if line.strip()]
    if len(objects(found)) < len(found):
        raise InputError(f"{path}: expected one JSON object per line.")
    return objects(found)


def _json(text: str, path: Path) -> Json:
    try:
        return json.loads(text)
    except ValueError as error:
        raise InputError(f"{path} is not JSON ({error}).") from None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path} is not UTF-8 text ({error.reason} at byte {error.start:,}); save it as UTF-8."
        ) from None


def _parquet(path: Path) -> list[JsonObject]:
    parquet = pyarrow("reading Parquet", "parquet")
    try:
        return parquet.read_table(path).to_pylist()
    except DAMAGE as error:
        raise InputError(f"{path} cannot be read as Parquet ({first_line(error)}).") from None


def _cells(words: Frame) -> list[JsonObject]:
    lines: list[dict[str, str | None]] = words.to_pylist()
    return [
        {name: None if cell is None else as_written(cell.strip()) for name, cell in line.items()}
        for line in lines
    ]
