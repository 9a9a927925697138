"""Ingest, with a publisher that fails with all it knows in its words."""

from functions.ingest import main
from functions.ingest.main import ingest

__all__ = ["ingest"]


class Broken:
    """Raises what nobody foresaw, in place of publishing."""

    async def publish(self, topic, message):
        raise RuntimeError(f"{topic} {message} {main._ingest.settings.tokens[0].value}")


main._ingest.publisher = Broken()
