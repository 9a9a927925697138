"""Certificates, a server over TLS, and a proxy that connects to it."""

import contextlib
import datetime
import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.support.commerce_server import ReceivedRequest, RecordingServer

DAY = datetime.timedelta(days=1)


def write_certificate(
    path: Path, address: str = "127.0.0.1", days_left: int = 1
) -> Path:
    """Write key and self-signed certificate of *address* to *path*; it is an authority.

    Args:
        days_left: until it expires; negative for an expired one.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "store")])
    end = datetime.datetime.now(datetime.UTC) + days_left * DAY
    names = [x509.IPAddress(ipaddress.ip_address(address))]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(end - 30 * DAY)
        .not_valid_after(end)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return path


class TlsServer(RecordingServer):
    """A ``RecordingServer`` over TLS.

    Args:
        certificate: the file with key and certificate.
    """

    def __init__(
        self, script: Callable[[ReceivedRequest], Any], certificate: Path
    ) -> None:
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate)
        super().__init__(script)

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    def _serve(self, connection: socket.socket, number: int) -> None:
        with contextlib.suppress(OSError):
            super()._serve(
                self._context.wrap_socket(connection, server_side=True), number
            )


class ConnectProxy(RecordingServer):
    """A proxy that connects every tunnel to one port of this machine."""

    def __init__(self, port: int) -> None:
        self._store_port = port
        super().__init__(lambda request: b"HTTP/1.1 200 Connected\r\n\r\n")

    def _respond(self, connection: socket.socket, request: ReceivedRequest) -> bool:
        super()._respond(connection, request)
        with socket.create_connection(("127.0.0.1", self._store_port)) as store:
            back = threading.Thread(target=_copy, args=(store, connection))
            back.start()
            _copy(connection, store)
            back.join(5)
        return False


def _copy(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    for end in (source, target):
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
