"""The parts of matplotlib that edgewise draws with; its own types leave keywords out."""

from collections.abc import Mapping
from contextlib import AbstractContextManager

def rc_context(rc: Mapping[str, object]) -> AbstractContextManager[None]: ...
