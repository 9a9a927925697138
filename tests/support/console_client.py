"""A client of the console's pages and forms."""

import re
from typing import Any

import requests


class ConsoleClient:
    """A client of one console."""

    def __init__(self, address: str) -> None:
        self.address = address

    def get(self, path: str, **options: Any) -> requests.Response:
        """Read a page; its content is not read yet."""
        return requests.get(self.address + path, timeout=30, stream=True, **options)

    def post(self, path: str, data: Any = None, **options: Any) -> requests.Response:
        """Send a form, and follow its redirect."""
        return requests.post(self.address + path, data, timeout=30, **options)

    def notice(self, path: str, **form: str) -> str:
        """The notice on the page that follows a form."""
        page = self.post(path, form).text
        return re.search('<p class="notice"[^>]*>(.*?)</p>', page).group(1)
