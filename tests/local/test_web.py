"""Answers of the rooms leave at once."""

import asyncio
import socket

import pytest

from local.web import listen

pytestmark = pytest.mark.anyio


async def test_a_kept_connection_does_not_wait_for_acknowledgements():
    """asyncio turns Nagle's algorithm off on what it accepts from this listener."""
    found = asyncio.get_running_loop().create_future()

    class Accepted(asyncio.Protocol):
        def connection_made(self, transport):
            raw = transport.get_extra_info("socket")
            found.set_result(raw.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            transport.close()

    listener = listen("127.0.0.1", 0)
    server = await asyncio.get_running_loop().create_server(Accepted, sock=listener)
    async with server:
        _, writer = await asyncio.open_connection(*listener.getsockname())
        assert await asyncio.wait_for(found, 10)
        writer.close()
