"""The broker as a whole: started, stopped, asked how it is."""

import socket
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass

import grpc.aio

from local.broker import push
from local.broker.engine import Engine, Observe
from local.broker.pull import Puller
from local.broker.registry import Registry
from local.broker.service import Publisher, Subscriber, handlers
from local.broker.store import Store
from local.broker.subscription import Subscription

# Above Pub/Sub's limit, so that what is too large is refused by our sentence.
MESSAGE_BYTES = 24 * 1024 * 1024
OPTIONS = [
    ("grpc.max_receive_message_length", MESSAGE_BYTES),
    ("grpc.max_send_message_length", MESSAGE_BYTES),
    # Two brokers must not share a port unnoticed.
    ("grpc.so_reuseport", 0),
    # Google's clients ping an idle stream every 30 s, which gRPC would punish.
    ("grpc.http2.max_ping_strikes", 0),
]
LAST_PUSHES_SECONDS = 1.0


class CannotListen(OSError):
    """The port is in use, or not ours to take."""


@dataclass(frozen=True)
class Stats:
    """How a subscription is.

    Attributes:
        undelivered: messages not acknowledged yet.
        in_flight: of these, pushed or pulled at this moment.
        oldest_seconds: age of the oldest; 0 for none.
    """

    undelivered: int = 0
    in_flight: int = 0
    oldest_seconds: float = 0.0


class Broker:
    """A Pub/Sub on this machine.

    Args:
        db: the SQLite file all is kept in; others may use it too. It is used in the
            event loop's thread, and no transaction is left open between turns.
        observe: called as ``observe(stage, **labels)``; must not block. Stages:
            ``published`` (topic, data: the bytes), ``attempt`` (subscription, attempt),
            ``delivered`` (subscription, attempt, ms, status: None with an ``error``
            when there was no answer), ``dead-lettered`` (subscription, attempt). All
            carry message_id and, from the message's attributes, event, entity and uid
            (None without).
        clock: seconds since 1970.
        speed: acknowledgement deadlines, back-off and retention pass this many times
            faster; for tests.
        window: messages pushed to one subscription's endpoint at once, at most.
        held: push nothing before :meth:`release`, for an endpoint that is not up yet.
    """

    def __init__(
        self,
        db: sqlite3.Connection,
        *,
        observe: Observe | None = None,
        clock: Callable[[], float] = time.time,
        speed: float = 1.0,
        window: int = push.WINDOW,
        held: bool = False,
    ) -> None:
        if speed <= 0 or window < 1:
            raise ValueError("speed is above 0, window at least 1")
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
            CannotListen: the port is in use or forbidden.
        """
        server = grpc.aio.server(options=OPTIONS)
        try:
            _probe(host, port)  # gRPC would write lines of its own to standard error
            taken = server.add_insecure_port(f"{host}:{port}")
        except (OSError, RuntimeError) as error:
            raise CannotListen(
                f"Cannot listen on {host}:{port}: the port is in use or not allowed;"
                " choose another, or 0 for a free one."
            ) from error
        self._store = Store(self._db)
        self._engine = Engine(self._store, self._observe, self._clock, self._speed)
        self._http = push.http_session()
        self._engine.held = self._held
        self._registry = Registry(self._engine, self._pusher)
        puller = Puller(self._engine, self._registry)
        server.add_generic_rpc_handlers(
            handlers(
                Publisher(self._engine, self._registry),
                Subscriber(self._registry, puller),
            )
        )
        await server.start()
        self._server = server
        return f"{host}:{taken}"

    def release(self) -> None:
        """Push from now on."""
        self._engine.held = self._held = False
        for subscription in self._registry.subscriptions.values():
            self._engine.touch(subscription)

    async def stop(self) -> None:
        """Stop listening and pushing; what is undelivered stays in the file."""
        if self._server is None:
            return
        for pusher in self._registry.pushers():
            pusher.stop()
        await self._server.stop(grace=0.5)
        for pusher in self._registry.pushers():
            await pusher.finish(LAST_PUSHES_SECONDS)
        self._engine.close()
        await self._http.close()
        self._server = None

    def stats(self) -> dict[str, Stats]:
        """How each subscription is, by its full name."""
        counts = self._store.counts()
        now = self._clock()
        return {
            name: _stats(counts.get(subscription.id), now)
            for name, subscription in sorted(self._registry.subscriptions.items())
        }

    def _pusher(self, subscription: Subscription) -> push.Pusher:
        return push.Pusher(self._engine, subscription, self._http, self._window)


def _probe(host: str, port: int) -> None:
    """Raise OSError unless *port* can be listened on."""
    family, kind, proto, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    with socket.socket(family, kind, proto) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(address)


def _stats(counts: tuple[int, int, float] | None, now: float) -> Stats:
    if counts is None:
        return Stats()
    undelivered, in_flight, oldest = counts
    return Stats(undelivered, in_flight, max(0.0, round(now - oldest, 3)))
