"""The consumer, with a Commerce connection whose error contains all it knows."""

import os

from functions.commerce.client import CommerceConnection
from functions.commerce.settings import CommerceSettings
from functions.consumer import main
from functions.consumer.main import consumer
from functions.settings import from_environment

__all__ = ["consumer"]


class BrokenConnection(CommerceConnection):
    """Raises an unexpected exception in place of a call."""

    def send(self, method, route, url, headers, content, observe_call):
        try:
            raise KeyError(self.settings.consumer_secret)
        except KeyError as error:
            raise RuntimeError(f"{url} {headers} {content} {self.settings}") from error


connection = BrokenConnection(from_environment(CommerceSettings, os.environ))
# The consumer is a frozen dataclass.
object.__setattr__(main._consumer, "commerce", connection)
