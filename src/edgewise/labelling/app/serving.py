"""The page on an address: a socket, a token, a server, and a thread that learns beside it."""

from __future__ import annotations

import secrets
import socket
import threading
import webbrowser
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from edgewise.arrays import InputError, JsonObject
from edgewise.importing import needing
from edgewise.labelling.app.safety import LOOPBACK, Safety
from edgewise.labelling.campaign.campaign import Campaign
from edgewise.labelling.campaign.status import Status, status_of
from edgewise.randomness import child_seed


if TYPE_CHECKING:
    from fastapi import FastAPI

EVERY = 10
"""New labels after which the learner learns again."""


@dataclass
class Trainer:
    """Learns beside the server whenever there are enough new labels; the next lease has the new order."""

    campaign: Campaign
    every: int = EVERY
    status: Status | None = None
    error: str = ""
    _wake: threading.Event = field(default_factory=threading.Event)
    _stop: bool = False

    def told(self) -> None:
        """Say that there is a new verdict."""
        self._wake.set()

    def standing(self) -> JsonObject:
        """Return what the page shows of the latest estimates."""
        if self.error:
            return {"sentence": f"The learner stopped: {self.error}"}
        return {} if self.status is None else self.status.short()

    def run(self) -> None:
        """Learn again and again until `stop`."""
        learned = -1
        while not self._stop:
            self._wake.wait()
            self._wake.clear()
            order = self.campaign.order
            n = len(self.campaign.known()[0])
            if self._stop or (abs(n - (0 if order is None else order.labels)) < self.every and learned >= 0):
                continue
            try:
                if learned >= 0:
                    self.campaign.reorder()
                self.status = status_of(self.campaign)
                self.error = ""
            except Exception as error:  # noqa: BLE001 - labelling goes on whatever the learner does
                self.error = f"{type(error).__name__}: {error}"
            learned = n

    def stop(self) -> None:
        """End the thread after what it is at."""
        self._stop = True
        self._wake.set()


@dataclass(frozen=True)
class Address:
    """Where the page is.

    Parameters
    ----------
    host, port
        Where to listen; port 0 takes a free one.
    token
        The secret; a random one if empty.
    names
        Further names the server is reached by.
    """

    host: str = "127.0.0.1"
    port: int = 0
    token: str = ""
    names: tuple[str, ...] = ()

    def check(self) -> None:
        """Raise `InputError` if the page would be open to others without a token of the person's own."""
        if self.host not in LOOPBACK and len(self.token) < 12:
            raise InputError(
                f"--host {self.host} opens the page to other machines: set a token of at least 12 characters with "
                "--token, or leave --host out to label on this machine only."
            )


def keys_for(classes: Sequence[str], letters: Sequence[str]) -> dict[str, str]:
    """Return the class of each key: digits in order, and the letters given.

    Raises
    ------
    InputError
        A key that is no single character, given twice, or one the page needs itself.

    Examples
    --------
    >>> keys_for(["yes", "no"], ["y", "n"])
    {'1': 'yes', '2': 'no', 'y': 'yes', 'n': 'no'}
    """
    keys = {str(place): name for place, name in enumerate(classes[:9], 1)}
    if letters and len(letters) != len(classes):
        raise InputError(f"--keys needs one key per class: expected {len(classes)}, got {len(letters)}.")
    for letter, name in zip(map(str.lower, letters), classes, strict=False):
        if len(letter) != 1 or letter in OURS or keys.get(letter, name) != name:
            raise InputError(
                f"the key {letter!r} cannot stand for {name!r}: keys are single characters, each once, and the page "
                f"needs {' '.join(OURS)} itself."
            )
        keys[letter] = name
    return keys


def port_of(campaign: Path) -> int:
    """Return a port that goes with the campaign file: a browser keeps what is unsaved by the port."""
    return 20_000 + child_seed(0, str(campaign.resolve())) % 10_000


OURS = ("s", "t", "u", "g", "z", "?")
"""Keys of the page: skip, cannot tell, undo, guess, zoom, help."""


def application_of(
    campaign: Campaign, trainer: Trainer, keys: Mapping[str, str], *, backend: bool
) -> FastAPI:
    """Return the application, with the Label Studio endpoints if wanted."""
    with needing("labelling on a page"):
        from edgewise.labelling.app.server import application
    app = application(campaign, keys=keys, told=trainer.told, standing=trainer.standing)
    if backend:
        from edgewise.labelling.app.backend import add_backend

        add_backend(app, campaign, trainer.told)
    return app


def serve(
    campaign: Campaign,
    address: Address,
    keys: Mapping[str, str],
    *,
    say: Callable[[str], None],
    browser: bool = True,
    backend: bool = False,
) -> None:
    """Serve the page until it is stopped.

    Raises
    ------
    InputError
        The address cannot be taken, or it would be open to others without a token.
    MissingExtraError
        FastAPI or uvicorn is not installed.
    """
    address.check()
    trainer = Trainer(campaign)
    app = application_of(campaign, trainer, keys, backend=backend)
    import uvicorn

    from edgewise.labelling.app import PATHS

    token = address.token or secrets.token_urlsafe(24)
    loopback = address.host in LOOPBACK
    hosts = tuple({*LOOPBACK, address.host, *address.names} - {"0.0.0.0", "::"})
    gate = Safety(
        app, token, tuple(map(str.lower, hosts)), tools=PATHS if backend else (), open_tools=loopback
    )
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    with socket.socket(family) as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((address.host, address.port))
            listening.listen(128)
        except OSError as error:
            raise InputError(
                f"cannot listen on {address.host}:{address.port}: {error.strerror}; give another --port."
            ) from None
        port = listening.getsockname()[1]
        shown = f"[{address.host}]" if ":" in address.host else address.host
        url = f"http://{shown if shown != '0.0.0.0' else '127.0.0.1'}:{port}/?token={token}"
        campaign.reorder()
        thread = threading.Thread(target=trainer.run, name="learner", daemon=True)
        thread.start()
        trainer.told()
        server = uvicorn.Server(
            uvicorn.Config(gate, log_level="warning", access_log=False, server_header=False, lifespan="off")
        )
        say(url)
        if browser:
            with suppress(Exception):
                webbrowser.open(url)
        try:
            server.run(sockets=[listening])
        finally:
            trainer.stop()
            thread.join(timeout=10)
