"""An HTTP adapter whose responses end by a deadline, head and body.

A socket's timeout bounds one read, so a response that arrives byte by byte, or after
any number of ``100 Continue``, could outlast the lease of its event. Here each read of
a response, also of a proxy's, gets only the time that is left.
"""

import io
import math
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.client import HTTPResponse
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError
from urllib3.response import HTTPResponse as PoolResponse


class DeadlineReader(io.RawIOBase):
    """Reads *raw*, of *sock*, until *deadline* in monotonic seconds."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket, deadline: float) -> None:
        self._raw = raw
        self._sock = sock
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("the response did not end in time")
        self._sock.settimeout(left)
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class DeadlineResponse(HTTPResponse):
    """A response that is read until *deadline*."""

    def __init__(self, deadline: float, sock: socket.socket, **options: Any) -> None:
        super().__init__(sock, **options)
        raw = self.fp.detach()
        self.fp = io.BufferedReader(DeadlineReader(raw, sock, deadline))


class _Deadline:
    """Mixed into connections: a response has the timeout for all its reads together."""

    sock: socket.socket
    timeout: float
    response_class: Any
    call_deadline = math.inf  # monotonic seconds

    def connect(self) -> None:
        """Connect, and send nothing when that took longer than the call may.

        The connect timeout applies to each address of a host, and to no look-up of it.
        """
        super().connect()  # type: ignore[misc]  # of the connection
        if time.monotonic() > self.call_deadline:
            self.close()  # type: ignore[attr-defined]  # of the connection
            raise ConnectTimeoutError(self, "connected too late to send the request")

    def getresponse(self) -> PoolResponse:
        with self._deadline():
            return super().getresponse()  # type: ignore[misc]  # of the connection

    def _tunnel(self) -> None:
        """Connect through a proxy, before TLS begins."""
        with self._deadline():
            super()._tunnel()  # type: ignore[misc]  # of the connection
        self.sock.settimeout(self.timeout)

    @contextmanager
    def _deadline(self) -> Iterator[None]:
        """Responses that begin within this context end within the timeout.

        No longer: a kept connection that was closed connects through its proxy again.
        """
        deadline = min(time.monotonic() + self.timeout, self.call_deadline)
        self.response_class = partial(DeadlineResponse, deadline)
        try:
            yield
        finally:
            del self.response_class  # the class has its own


class _Connection(_Deadline, HTTPConnection):  # type: ignore[misc]  # see _Deadline
    pass


class _TlsConnection(_Deadline, HTTPSConnection):  # type: ignore[misc]  # see _Deadline
    pass


class _CallDeadline:
    """Mixed into pools: a connection gets the deadline of the call that it serves.

    urllib3 starts to count a call's time after it has connected to a proxy.
    """

    _call = threading.local()

    def urlopen(self, *args: Any, **options: Any) -> Any:
        self._call.deadline = time.monotonic() + options["timeout"].total
        return super().urlopen(*args, **options)  # type: ignore[misc]  # of the pool

    def _get_conn(self, timeout: float | None = None) -> Any:
        connection = super()._get_conn(timeout)  # type: ignore[misc]  # of the pool
        connection.call_deadline = self._call.deadline
        return connection


class HTTPPool(_CallDeadline, HTTPConnectionPool):
    """Connections whose calls end by their deadline."""

    ConnectionCls = _Connection  # type: ignore[assignment]  # it is one


class HTTPSPool(_CallDeadline, HTTPSConnectionPool):
    """The same over TLS."""

    ConnectionCls = _TlsConnection  # type: ignore[assignment]  # it is one


class DeadlineAdapter(HTTPAdapter):
    """Sends requests whose ``timeout.total`` includes the whole response."""

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options)
        _use_deadlines(self.poolmanager)

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **options)
        _use_deadlines(manager)
        return manager


def _use_deadlines(manager: PoolManager) -> None:
    manager.pool_classes_by_scheme = {"http": HTTPPool, "https": HTTPSPool}
