"""A victim behind a URL: one request a chunk, its answer read where the declaration says."""

from __future__ import annotations

import email.utils
import json
import time
import weakref
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import httpx
import numpy as np

from edgewise.arrays import Floats, Json, Label
from edgewise.audit.victims.presets import at, filled
from edgewise.audit.victims.target import RefusedError, Reply, TargetError, UnknownError, as_label


LARGEST_ANSWER = 16 * 2**20
REFUSED = {429, 503}
CLIENT_ERRORS = range(300, 500)


@dataclass(frozen=True)
class Endpoint:
    """A classifier behind HTTP.

    Parameters
    ----------
    url, method, headers
        Where and how to ask; secrets in them are never repeated in a message.
    request
        The body as JSON, with ``$rows`` and the like where the rows go (see `presets`).
    labels, scores
        The place of the labels, or of the scores, in the answer; one of them.
    classes
        The names of the score columns, where the answer does not name them.
    columns
        The names of the features, for requests that name them.
    view
        ``"labels"``, or ``"scores"`` to record the scores too.
    dtype, decimals
        The precision rows are sent in: ``"float64"`` or ``"float32"``, rounded to so many decimals.
    timeout
        Seconds until an answer must be complete.
    title
        What to call it.
    """

    url: str = field(repr=False)
    request: Json
    labels: str | None = None
    scores: str | None = None
    method: str = "POST"
    headers: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    classes: tuple[Label, ...] = ()
    columns: tuple[str, ...] = ()
    view: str = "labels"
    dtype: str = "float64"
    decimals: int | None = None
    timeout: float = 30.0
    title: str = ""
    _client: httpx.Client = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        local = httpx.URL(self.url).host in LOOPBACK
        client = httpx.Client(timeout=self.timeout, follow_redirects=False, trust_env=not local)
        object.__setattr__(self, "_client", client)
        weakref.finalize(self, client.close)

    @property
    def name(self) -> str:
        """Its title, or host and path."""
        url = httpx.URL(self.url)
        return self.title or f"{url.host}{url.path}"

    def as_sent(self, X: Floats) -> Floats:
        """Return the rows in the precision they are sent in."""
        rows = np.asarray(X, self.dtype).astype(np.float64)
        return rows if self.decimals is None else np.round(rows, self.decimals)

    def send(self, X: Floats) -> Sequence[Reply]:
        """Send one request and read its answer."""
        flat = X.reshape(len(X), -1)
        names = self.columns or tuple(f"x{i}" for i in range(flat.shape[1]))
        rows = X.tolist()
        values = {
            "$rows": rows,
            "$row": rows[0],
            "$flat": X.ravel().tolist(),
            "$columns": dict(zip(names, flat.T.tolist(), strict=True)),
            "$records": [dict(zip(names, row, strict=True)) for row in flat.tolist()],
            "$names": list(names),
            "$n": len(rows),
            "$d": flat.shape[1],
        }
        return self._read(self._ask(filled(self.request, values)), len(rows))

    def _ask(self, body: Json) -> Json:
        """Return the decoded answer of one request, or say whose turn it is."""
        started = time.monotonic()
        try:
            with self._client.stream(self.method, self.url, json=body, headers=dict(self.headers)) as answer:
                self._check_status(answer)
                content = b""
                for part in answer.iter_bytes():
                    content += part
                    if len(content) > LARGEST_ANSWER:
                        raise UnknownError(f"the answer is larger than {LARGEST_ANSWER >> 20} MiB")
                    if time.monotonic() - started > self.timeout:
                        raise UnknownError(f"the answer was not complete after {self.timeout:g} s")
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise RefusedError(f"no connection to {self.name}: {self._clean(str(error))}") from None
        except httpx.TimeoutException:
            raise UnknownError(f"no answer within {self.timeout:g} s") from None
        except (httpx.InvalidURL, httpx.UnsupportedProtocol):
            raise TargetError(
                f"the URL of {self.name} cannot be asked; expected http:// or https://."
            ) from None
        except httpx.HTTPError as error:
            raise UnknownError(
                f"the connection broke: {self._clean(str(error)) or type(error).__name__}"
            ) from None
        try:
            return json.loads(content)
        except ValueError:
            raise UnknownError(
                f"the answer is not JSON: {self._clean(content[:80].decode(errors='replace'))!r}"
            ) from None

    def _check_status(self, answer: httpx.Response) -> None:
        status = answer.status_code
        if status in REFUSED:
            raise RefusedError(f"status {status}", retry_after(answer.headers.get("retry-after")))
        if status in CLIENT_ERRORS:
            text = self._clean(answer.read()[:300].decode(errors="replace"))
            hint = "Redirects are not followed. " if status < 400 else ""
            raise TargetError(
                f"{self.name} refuses the request with status {status}: {text} {hint}Check url, headers and request."
            )
        if status >= 500:
            raise UnknownError(f"status {status}")

    def _read(self, answer: Json, n: int) -> list[Reply]:
        """Return one reply a row; anything else is unusable."""
        place = self.labels if self.labels is not None else self.scores
        try:
            found = at(answer, place or "")
        except LookupError as error:
            raise UnknownError(f"the answer has another form than declared: {error}") from None
        if (
            isinstance(found, list)
            and len(found) == n * len(self.classes)
            and self.classes
            and n != len(found)
        ):
            found = np.reshape(np.array(found, dtype=object), (n, -1)).tolist()
        if not isinstance(found, list) or len(found) != n:
            size = f"{len(found)} entries" if isinstance(found, list) else type(found).__name__
            raise UnknownError(f"{n} rows were answered with {size} at {place!r}")
        return [self._one(each) for each in found]

    def _one(self, entry: Json) -> Reply:
        """Read a label, a list of scores, a score of the second class, or label and score pairs."""
        scores = self._scores(entry)
        if scores is None:
            label = entry["label"] if isinstance(entry, dict) and "label" in entry else entry
            return Reply(as_label(label))
        if not scores or not np.isfinite(list(scores.values())).all():
            raise UnknownError(f"scores are missing or not finite: {entry!r:.80}")
        best = max(scores, key=lambda name: scores[name])
        label = next((as_label(name) for name in self.classes if str(name) == best), best)
        return Reply(label, scores if self.view == "scores" else None)

    def _scores(self, entry: Json) -> dict[str, float] | None:
        try:
            if isinstance(entry, list) and entry and isinstance(entry[0], dict):
                return {str(at(pair, "label")): _number(at(pair, "score")) for pair in entry}
            if isinstance(entry, list) and len(entry) == 1:
                entry = entry[0]
            if isinstance(entry, list):
                names = self.classes or tuple(range(len(entry)))
                return dict(zip(map(str, names), map(_number, entry), strict=True))
            if self.labels is None and isinstance(entry, (int, float)):
                names = self.classes or (0, 1)
                return dict(zip(map(str, names), (1 - float(entry), float(entry)), strict=True))
        except (LookupError, TypeError, ValueError):
            raise UnknownError(f"scores cannot be read: {entry!r:.80}") from None
        return None

    def _clean(self, text: str) -> str:
        """Return a text from outside without the secrets that were sent."""
        for secret in (*self.headers.values(), *httpx.URL(self.url).params.values()):
            for part in {secret, secret.split()[-1] if secret.split() else secret}:
                text = text.replace(part, "***") if len(part) > 3 else text
        return text


def _number(value: Json) -> float:
    if not isinstance(value, (int, float, str)):
        raise TypeError
    return float(value)


LOOPBACK = {"127.0.0.1", "::1", "localhost"}


def retry_after(value: str | None) -> float | None:
    """Return the seconds a ``Retry-After`` header asks for: a number of seconds, or a date.

    Examples
    --------
    >>> retry_after("2"), retry_after("soon"), retry_after(None)
    (2.0, None, None)
    """
    if value is None:
        return None
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        return max(0.0, email.utils.parsedate_to_datetime(value).timestamp() - time.time())
    except (TypeError, ValueError):
        return None
