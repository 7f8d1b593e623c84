"""Labels out: tables, JSON Lines, Label Studio tasks, cleanlab's wide table, and the events themselves."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from edgewise.arrays import InputError, Json, JsonObject, Values
from edgewise.atomic import replacing
from edgewise.labelling.campaign.events import Log
from edgewise.labelling.campaign.items import Items
from edgewise.labelling.campaign.label_studio import tasks
from edgewise.labelling.campaign.state import Standing, State
from edgewise.labelling.columns import ROW, harmless
from edgewise.pools.files import pyarrow


HEADER = (
    "id",
    "label",
    "verdict",
    "person",
    "votes",
    "agreed",
    "at",
    "strategy",
    "score",
    "predicted",
    "chance",
    "propensity",
    "uniform",
    "item",
)
"""The columns of a table of labels: the verdict, then why the item was chosen and what the model said then."""

Write = Callable[[Path, Log, State, "Items | None"], int]


def export(path: Path, log: Log, state: State, items: Items | None = None) -> int:
    """Write the verdicts of a campaign in the format that the ending of ``path`` names; return how many items.

    ``.csv``, ``.jsonl`` and ``.parquet`` have one line an item; ``metadata.csv`` and ``metadata.jsonl`` are those
    of a Hugging Face image folder; ``.labelstudio.json`` holds tasks with annotations and predictions;
    ``.cleanlab.csv`` has one column a person; ``.events.jsonl`` is the whole history, ready to merge.

    Items are called as in the pool now, or without ``items`` as they were when they were labelled. An item that has
    left a pool whose rows are known by their number has no name: only tables with its key and the history hold it.

    Raises
    ------
    InputError
        Another ending, or a format that needs the pool without one.
    MissingExtraError
        Parquet without pyarrow.
    """
    name = path.name.lower()
    for ending, write in FORMATS.items():
        if name == ending or (ending.startswith(".") and name.endswith(ending)):
            return write(path, log, state, items)
    raise InputError(f"labels are written as {', '.join(FORMATS)}; got {path.name}.")


def records(state: State, items: Items | None = None) -> list[dict[str, Json]]:
    """Return one record an item that has a verdict, with the columns `HEADER`."""
    return [_record(state, items, item, standing) for item, standing in state.standings().items()]


def _name(standing: Standing, items: Items | None, item: str) -> str:
    then = str(standing.votes[-1].body.get("name", ""))
    return then if items is None else items.name(item, then)


def _record(state: State, items: Items | None, item: str, standing: Standing) -> dict[str, Json]:
    pick = state.picks.get(item)
    why: Values = {} if pick is None else pick.body
    last = standing.votes[-1]
    label = standing.label or None
    values = (
        _name(standing, items, item),
        label,
        standing.verdict,
        "; ".join(vote.person for vote in standing.votes),
        sum(vote.verdict == "label" for vote in standing.votes),
        standing.agreed,
        last.at,
        why.get("strategy"),
        why.get("score"),
        why.get("predicted"),
        why.get("chance"),
        why.get("propensity"),
        why.get("uniform", False),
        item,
    )
    return dict(zip(HEADER, values, strict=True))


def _csv(path: Path, log: Log, state: State, items: Items | None) -> int:
    found = records(state, items)
    _write_csv(path, HEADER, ([one[name] for name in HEADER] for one in found))
    return len(found)


def _jsonl(path: Path, log: Log, state: State, items: Items | None) -> int:
    return _write_lines(path, records(state, items))


def _parquet(path: Path, log: Log, state: State, items: Items | None) -> int:
    pa, parquet = pyarrow("writing Parquet"), pyarrow("writing Parquet", "parquet")
    kinds = dict.fromkeys(HEADER, pa.string()) | dict.fromkeys(
        ("score", "chance", "propensity"), pa.float64()
    )
    kinds |= {"votes": pa.int64(), "agreed": pa.bool_(), "uniform": pa.bool_()}
    found = records(state, items)
    with replacing(path) as file:
        parquet.write_table(pa.Table.from_pylist(found, pa.schema(list(kinds.items()))), file)
    return len(found)


def _hugging_face(state: State, items: Items | None) -> list[dict[str, Json]]:
    return [
        {"file_name": one["id"], "label": one["label"]}
        for one in records(state, items)
        if one["verdict"] == "label" and one["id"]
    ]


def _metadata_csv(path: Path, log: Log, state: State, items: Items | None) -> int:
    found = _hugging_face(state, items)
    _write_csv(path, ("file_name", "label"), ([*one.values()] for one in found))
    return len(found)


def _metadata_jsonl(path: Path, log: Log, state: State, items: Items | None) -> int:
    return _write_lines(path, _hugging_face(state, items))


def _cleanlab(path: Path, log: Log, state: State, items: Items | None) -> int:
    found = [
        (name, {vote.person: vote.label for vote in one.votes if vote.verdict == "label"})
        for item, one in state.standings().items()
        if one.verdict == "label" and (name := _name(one, items, item))
    ]
    people = sorted({person for _, own in found for person in own})
    lines: list[list[Json]] = [[name, *map(own.get, people)] for name, own in found]
    _write_csv(path, (ROW if items is not None and items.numbered else "id", *people), lines)
    return len(lines)


def _events(path: Path, log: Log, state: State, items: Items | None) -> int:
    events = log.since(0)
    _write_lines(
        path,
        [
            {"seq": e.seq, "id": e.id, "kind": e.kind, "item": e.item, "at": e.at, "body": dict(e.body)}
            for e in events
        ],
    )
    return len(events)


def _label_studio(path: Path, log: Log, state: State, items: Items | None) -> int:
    if items is None:
        raise InputError(
            "Label Studio tasks hold the data of the pool, and there is no pool; give it with --pool."
        )
    found = tasks(state, items)
    with replacing(path) as file:
        file.write(json.dumps(found, ensure_ascii=False, indent=1).encode())
    return len(found)


FORMATS: Mapping[str, Write] = {
    "metadata.csv": _metadata_csv,
    "metadata.jsonl": _metadata_jsonl,
    ".labelstudio.json": _label_studio,
    ".cleanlab.csv": _cleanlab,
    ".events.jsonl": _events,
    ".csv": _csv,
    ".jsonl": _jsonl,
    ".parquet": _parquet,
}
"""What writes each format, by the ending of the file; the first that fits."""


def _write_csv(path: Path, header: Sequence[str], lines: Iterable[Sequence[Json]]) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    for line in ([*header], *lines):
        writer.writerow([_cell(cell) for cell in line])
    with replacing(path) as file:
        file.write(text.getvalue().encode())


def _cell(cell: Json) -> Json:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return int(cell)
    return harmless(cell) if isinstance(cell, str) else cell


def _write_lines(path: Path, found: Sequence[JsonObject]) -> int:
    with replacing(path) as file:
        for one in found:
            file.write(json.dumps(one, ensure_ascii=False).encode() + b"\n")
    return len(found)
