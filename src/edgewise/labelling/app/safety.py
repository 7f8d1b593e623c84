"""Who may ask the server what: hosts, origins, the token and its cookie, and what a browser may load."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qs, urlsplit


COOKIE = "edgewise"
LOOPBACK = ("127.0.0.1", "localhost", "::1")
READING = ("GET", "HEAD")
MOST_BYTES = 16 * 2**20
"""The largest body that is read."""

HEADERS = {
    b"content-security-policy": b"default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"no-referrer",
    b"cross-origin-resource-policy": b"same-origin",
    b"cross-origin-opener-policy": b"same-origin",
}

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]


@dataclass(frozen=True)
class Safety:
    """A gate in front of an ASGI application.

    A request passes if its Host is one of ours; if it does more than read, it must come from our own page
    (Sec-Fetch-Site and Origin, where a browser sends them) or from no browser at all; and it must know the
    token, by the cookie that ``/?token=...`` sets. Every answer says that only our own files may be loaded.

    Parameters
    ----------
    app
        The application behind.
    token
        The secret of this run.
    hosts
        Names this server is reached by, without the port.
    tools
        Paths for programs, which give the token as the password of HTTP Basic, or none on loopback.
    open_tools
        Whether ``tools`` do without the token.
    """

    app: App
    token: str
    hosts: tuple[str, ...] = LOOPBACK
    tools: tuple[str, ...] = ()
    open_tools: bool = False

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer, or let the application answer."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":
            return
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        refused = self._refused(scope, headers)
        if refused is not None:
            await _answer(send, *refused)
            return
        given = parse_qs(scope["query_string"].decode("latin-1")).get("token", [""])[0]
        if scope["path"] == "/" and scope["method"] == "GET" and given:
            if self._is_token(given):
                cookie = f"{self._cookie(headers)}={self.token}; HttpOnly; SameSite=Strict; Path=/"
                await _answer(send, 303, "", (b"location", b"/"), (b"set-cookie", cookie.encode("latin-1")))
                return
            await _answer(send, 403, "This address is of another run; take the one that edgewise printed.")
            return
        if not self._knows_token(scope["path"], headers):
            await _answer(
                send, 403, "Open the address that edgewise printed; it has a token that lets you in."
            )
            return
        await self.app(scope, receive, _with_headers(send))

    def _refused(self, scope: Message, headers: MutableMapping[str, str]) -> tuple[int, str] | None:
        host = headers.get("host", "")
        if _name(host) not in self.hosts:
            return 403, "This host name is not one this server answers to."
        if scope["method"] not in (*READING, "PUT", "POST"):
            return 405, "This method is not used here."
        if scope["method"] not in READING:
            site, origin = headers.get("sec-fetch-site"), headers.get("origin")
            if site not in (None, "same-origin") or (
                origin is not None and urlsplit(origin).netloc.lower() != host.lower()
            ):
                return 403, "This request does not come from the labelling page."
            if int(headers.get("content-length", "0") or 0) > MOST_BYTES or "transfer-encoding" in headers:
                return 413, "This request is too large."
            if not headers.get("content-type", "").startswith("application/json"):
                return 415, "This server takes JSON."
        return None

    def _is_token(self, given: str) -> bool:
        return secrets.compare_digest(given.encode(), self.token.encode())

    def _cookie(self, headers: MutableMapping[str, str]) -> str:
        """Return the cookie's name: one a port, since browsers share cookies between the ports of a host."""
        port = headers["host"].rpartition(":")[2]
        return f"{COOKIE}_{port}" if port.isdigit() else COOKIE

    def _knows_token(self, path: str, headers: MutableMapping[str, str]) -> bool:
        if path in self.tools:
            kind, _, word = headers.get("authorization", "").partition(" ")
            if self.open_tools:
                return True
            if kind.lower() != "basic":
                return False
            try:
                return self._is_token(base64.b64decode(word).decode().partition(":")[2])
            except ValueError:
                return False
        try:
            cookie = SimpleCookie(headers.get("cookie", "")).get(self._cookie(headers))
        except CookieError:
            return False
        return cookie is not None and self._is_token(cookie.value)


def _name(host: str) -> str:
    """Return the name of a Host header, without the port."""
    try:
        return (urlsplit(f"//{host}").hostname or "").lower()
    except ValueError:
        return ""


def _with_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            kept = [(name, value) for name, value in message["headers"] if name.lower() not in HEADERS]
            message["headers"] = [*kept, *HEADERS.items()]
        await send(message)

    return sending


async def _answer(send: Send, status: int, text: str, *headers: tuple[bytes, bytes]) -> None:
    kind = (b"content-type", b"text/plain; charset=utf-8")
    start = {
        "type": "http.response.start",
        "status": status,
        "headers": [kind, (b"cache-control", b"no-store"), *headers],
    }
    await _with_headers(send)(start)
    await send({"type": "http.response.body", "body": text.encode()})
