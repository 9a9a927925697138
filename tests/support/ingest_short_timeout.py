"""Ingest with a body timeout of half a second instead of thirty."""

from functions.ingest import main
from functions.ingest.main import ingest

__all__ = ["ingest"]

main._ingest.body_timeout_seconds = 0.5
