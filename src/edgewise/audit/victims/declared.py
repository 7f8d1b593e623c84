"""A victim's file: TOML that says what to ask, how, how fast, and where the answer is."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import urlsplit

from edgewise.arrays import InputError
from edgewise.audit.sending import Sending
from edgewise.audit.victims.local import LocalModel, OnnxModel, function, pickled_model, skops_model
from edgewise.audit.victims.presets import PRESETS
from edgewise.audit.victims.target import Target
from edgewise.importing import needing
from edgewise.registry import lookup, unknown


VICTIM = {
    "name", "view", "function", "file", "trusted", "pickle", "url", "host", "preset", "method", "headers",
    "request", "labels", "scores", "classes", "columns", "dtype", "decimals", "timeout",
}  # fmt: skip
SECRET = re.compile(r"authori[sz]ation|api[-_]?key|token|secret|password|cookie", re.IGNORECASE)
Declared: TypeAlias = Mapping[str, Any]
"""The table ``[victim]`` as the person wrote it."""

FROM_ENVIRONMENT = re.compile(r"\$\{(\w+)\}")
LOOPBACK = {"127.0.0.1", "::1", "localhost"}


def open_victim(path: Path, *, authorised: bool = False) -> tuple[Target, Sending]:
    r"""Return the victim a TOML file declares, and how it is sent to.

    Parameters
    ----------
    path
        The file: a table ``[victim]`` with ``function``, ``file`` or ``url``, and a table ``[sending]``.
    authorised
        The user's word that they may test this target; needed for any host but this machine.

    Raises
    ------
    InputError
        An unknown key, a missing one, a secret in the file, or a host that is not named or not authorised.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "victim.toml"
    >>> _ = file.write_text('[victim]\nfunction = "math:floor"\n')
    >>> open_victim(file)[0].name
    'math:floor'
    """
    text = _toml(path)
    for table in text:
        if table not in ("victim", "sending"):
            raise InputError(f"{path}: {unknown(table, ('victim', 'sending'), 'table')}")
    declared: Declared = text.get("victim", {})
    for key in declared:
        if key not in VICTIM:
            raise InputError(f"{path}: {unknown(key, sorted(VICTIM), 'key of [victim]')}")
    kinds = [kind for kind in ("function", "file", "url") if kind in declared]
    if len(kinds) != 1:
        raise InputError(
            f"{path}: [victim] needs one of function, file or url; it has {', '.join(kinds) or 'none'}."
        )
    view = declared.get("view", "labels")
    if view not in ("labels", "scores"):
        raise InputError(f"{path}: view must be 'labels' or 'scores'; got {view!r}.")
    make = {"function": _function, "file": _file, "url": _endpoint}[kinds[0]]
    return make(path, declared, authorised), Sending.of(text.get("sending", {}), str(path))


def files_of(path: Path) -> list[Path]:
    """Return the files that a victim is made of: the one that declares it, and its model's if it has one."""
    declared: Declared = _toml(path).get("victim", {})
    return [path, *(path.parent / file for key, file in declared.items() if key == "file")]


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is not a TOML file: {error}") from None


def _function(path: Path, declared: Declared, _authorised: bool) -> Target:
    model = function(declared["function"], path.parent)
    return LocalModel(model, declared.get("name", declared["function"]), declared.get("view", "labels"))


def _file(path: Path, declared: Declared, _authorised: bool) -> Target:
    file = path.parent / declared["file"]
    view = declared.get("view", "labels")
    if not file.is_file():
        raise InputError(f"{path}: there is no file {file}.")
    if file.suffix == ".onnx":
        return OnnxModel(file, view)
    if file.suffix == ".skops":
        model = skops_model(file, declared.get("trusted", []))
    elif declared.get("pickle") is True:
        model = pickled_model(file)
    else:
        raise InputError(
            f"{file}: expected .onnx or .skops. A pickle can run any code when it is opened; if you made this "
            "file yourself, say so with pickle = true."
        )
    return LocalModel(model, declared.get("name", file.name), view)


def _endpoint(path: Path, declared: Declared, authorised: bool) -> Target:
    with needing("an endpoint"):
        from edgewise.audit.victims.endpoint import Endpoint
    settings: dict[str, Any] = dict(
        lookup(PRESETS, declared["preset"], "preset") if "preset" in declared else {}
    )
    for place in ("labels", "scores"):
        if place in declared:
            settings = {key: value for key, value in settings.items() if key not in ("labels", "scores")}
    settings |= {key: declared[key] for key in declared if key not in ("name", "host", "preset", "headers")}
    if "request" not in settings or ("labels" in settings) == ("scores" in settings):
        raise InputError(
            f"{path}: an endpoint needs a preset ({', '.join(PRESETS)}), or request and one of labels and scores."
        )
    if settings.get("dtype", "float64") not in ("float32", "float64"):
        raise InputError(f"{path}: dtype must be 'float32' or 'float64'; got {settings['dtype']!r}.")
    settings["url"] = _filled(path, "url", declared["url"])
    settings["headers"] = {
        name: _header(path, name, value) for name, value in declared.get("headers", {}).items()
    }
    _check_host(path, settings["url"], declared.get("host"), authorised)
    for name in ("classes", "columns"):
        settings[name] = tuple(settings.get(name, ()))
    return Endpoint(**settings, title=declared.get("name", ""))


def _check_host(path: Path, url: str, named: str | None, authorised: bool) -> None:
    host = urlsplit(url).hostname or ""
    if host in LOOPBACK:
        return
    if named != host:
        raise InputError(
            f"{path}: the URL leads to {host or 'no host'!r}; name that host as well (host = {host!r}), so that no "
            "slip asks somebody else's server."
        )
    if not authorised:
        raise InputError(
            f"{host} is not this machine. An audit sends it many rows; if you may test this target, say so with "
            "--authorised."
        )


def _header(path: Path, name: str, value: str) -> str:
    if SECRET.search(name) and not FROM_ENVIRONMENT.search(value):
        raise InputError(
            f'{path}: the header {name} looks like a secret; put it in the environment and write "${{NAME}}" here.'
        )
    return _filled(path, name, value)


def _filled(path: Path, what: str, value: str) -> str:
    for variable in FROM_ENVIRONMENT.findall(value):
        if variable not in os.environ:
            raise InputError(f"{path}: {what} needs the environment variable {variable}, which is not set.")
    return FROM_ENVIRONMENT.sub(lambda match: os.environ[match[1]], value)
