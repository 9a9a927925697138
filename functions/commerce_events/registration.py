"""The two ways in which Adobe I/O Events validates a webhook's address."""

import asyncio
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from functions.commerce_events.fetching import FetchFailed, fetch

# A challenge is sent back, so it must not be able to carry markup.
CHALLENGE = re.compile(r"[A-Za-z0-9._~-]{1,128}")
VALIDATION_HOST = "csm.adobe.io"
VALIDATION_PATH = "/csm/registrations/validate"
VALIDATION_QUERY = re.compile(r"[A-Za-z0-9._~%=&-]{1,512}")
MAX_VALIDATION_BODY_BYTES = 4096
MAX_RESPONSE_BYTES = 65_536
TIMEOUT_SECONDS = 5.0


class InvalidValidationUrl(Exception):
    """The URL is not one of Adobe's validation service."""


class ValidationFailed(Exception):
    """Adobe's validation service did not confirm; the text says why."""


class Registrations:
    """Confirms registrations; one at a time, since anybody can ask for it.

    Args:
        fetch: the body of a URL, within a number of bytes and seconds; may block.
    """

    def __init__(self, fetch: Callable[[str, int, float], bytes] = fetch) -> None:
        self._fetch = fetch
        self._running = False

    async def confirm(self, validation_url: Any) -> None:
        """Fetch *validation_url*, which tells Adobe that this address is ours.

        Raises:
            InvalidValidationUrl: nothing is fetched.
            ValidationFailed: Adobe does not confirm, or another one is running.
        """
        url = pinned_url(validation_url)
        if self._running:
            raise ValidationFailed("another validation is running")
        self._running = True
        try:
            await asyncio.wait_for(
                asyncio.to_thread(
                    self._fetch, url, MAX_RESPONSE_BYTES, TIMEOUT_SECONDS
                ),
                TIMEOUT_SECONDS,
            )
        except FetchFailed as failure:
            raise ValidationFailed(str(failure)) from None
        except TimeoutError:
            raise ValidationFailed("no answer in time") from None
        finally:
            self._running = False


def pinned_url(url: Any) -> str:
    """*url*, composed anew from the constants above and its query.

    Raises:
        InvalidValidationUrl: scheme, host or path is another.
    """
    if isinstance(url, str):
        base = f"https://{VALIDATION_HOST}{VALIDATION_PATH}"
        try:
            query = urlsplit(url).query
        except ValueError:
            query = ""
        if VALIDATION_QUERY.fullmatch(query) and url == f"{base}?{query}":
            return url
    raise InvalidValidationUrl
