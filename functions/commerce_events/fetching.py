"""A bounded GET of Adobe's own addresses; blocks, so it is called in threads."""

import time


class FetchFailed(Exception):
    """There is no usable response; the text says why, without values."""


def fetch(url: str, max_bytes: int, timeout_seconds: float) -> bytes:
    """The body of a 200; no redirect is followed.

    Args:
        timeout_seconds: of connecting, and of the whole body.

    Raises:
        FetchFailed: there is none.
    """
    # Most requests need neither a key nor a validation: the keys are cached.
    import requests
    import urllib3

    try:
        with requests.get(
            url, timeout=timeout_seconds, allow_redirects=False, stream=True
        ) as response:
            if response.status_code != 200:
                raise FetchFailed(f"the response was {response.status_code}")
            body, deadline = bytearray(), time.monotonic() + timeout_seconds
            # Not iter_content: it waits until a chunk is full, byte by byte for ever.
            while chunk := response.raw.read1(4096, decode_content=True):
                body += chunk
                if len(body) > max_bytes:
                    raise FetchFailed(f"the response exceeds {max_bytes} bytes")
                if time.monotonic() > deadline:
                    raise FetchFailed("the response is too slow")
    except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
        raise FetchFailed(type(error).__name__) from None
    return bytes(body)
