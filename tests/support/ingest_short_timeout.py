"""Ingest, which sends a slow caller away after half a second instead of thirty."""

from functions.ingest import main
from functions.ingest.main import ingest

__all__ = ["ingest"]

main._ingest.body_seconds = 0.5
