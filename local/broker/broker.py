"""The broker as a whole: start, stop, figures."""

import asyncio
import socket
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass

import grpc.aio

from local.broker import pubsub_pb2, push
from local.broker.engine import Engine
from local.broker.errors import stopping
from local.broker.observer import Observe
from local.broker.registry import Registry, close_receivers
from local.broker.service import handlers
from local.broker.store import Store
from local.broker.subscription import Subscription

# Above Pub/Sub's limit, so that the broker's own message refuses what is too large.
MAX_GRPC_BYTES = 24 * 1024 * 1024
OPTIONS = [
    ("grpc.max_receive_message_length", MAX_GRPC_BYTES),
    ("grpc.max_send_message_length", MAX_GRPC_BYTES),
    # Two brokers must not share a port unnoticed.
    ("grpc.so_reuseport", 0),
    # Google's clients ping an idle stream every 30 s, which gRPC would punish.
    ("grpc.http2.max_ping_strikes", 0),
]
STOP_SECONDS = 0.5  # for requests that are being served
LAST_PUSHES_SECONDS = 1.0


class CannotListen(OSError):
    """The port is in use, or not permitted."""


@dataclass(frozen=True)
class Stats:
    """Figures of a subscription.

    Attributes:
        undelivered: messages not acknowledged yet.
        in_flight: of these, pushed or pulled at this moment.
        oldest_seconds: age of the oldest; 0 for none.
    """

    undelivered: int = 0
    in_flight: int = 0
    oldest_seconds: float = 0.0


@dataclass(frozen=True)
class Undelivered:
    """A message that a subscription has not acknowledged.

    Attributes:
        message_id: as receivers see it.
        attributes: of the message.
        status: ``waiting`` (no delivery attempt yet), ``in flight``, or ``retrying``.
        attempt: delivery attempts begun; the next one is ``attempt + 1``.
        next_attempt: the earliest time of the next attempt, in seconds since 1970.
            None while in flight, and behind an earlier message of its ordering key.
    """

    message_id: str
    attributes: dict[str, str]
    status: str
    attempt: int
    next_attempt: float | None


class Broker:
    """A Pub/Sub on this machine.

    Args:
        db: the SQLite file that holds everything; others may use it too. It is used in
            the event loop's thread, and no transaction stays open between turns.
        observe: called as ``observe(stage, **labels)``; must not block. Stages:

            - ``published``: topic, data (bytes), and of a replayed dead letter
              replayed, the number of replays.
            - ``pushed``, a push begins: subscription, attempt.
            - ``answered``, a push ends: subscription, attempt, ms, status (None with
              an ``error`` where there was no response), next_attempt (seconds since
              1970; None where the message is acknowledged or dead-lettered).
            - ``dead-lettered``: subscription, attempt.

            All have message_id and, from the message's attributes, event, entity and
            uid (None without).
        clock: seconds since 1970.
        speed: acknowledgement deadlines, backoff and retention pass this many times
            faster; for tests.
        window: outstanding pushes to one subscription's endpoint, at most.
        held: push nothing before :meth:`release`, for an endpoint that is not up yet.

    Raises:
        ValueError: speed or window is out of range.
    """

    def __init__(
        self,
        db: sqlite3.Connection,
        *,
        observe: Observe | None = None,
        clock: Callable[[], float] = time.time,
        speed: float = 1.0,
        window: int = push.MAX_WINDOW,
        held: bool = False,
    ) -> None:
        if speed <= 0 or window < 1:
            raise ValueError("speed must be above 0 and window at least 1")
        self._db = db
        self._observe = observe
        self._clock = clock
        self._speed = speed
        self._window = window
        self._held = held
        self._server: grpc.aio.Server | None = None

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> str:
        """Listen, go on with what was left, and return ``host:port``.

        Args:
            port: 0 takes a free one.

        Raises:
            CannotListen: the port is in use or not permitted.
        """
        server = grpc.aio.server(options=OPTIONS)
        try:
            _probe(host, port)  # gRPC would write lines of its own to standard error
            bound_port = server.add_insecure_port(f"{host}:{port}")
        except (OSError, RuntimeError) as error:
            raise CannotListen(
                f"Cannot listen on {host}:{port}: the port is in use or not allowed."
                " Choose another, or 0 for a free one."
            ) from error
        self._store = Store(self._db)
        self._engine = Engine(self._store, self._observe, self._clock, self._speed)
        self._engine.held = self._held
        self._http = push.http_session()
        self._registry = Registry(self._engine, self._new_pusher)
        server.add_generic_rpc_handlers(handlers(self._engine, self._registry))
        await server.start()
        self._server = server
        return f"{host}:{bound_port}"

    def hold(self) -> None:
        """Push nothing more before :meth:`release`; pushes in flight go on."""
        self._held = True
        if self._server is not None:
            self._engine.held = True

    def release(self) -> None:
        """Push from now on."""
        self._engine.held = self._held = False
        for subscription in self._engine.subscriptions.values():
            self._engine.wake(subscription)

    async def stop(self) -> None:
        """Stop listening and pushing; what is undelivered stays in the file."""
        if self._server is None:
            return
        for pusher in self._registry.pushers():
            pusher.stop()
        stopped = asyncio.create_task(self._server.stop(STOP_SECONDS))
        await asyncio.sleep(0)  # from here on no new pull begins
        for subscription in self._engine.subscriptions.values():
            close_receivers(subscription, stopping())
        await stopped
        for pusher in self._registry.pushers():
            await pusher.finish(LAST_PUSHES_SECONDS)
        self._engine.close()
        await self._http.close()
        self._server = None

    def stats(self) -> dict[str, Stats]:
        """The figures of each subscription, by its full name."""
        counts = self._store.counts()
        now = self._clock()
        return {
            name: _stats(counts.get(subscription.id), now)
            for name, subscription in sorted(self._engine.subscriptions.items())
        }

    def undelivered(self, subscription: str, limit: int = 1000) -> list[Undelivered]:
        """What a subscription has not acknowledged, oldest first; at most *limit*.

        Args:
            subscription: its full name; one that does not exist has no messages.
        """
        if subscription not in self._engine.subscriptions:
            return []
        number = self._engine.subscriptions[subscription].id
        return [_undelivered(*row) for row in self._store.undelivered(number, limit)]

    def is_pushed(self, subscription: str) -> bool:
        """Whether a subscription, named in full, is pushed: it is not paused."""
        known = self._engine.subscriptions.get(subscription)
        return known is not None and known.is_pushed

    def _new_pusher(self, subscription: Subscription) -> push.Pusher:
        return push.Pusher(self._engine, subscription, self._http, self._window)


def _probe(host: str, port: int) -> None:
    """Raise OSError unless *port* can be listened on."""
    family, kind, proto, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    with socket.socket(family, kind, proto) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(address)


def _undelivered(
    body: bytes, attempt: int, is_leased: int, due: float | None
) -> Undelivered:
    message = pubsub_pb2.PubsubMessage.FromString(body)
    status = "in flight" if is_leased else "retrying" if attempt else "waiting"
    return Undelivered(
        message.message_id,
        dict(message.attributes),
        status,
        attempt,
        None if is_leased else due,
    )


def _stats(counts: tuple[int, int, float] | None, now: float) -> Stats:
    if counts is None:
        return Stats()
    undelivered, in_flight, oldest = counts
    return Stats(undelivered, in_flight, max(0.0, round(now - oldest, 3)))
