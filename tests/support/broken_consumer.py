"""The consumer, with a Commerce client that fails with all it knows in its words."""

import os

from functions.commerce.client import CommerceConnection
from functions.commerce.settings import CommerceSettings
from functions.consumer import main
from functions.consumer.main import consumer
from functions.settings import from_environment

__all__ = ["consumer"]


class Broken(CommerceConnection):
    """Raises what nobody foresaw, in place of a call."""

    def exchange(self, calls, method, route, url, content=None):
        try:
            raise KeyError(self.settings.consumer_secret)
        except KeyError as error:
            raise RuntimeError(f"{url} {content} {self.settings}") from error


main._consumer._commerce = Broken(from_environment(CommerceSettings, os.environ))
