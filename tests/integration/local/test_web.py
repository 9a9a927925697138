"""Responses of stand-in and console leave at once."""

import asyncio
import socket

from local.web import listen


async def test_kept_connections_send_without_delay():
    """asyncio sets TCP_NODELAY on what it accepts from this listener."""
    option = asyncio.get_running_loop().create_future()

    class Accepted(asyncio.Protocol):
        def connection_made(self, transport):
            raw = transport.get_extra_info("socket")
            option.set_result(raw.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            transport.close()

    listener = listen("127.0.0.1", 0)
    server = await asyncio.get_running_loop().create_server(Accepted, sock=listener)
    async with server:
        _, writer = await asyncio.open_connection(*listener.getsockname())
        assert await asyncio.wait_for(option, 10)
        writer.close()
