"""The page people label on: a small server and a page of plain JavaScript."""

PATHS = ("/predict", "/setup", "/webhook", "/health")
"""The endpoints that Label Studio asks of a backend."""
