"""The local stack's web pages: events, dead letters, sending, the Commerce stand-in."""

from local.console.console import Console

__all__ = ["Console"]
