"""The page people label on: a small server and a page of plain JavaScript."""

from typing import Any, TypeAlias


Body: TypeAlias = dict[str, Any]
"""JSON that an endpoint takes or gives; FastAPI checks values by this type, and cannot by a recursive one."""

PATHS = ("/predict", "/setup", "/webhook", "/health")
"""The endpoints that Label Studio asks of a backend."""
