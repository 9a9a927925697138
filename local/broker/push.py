"""Pushes a subscription's messages to its endpoint, as Pub/Sub does.

Pub/Sub also takes a final status 102 for an acknowledgement. Here it is none: an HTTP
client treats it as informational and goes on waiting for the final status.
"""

import asyncio
import base64
import json
import logging
import time

import aiohttp

from local.broker import wire
from local.broker.engine import Engine
from local.broker.errors import Refused
from local.broker.store import Delivery
from local.broker.subscription import Subscription, Verdict
from local.broker.tokens import bearer

ACKNOWLEDGED = frozenset({200, 201, 202, 204})
WINDOW = 32  # messages under way to one endpoint, at most, unless told otherwise
UNDER_WAY_BYTES = 10_000_000  # of bodies, likewise
PAUSE_SECONDS = (0.1, 1.0)
USER_AGENT = "CloudPubSub-Google"
# Shorter than gunicorn's two seconds, so that the endpoint does not close a connection
# at the moment it is used again.
KEEP_ALIVE_SECONDS = 1.5
MAX_RESPONSE_BYTES = 65536  # read of a response so that its connection can be reused

log = logging.getLogger(__name__)


def http_session() -> aiohttp.ClientSession:
    """A session for pushes, to be closed: no cookies, proxies or timeout of its own."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=KEEP_ALIVE_SECONDS),
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(),
        auto_decompress=False,
        headers={"Content-Type": "application/json", "User-Agent": USER_AGENT},
    )


def envelope(
    message: wire.PubsubMessage, subscription: str, attempt: int | None
) -> bytes:
    """The body of a push.

    https://cloud.google.com/pubsub/docs/push#receive_push; empty fields are left out.
    """
    body: dict = {}
    if message.attributes:
        body["attributes"] = dict(message.attributes)
    if message.data:
        body["data"] = base64.b64encode(message.data).decode()
    body["messageId"] = body["message_id"] = message.message_id
    if message.ordering_key:
        body["orderingKey"] = message.ordering_key
    at = message.publish_time.ToDatetime().isoformat(timespec="milliseconds") + "Z"
    body["publishTime"] = body["publish_time"] = at
    whole: dict = {"message": body, "subscription": subscription}
    if attempt is not None:
        whole["deliveryAttempt"] = attempt
    return json.dumps(whole).encode()


class Window:
    """How many pushes may be under way: one at first, one more after each success.

    A failure halves it. When several messages in a row fail, the endpoint is down:
    pushing pauses, longer each time. (One message failing alone does not count: that
    is the message's fault, and its own back-off is enough.)
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self.size = 1.0
        self._failed: set[int] = set()

    def good(self) -> None:
        """A push was acknowledged."""
        self.size = min(self.most, self.size + 1)
        self._failed.clear()

    def bad(self, message: int) -> float:
        """A push of *message* was not; return for how many seconds to pause."""
        self.size = max(1.0, self.size / 2)
        first, longest = PAUSE_SECONDS
        if len(self._failed) <= 8:
            self._failed.add(message)
        if len(self._failed) < 2:
            return 0.0
        return min(longest, first * 2 ** (len(self._failed) - 2))


class Pusher:
    """The receiver of a subscription with a push endpoint."""

    lease_seconds = None  # a push ends by itself, at the latest at the ack deadline

    def __init__(
        self,
        engine: Engine,
        subscription: Subscription,
        http: aiohttp.ClientSession,
        window: int,
    ) -> None:
        self._engine = engine
        self._subscription = subscription
        self._http = http
        self._window = Window(window)
        self._tasks: set[asyncio.Task] = set()
        self._bytes = 0
        self._paused: asyncio.TimerHandle | None = None
        self._stopped = False

    def room(self) -> int:
        """How many more pushes may start."""
        if self._paused is not None or self._stopped or self._engine.held:
            return 0
        if self._bytes > UNDER_WAY_BYTES:
            return 0
        return max(0, int(self._window.size) - len(self._tasks))

    def give(self, deliveries: list[Delivery]) -> None:
        """Push these."""
        for delivery in deliveries:
            self._bytes += len(delivery.body)
            task = asyncio.create_task(self._push(delivery))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def stop(self) -> None:
        """Start no more pushes; those under way go on."""
        self._stopped = True
        if self._paused is not None:
            self._paused.cancel()

    def gone(self, why: Refused) -> None:
        """Start no more pushes."""
        self.stop()

    def busy(self) -> bool:
        """Whether pushes are under way."""
        return bool(self._tasks)

    async def finish(self, seconds: float) -> None:
        """Stop, and wait that long for the pushes under way; then give them up."""
        self.stop()
        if not self._tasks:
            return
        _, late = await asyncio.wait(self._tasks, timeout=seconds)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    async def _push(self, delivery: Delivery) -> None:
        subscription, engine = self._subscription, self._engine
        message = wire.PubsubMessage.FromString(delivery.body)
        labels = {"subscription": subscription.name, "attempt": delivery.attempt}
        engine.tell("attempt", message, **labels)
        begun = time.perf_counter()
        status, error = await self._post(message, delivery.attempt)
        labels["ms"] = round((time.perf_counter() - begun) * 1000, 1)
        engine.tell("delivered", message, status=status, error=error, **labels)
        # This push is over; the window is looked at before the task's end is noticed.
        self._tasks.discard(asyncio.current_task())
        self._bytes -= len(delivery.body)
        good = status in ACKNOWLEDGED
        if good:
            self._window.good()
        elif pause := self._window.bad(delivery.message):
            self._pause(pause / engine.speed)
        verdict = Verdict.GOOD if good else Verdict.BAD
        engine.settle(subscription, delivery.message, delivery.attempt, verdict)

    async def _post(
        self, message: wire.PubsubMessage, attempt: int
    ) -> tuple[int | None, str | None]:
        """Post *message*; the status, or what went wrong."""
        subscription = self._subscription
        push = subscription.config.push_config
        deadline = subscription.config.ack_deadline_seconds / self._engine.speed
        try:
            body = envelope(message, subscription.name, subscription.counted(attempt))
            headers = {}
            if push.HasField("oidc_token"):
                token = bearer(push.oidc_token, push.push_endpoint, time.time())
                headers["Authorization"] = f"Bearer {token}"
            async with asyncio.timeout(deadline):
                async with self._http.post(
                    push.push_endpoint,
                    data=body,
                    headers=headers,
                    allow_redirects=False,
                ) as response:
                    await _drain(response)
                    return response.status, None
        except TimeoutError:
            return None, "timeout"
        except aiohttp.ClientConnectorError as error:
            return None, type(error.os_error).__name__
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return None, type(error).__name__
        except Exception as error:  # a fault here must not keep the message for ever
            log.exception("a push failed")
            return None, type(error).__name__

    def _pause(self, seconds: float) -> None:
        if self._paused is None and not self._stopped:
            loop = asyncio.get_running_loop()
            self._paused = loop.call_later(seconds, self._resume)

    def _resume(self) -> None:
        self._paused = None
        self._engine.touch(self._subscription)


async def _drain(response: aiohttp.ClientResponse) -> None:
    """Read a short body, so that the connection can be reused; the status counts."""
    size = 0
    try:
        async for chunk in response.content.iter_chunked(MAX_RESPONSE_BYTES):
            size += len(chunk)
            if size > MAX_RESPONSE_BYTES:
                response.close()
                return
    except aiohttp.ClientError:
        response.close()
