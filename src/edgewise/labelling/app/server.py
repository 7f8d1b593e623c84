"""The server of the page: items out, verdicts in, where the campaign stands."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

from fastapi import FastAPI, Request
from fastapi.responses import FileResponse, JSONResponse, Response
from fastapi.staticfiles import StaticFiles
from pydantic import BaseModel, Field

from edgewise.arrays import InputError, Json, JsonObject
from edgewise.labelling.app import Body
from edgewise.labelling.app.images import as_png
from edgewise.labelling.campaign.campaign import Campaign, Lease
from edgewise.labelling.campaign.events import CampaignError, Event
from edgewise.labelling.campaign.state import VERDICTS, Vote


STATIC = Path(__file__).parent / "static"

Word = Annotated[str, Field(min_length=1, max_length=200)]
Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{8,64}$")]


class Wanted(BaseModel):
    """A page asks for items."""

    session: Id
    person: Word
    n: Annotated[int, Field(ge=1, le=50)] = 5


class Said(BaseModel):
    """A page tells a verdict, or takes one back."""

    person: Word
    session: Id
    item: Annotated[str, Field(pattern=r"^[a-z][0-9a-f]{32}$")]
    verdict: Literal["label", "skip", "unsure", "undo"]
    label: Annotated[str, Field(max_length=200)] = ""
    undoes: Id | None = None
    seconds: Annotated[float, Field(ge=0, le=1e7)] | None = None
    at: Annotated[str, Field(max_length=40)] | None = None


def application(
    campaign: Campaign,
    *,
    keys: Mapping[str, str],
    told: Callable[[], None],
    standing: Callable[[], JsonObject],
) -> FastAPI:
    """Return the application of a campaign.

    Parameters
    ----------
    keys
        The class of each key.
    told
        Called after each verdict that is on disk.
    standing
        Returns the latest honest estimates, for the page.
    """
    app = FastAPI(title="edgewise", docs_url=None, redoc_url=None, openapi_url=None)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    app.add_exception_handler(InputError, _refused)
    _add_items(app, campaign)

    @app.get("/")
    async def page() -> FileResponse:
        return FileResponse(STATIC / "index.html", headers={"cache-control": "no-cache"})

    @app.get("/api/campaign")
    def about() -> Body:
        return {
            "classes": list(campaign.settings.classes),
            "keys": dict(keys),
            "pool": campaign.items.path.name,
            "items": len(campaign.items),
            "pictures": campaign.items.pictures,
        }

    @app.post("/api/lease")
    def lease(wanted: Wanted) -> Body:
        found = campaign.lease(wanted.session, wanted.person, wanted.n)
        return {"items": [_shown(campaign, one) for one in found]}

    @app.put("/api/events/{event}")
    def say(event: Id, said: Said) -> Body:
        (seq,) = campaign.say([_event(campaign, event, said)], said.session)
        told()
        return {"seq": seq}

    @app.get("/api/history")
    def history(person: Word) -> Body:
        return {"votes": [_voted(campaign, vote) for vote in campaign.history(person)]}

    @app.get("/api/progress")
    def progress() -> Body:
        return counts(campaign) | {"standing": dict(standing())}

    return app


async def _refused(_: Request, error: Exception) -> JSONResponse:
    return JSONResponse({"error": str(error)}, 409 if isinstance(error, CampaignError) else 422)


def _add_items(app: FastAPI, campaign: Campaign) -> None:
    """Add what is asked of one item: its card and its picture."""

    @app.get("/api/items/{item}")
    def one(item: str) -> Response:
        row = campaign.items.place.get(item)
        if row is None:
            return JSONResponse({"error": "the pool has no such item."}, 404)
        return JSONResponse(_shown(campaign, Lease(item, row, campaign.why(item))))

    @lru_cache(maxsize=64)
    def png(item: str) -> bytes:
        row = campaign.items.place.get(item)
        file = None if row is None else campaign.items.picture(row)
        if file is None:
            raise InputError("the pool has no picture of this item.")
        return as_png(file)

    @app.get("/api/items/{item}/picture")
    async def picture(item: str) -> Response:
        content = await asyncio.to_thread(png, item)
        return Response(content, media_type="image/png", headers={"cache-control": "private, max-age=3600"})


def counts(campaign: Campaign) -> dict[str, Json]:
    """Return how many verdicts of each kind stand, labels by class, and how far people agree."""
    standings = campaign.standings()
    labels = dict.fromkeys(campaign.settings.classes, 0)
    kinds = dict.fromkeys(VERDICTS, 0)
    several = agreed = 0
    for found in standings.values():
        kinds[found.verdict] += 1
        if found.verdict == "label":
            labels[found.label] = labels.get(found.label, 0) + 1
            if sum(vote.verdict == "label" for vote in found.votes) > 1:
                several, agreed = several + 1, agreed + found.agreed
    people = sorted({vote.person for found in standings.values() for vote in found.votes})
    return {"labels": labels, "verdicts": kinds, "several": several, "agreed": agreed, "people": people}


def _event(campaign: Campaign, event: str, said: Said) -> Event:
    more: dict[str, Json] = {"session": said.session}
    if said.seconds is not None:
        more["seconds"] = said.seconds
    if said.at is not None:
        more["said_at"] = said.at
    if said.verdict == "undo":
        if said.undoes is None:
            raise InputError("an undo says which verdict it takes back.")
        return campaign.undo(event, said.undoes, said.person, said.item, **more)
    return campaign.verdict(event, said.item, said.person, said.verdict, said.label, **more)


def _shown(campaign: Campaign, lease: Lease) -> dict[str, Json]:
    why = lease.why
    return {
        "item": lease.item,
        "name": campaign.items.names[lease.row],
        "card": campaign.items.card(lease.row),
        "picture": f"/api/items/{lease.item}/picture" if campaign.items.pictures else None,
        "why": {name: why.get(name) for name in ("strategy", "score", "uniform", "labels")},
        "guess": {name: why.get(name) for name in ("predicted", "chance")},
    }


def _voted(campaign: Campaign, vote: Vote) -> dict[str, Json]:
    name = vote.body.get("name", "")
    return {
        "event": vote.event,
        "item": vote.item,
        "name": name,
        "verdict": vote.verdict,
        "label": vote.label,
    }
