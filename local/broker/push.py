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

from local.broker import pubsub_pb2
from local.broker.engine import Engine
from local.broker.errors import StatusError
from local.broker.store import Delivery
from local.broker.subscription import LeaseEnd, Subscription
from local.broker.tokens import unsigned_token

ACKNOWLEDGED = frozenset({200, 201, 202, 204})
MAX_WINDOW = 32  # outstanding pushes to one endpoint, unless set otherwise
MAX_OUTSTANDING_BYTES = 10_000_000  # of their bodies
MIN_PAUSE_SECONDS = 0.1
MAX_PAUSE_SECONDS = 1.0
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
    message: pubsub_pb2.PubsubMessage, subscription: str, attempt: int | None
) -> bytes:
    """The body of a push: https://cloud.google.com/pubsub/docs/push#receive_push.

    Args:
        attempt: left out where None.
    """
    published = message.publish_time.ToDatetime().isoformat(timespec="milliseconds")
    body = {
        "attributes": dict(message.attributes),
        "data": base64.b64encode(message.data).decode(),
        "messageId": message.message_id,
        "message_id": message.message_id,
        "publishTime": f"{published}Z",
        "publish_time": f"{published}Z",
    }
    if message.ordering_key:
        body["orderingKey"] = message.ordering_key
    push = {"message": body, "subscription": subscription}
    if attempt is not None:
        push["deliveryAttempt"] = attempt
    return json.dumps(push).encode()


class Window:
    """How many pushes may be outstanding: one at first, one more after each success.

    A failure halves it. When several messages fail in a row, the endpoint is down:
    pushing pauses, longer each time. (One message that fails alone does not count: the
    message is at fault, and its own backoff is enough.)
    """

    def __init__(self, max_size: int) -> None:
        self.max_size = max_size
        self.size = 1.0
        self._failed: set[int] = set()

    def succeeded(self) -> None:
        """A push was acknowledged."""
        self.size = min(self.max_size, self.size + 1)
        self._failed.clear()

    def failed(self, message: int) -> float:
        """A push of *message* was not acknowledged; return the pause in seconds."""
        self.size = max(1.0, self.size / 2)
        if len(self._failed) <= 8:
            self._failed.add(message)
        if len(self._failed) < 2:
            return 0.0
        pause = MIN_PAUSE_SECONDS * 2 ** (len(self._failed) - 2)
        return min(MAX_PAUSE_SECONDS, pause)


class Pusher:
    """The receiver of a subscription with a push endpoint."""

    lease_seconds = None  # a push ends by itself, at the latest at the ack deadline
    holder = None  # one message of an ordering key at a time

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
        self._pause_timer: asyncio.TimerHandle | None = None
        self._stopped = False

    def capacity(self) -> int:
        """How many more pushes may start."""
        if self._pause_timer is not None or self._stopped or self._engine.held:
            return 0
        if self._bytes > MAX_OUTSTANDING_BYTES:
            return 0
        return max(0, int(self._window.size) - len(self._tasks))

    def deliver(self, deliveries: list[Delivery]) -> None:
        """Push these."""
        for delivery in deliveries:
            self._bytes += len(delivery.body)
            task = asyncio.create_task(self._push(delivery))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def stop(self) -> None:
        """Start no more pushes; outstanding ones go on."""
        self._stopped = True
        if self._pause_timer is not None:
            self._pause_timer.cancel()

    def close(self, reason: StatusError) -> None:
        """Start no more pushes."""
        self.stop()

    def is_busy(self) -> bool:
        """Whether pushes are outstanding."""
        return bool(self._tasks)

    async def finish(self, seconds: float) -> None:
        """Stop, wait that long for outstanding pushes, then cancel them."""
        self.stop()
        if not self._tasks:
            return
        _, late = await asyncio.wait(self._tasks, timeout=seconds)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    async def _push(self, delivery: Delivery) -> None:
        subscription, engine = self._subscription, self._engine
        message = pubsub_pb2.PubsubMessage.FromString(delivery.body)
        labels = {"subscription": subscription.name, "attempt": delivery.attempt}
        engine.observe("pushed", message, **labels)
        started = time.perf_counter()
        status, error = await self._post(message, delivery.attempt)
        milliseconds = round((time.perf_counter() - started) * 1000, 1)
        # The engine asks for the capacity before the task's end is noticed.
        self._tasks.discard(asyncio.current_task())
        self._bytes -= len(delivery.body)
        is_acknowledged = status in ACKNOWLEDGED
        if is_acknowledged:
            self._window.succeeded()
        elif pause := self._window.failed(delivery.message):
            self._pause(pause / engine.speed)
        engine.end_lease(
            subscription,
            delivery.message,
            delivery.lease,
            LeaseEnd.ACK if is_acknowledged else LeaseEnd.NACK,
            push={
                "message": message,
                "ms": milliseconds,
                "status": status,
                "error": error,
                **labels,
            },
        )

    async def _post(
        self, message: pubsub_pb2.PubsubMessage, attempt: int
    ) -> tuple[int | None, str | None]:
        """Post *message*; the status of the response, or what went wrong."""
        subscription = self._subscription
        config = subscription.config.push_config
        deadline = subscription.config.ack_deadline_seconds / self._engine.speed
        try:
            attempt = subscription.shown_attempt(attempt)
            body = envelope(message, subscription.name, attempt)
            headers = {}
            if config.HasField("oidc_token"):
                token = unsigned_token(
                    config.oidc_token, config.push_endpoint, time.time()
                )
                headers["Authorization"] = f"Bearer {token}"
            async with asyncio.timeout(deadline):
                async with self._http.post(
                    config.push_endpoint,
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
        except Exception as error:  # a fault must not keep the message leased for ever
            log.exception("A push failed.")
            return None, type(error).__name__

    def _pause(self, seconds: float) -> None:
        if self._pause_timer is None and not self._stopped:
            loop = asyncio.get_running_loop()
            self._pause_timer = loop.call_later(seconds, self._resume)

    def _resume(self) -> None:
        self._pause_timer = None
        self._engine.wake(self._subscription)


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
