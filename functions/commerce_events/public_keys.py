"""Adobe's public keys: fetched from one host, cached for a day."""

import asyncio
import re
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from functions.commerce_events.fetching import FetchFailed, fetch

# Joined with the host as text, another path could change the host.
PATH = re.compile(r"/prod/keys/pub-key-[A-Za-z0-9-]{1,64}\.pem")
CACHE_SECONDS = 24 * 3600.0
MAX_KEYS = 100  # Adobe has a handful
MAX_KEY_BYTES = 16_384
FETCH_TIMEOUT_SECONDS = 2.5
MAX_FETCHES = 4  # at a time


class KeyUnavailable(Exception):
    """The key cannot be fetched now; the text says why, without values."""


class PublicKeys:
    """Keys by path; one fetch at a time for each, and failures are not cached.

    Args:
        base_url: scheme and host.
        fetch: the body of a URL, within a number of bytes and seconds; may block.
        clock: seconds.
    """

    def __init__(
        self,
        base_url: str,
        fetch: Callable[[str, int, float], bytes] = fetch,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._base_url = base_url
        self._fetch = fetch
        self._clock = clock
        self._keys: dict[str, tuple[float, RSAPublicKey]] = {}
        self._fetches: dict[str, asyncio.Future[RSAPublicKey]] = {}
        self._threads = ThreadPoolExecutor(MAX_FETCHES, "public-keys")

    async def key(self, path: str) -> RSAPublicKey:
        """The key at *path*, which fits ``PATH``.

        Raises:
            KeyUnavailable: it cannot be fetched now.
        """
        expires, key = self._keys.get(path, (0.0, None))
        if key is not None and self._clock() < expires:
            return key
        running = self._fetches.get(path)
        if running is None or running.get_loop() is not asyncio.get_running_loop():
            if len(self._fetches) >= MAX_FETCHES:
                raise KeyUnavailable("too many keys are being fetched")
            running = asyncio.ensure_future(self._refresh(path))
            self._fetches[path] = running
            running.add_done_callback(lambda fetch: self._forget(path, fetch))
        # A request that ends early must not end the fetch that others wait for.
        return await asyncio.shield(running)

    def _forget(self, path: str, fetch: "asyncio.Future[RSAPublicKey]") -> None:
        self._fetches.pop(path, None)
        if not fetch.cancelled():
            fetch.exception()  # every request that waited for it may have ended

    async def _refresh(self, path: str) -> RSAPublicKey:
        url = self._base_url + path
        loop = asyncio.get_running_loop()
        blocking = loop.run_in_executor(
            self._threads, self._fetch, url, MAX_KEY_BYTES, FETCH_TIMEOUT_SECONDS
        )
        try:
            key = parse_key(await asyncio.wait_for(blocking, FETCH_TIMEOUT_SECONDS))
        except FetchFailed as failure:
            raise KeyUnavailable(str(failure)) from None
        except TimeoutError:
            raise KeyUnavailable("no answer in time") from None
        if len(self._keys) >= MAX_KEYS:
            self._keys.clear()
        self._keys[path] = (self._clock() + CACHE_SECONDS, key)
        return key


def parse_key(pem: bytes) -> RSAPublicKey:
    """The RSA key in *pem*.

    Raises:
        KeyUnavailable: it is none, such as the page of a proxy.
    """
    try:
        key = load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm):
        raise KeyUnavailable("the response holds no public key") from None
    if not isinstance(key, RSAPublicKey):
        raise KeyUnavailable("the response holds no RSA key")
    return key
