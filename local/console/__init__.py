"""The page that shows what happens on this machine; served by the stack's program."""

from local.console.console import Console

__all__ = ["Console"]
