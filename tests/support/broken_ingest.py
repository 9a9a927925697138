"""Ingest, with a publisher whose error contains all it knows."""

from functions.ingest import main
from functions.ingest.main import ingest

__all__ = ["ingest"]


class BrokenPublisher:
    """Raises an unexpected exception in place of publishing."""

    async def publish(self, topic, message):
        raise RuntimeError(f"{topic} {message} {main._ingest.settings.tokens[0].value}")


main._ingest.publisher = BrokenPublisher()
