"""HTTP/1.1 for uvicorn, without upgrades: a request that offers one is served as it is.

Java's HttpClient and ``curl --http2`` offer ``Upgrade: h2c`` with each first request
over plain HTTP. A server may ignore that (RFC 9110, 7.8), but the parser stops behind
the head of such a request, and uvicorn then loses its body (Kludex/uvicorn#2722).
"""

import httptools
from uvicorn import config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

DROPPED = (b"upgrade", b"http2-settings")


class Http1Protocol(HttpToolsProtocol):
    """uvicorn's own protocol, which parses the head of such a request again."""

    def _should_upgrade(self) -> bool:
        # uvicorn's callbacks ignore a request that is to be upgraded. CONNECT stops the
        # parser, too, and has no head that would not.
        return bool(self.parser.get_method() != b"CONNECT")

    def data_received(self, data: bytes) -> None:
        """Feed *data* to the parser; called by the event loop."""
        self._unset_keepalive_if_required()
        try:
            self._feed(data)
        except httptools.HttpParserError:
            message = "Invalid HTTP request received."
            self.logger.warning(message)
            self.send_400_response(message)

    def _feed(self, data: bytes | memoryview) -> None:
        # Each pipelined request may offer an upgrade.
        while True:
            try:
                self.parser.feed_data(data)
            except httptools.HttpParserUpgrade as upgrade:
                if not self._should_upgrade():
                    return
                head = self._head_without_upgrade()
                self.parser = httptools.HttpRequestParser(self)
                self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
                self.parser.feed_data(head)
                data = memoryview(data)[upgrade.args[0] :]
            else:
                return

    def _head_without_upgrade(self) -> bytes:
        version = self.parser.get_http_version().encode()
        lines = [b"%s %s HTTP/%s" % (self.parser.get_method(), self.url, version)]
        for name, value in self.headers:
            if name == b"connection":
                options = [option.strip() for option in value.split(b",")]
                kept = [o for o in options if o.lower() not in DROPPED]
                value = b", ".join(kept)
            if name not in DROPPED:
                # A folded value stays one line.
                lines.append(name + b": " + b" ".join(value.splitlines()))
        return b"\r\n".join([*lines, b"", b""])


def install() -> None:
    """Have every uvicorn server of this process use it."""
    config.HTTP_PROTOCOLS["auto"] = f"{__name__}:{Http1Protocol.__name__}"
