"""A bounded GET of Adobe's own addresses; blocks, so it is called in threads."""


class FetchFailed(Exception):
    """There is no usable response; the text says why, without values."""


def fetch(url: str, max_bytes: int, timeout_seconds: float) -> bytes:
    """The body of a 200; no redirect is followed.

    Args:
        timeout_seconds: to connect, and of each read.

    Raises:
        FetchFailed: there is none.
    """
    # Most requests need neither a key nor a validation: the keys are cached.
    import requests

    try:
        with requests.get(
            url, timeout=timeout_seconds, allow_redirects=False, stream=True
        ) as response:
            if response.status_code != 200:
                raise FetchFailed(f"the response was {response.status_code}")
            body = bytearray()
            for chunk in response.iter_content(4096):
                body += chunk
                if len(body) > max_bytes:
                    raise FetchFailed(f"the response exceeds {max_bytes} bytes")
    except (requests.RequestException, OSError) as error:
        raise FetchFailed(type(error).__name__) from None
    return bytes(body)
