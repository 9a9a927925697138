"""Posts batches to ingest, and sends again what was not stored."""

import time
from collections.abc import Callable, Sequence
from threading import Event as Flag
from threading import Lock
from typing import Any, NamedTuple

import requests

from cli.credentials import Credentials
from cli.imports.events import NewEvent

TIMEOUT_SECONDS = 60
GIVE_UP_SECONDS = 120.0
MAX_BACKOFF_SECONDS = 15.0
RETRIED = {408, 425, 429, 500, 502, 503, 504}


class ImportStopped(Exception):
    """The import cannot go on; what was sent is in the resume file.

    Attributes:
        usage: whether an option is wrong, rather than ingest not reachable.
    """

    def __init__(self, message: str, usage: bool = False) -> None:
        super().__init__(message)
        self.usage = usage


class ItemResult(NamedTuple):
    """What ingest answered to one event: 200, or a rejection with its errors."""

    status: int
    error: str = ""
    errors: dict[str, list[str]] | None = None


class Pace:
    """At most *rate* rows a second, by all threads together; 0 is no limit."""

    def __init__(
        self,
        rate: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._rate = rate
        self._clock = clock
        self._due = clock()
        self._lock = Lock()

    def wait(self, rows: int, sleep: Callable[[float], object]) -> None:
        """Wait, by *sleep*, until *rows* more may be sent."""
        if not self._rate:
            return
        with self._lock:
            now = self._clock()
            delay = max(0.0, self._due - now)
            self._due = max(self._due, now) + rows / self._rate
        sleep(delay)


class Poster:
    """Posts batches; one object for each thread.

    Args:
        credentials: authenticate each request.
        stopped: set when the import ends early.
        give_up_seconds: how long a batch is sent again before the import stops.
        warn: gets a sentence when a batch must be sent again.
    """

    def __init__(
        self,
        url: str,
        credentials: Credentials,
        stopped: Flag,
        give_up_seconds: float = GIVE_UP_SECONDS,
        session: requests.Session | None = None,
        clock: Callable[[], float] = time.monotonic,
        warn: Callable[[str], object] = lambda text: None,
    ) -> None:
        self._url = url
        self._warn = warn
        self._stopped = stopped
        self._give_up_seconds = give_up_seconds
        self._http = session or requests.Session()
        self._credentials = credentials
        self._clock = clock

    def post(self, events: Sequence[NewEvent]) -> list[ItemResult]:
        """Post *events* in one request until each is stored or rejected.

        Raises:
            ImportStopped: ingest is not reachable, or answers anything unexpected.
        """
        body = b'{"data":[' + b",".join(event.content for event in events) + b"]}"
        start, backoff = self._clock(), 0.5
        while True:
            response, problem = self._request(body)
            if response is not None and response.status_code not in RETRIED:
                return self._read(response, events)
            wait = backoff
            if response is not None:
                problem = f"{self._url} answers {response.status_code}"
                wait = max(backoff, _retry_after(response))
            if self._clock() + wait - start > self._give_up_seconds:
                raise ImportStopped(f"{problem}; the import stopped")
            self._warn(
                f"{problem}: each batch is sent again, for {self._give_up_seconds:g} s"
                " at most"
            )
            # A part may be stored; ingest's callers may repeat any event.
            if self._stopped.wait(wait):
                raise ImportStopped("The import was interrupted")
            backoff = min(backoff * 2, MAX_BACKOFF_SECONDS)

    def _request(self, body: bytes) -> tuple[requests.Response | None, str]:
        headers = {
            "Content-Type": "application/json",
            **self._credentials.headers(body),
        }
        try:
            response = self._http.post(
                self._url, data=body, headers=headers, timeout=TIMEOUT_SECONDS
            )
            return response, ""
        except (
            requests.exceptions.MissingSchema,
            requests.exceptions.InvalidSchema,
            requests.exceptions.InvalidURL,
        ) as error:
            raise ImportStopped(
                f"--url must be an http(s) URL: {error}", True
            ) from None
        except requests.RequestException as error:
            return None, f"{self._url} is not reachable ({type(error).__name__})"

    def _read(
        self, response: requests.Response, events: Sequence[NewEvent]
    ) -> list[ItemResult]:
        status, answer = response.status_code, _json_object(response)
        if status == 413:
            if len(events) == 1:
                return [
                    ItemResult(413, str(answer.get("error", "The event is too large")))
                ]
            middle = len(events) // 2
            return self.post(events[:middle]) + self.post(events[middle:])
        results = answer.get("results")
        if status in (200, 207, 400) and isinstance(results, list):
            if len(results) == len(events):
                return [_item_result(result) for result in results]
        if status in (401, 403):
            raise ImportStopped(
                f"{self._url} answers {status}: authenticate with --token, TOKEN=… make"
                " import, or the secret of INGEST_HMAC_SECRETS",
                usage=True,
            )
        reason = str(answer.get("error", ""))[:200]
        raise ImportStopped(
            f"{self._url} answers {status} to a batch of events ({reason}): check the"
            " address, and that this version of ingest accepts batches",
            usage=True,
        )


def _item_result(result: Any) -> ItemResult:
    result = result if isinstance(result, dict) else {}
    if result.get("status") == 200:
        return ItemResult(200)
    errors = result.get("errors")
    return ItemResult(
        int(result.get("status", 400)),
        str(result.get("error", "rejected")),
        errors if isinstance(errors, dict) else None,
    )


def _json_object(response: requests.Response) -> dict[str, Any]:
    try:
        answer = response.json()
    except ValueError:
        return {"error": response.text[:200]}
    return answer if isinstance(answer, dict) else {}


def _retry_after(response: requests.Response) -> float:
    text = response.headers.get("Retry-After", "")
    return float(text) if text.isdigit() and len(text) < 5 else 0.0
