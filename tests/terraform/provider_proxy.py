"""Providers that know only the resources that the configuration uses.

Terraform starts a provider several times in a run, and each time it reads the schema
of all of its resources, a thousand for Google: seconds of CPU. Here each provider is
started once, and Terraform connects to a proxy (TF_REATTACH_PROVIDERS), which passes
every request on and leaves the schemas of unused resources out of the response.
"""

import json
import os
import re
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from functools import cache
from pathlib import Path
from threading import Thread

import grpc

from tests.terraform.providers import CONFIGURATION, executable, providers

# A provider starts only for a program that knows this value; it is no secret.
COOKIE = {
    "TF_PLUGIN_MAGIC_COOKIE": "d602bf8f470bc67ca7faa0386276bbdd"
    "4330efaf76d1a219cb4d6991ca9872b2",
    "PLUGIN_PROTOCOL_VERSIONS": "5",
}
PROVIDERS = ("archive", "google")
SERVICE = "tfplugin5.Provider"
# The fields of a response that are maps by the name of a resource, function, etc.
MAPS = {"GetSchema": {2, 3, *range(7, 16)}, "GetResourceIdentitySchemas": {1}}
UNLIMITED = [
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_send_message_length", -1),
]


def used() -> set[bytes]:
    """The types of resources and data sources in the configuration."""
    return {
        kind.encode()
        for path in CONFIGURATION.rglob("*.tf")
        for kind in re.findall(
            r'^(?:data|ephemeral|resource) "(\w+)"', path.read_text(), re.MULTILINE
        )
    }


class Proxy(grpc.GenericRpcHandler):
    """A running provider with few resources.

    Attributes:
        reattach: how Terraform connects to it.
    """

    def __init__(self, binary: Path, kept: set[bytes]) -> None:
        self.kept = kept
        self.process = subprocess.Popen(
            [binary],
            env=os.environ | COOKIE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        _, version, network, address, protocol, *_ = (
            self.process.stdout.readline().strip().split("|")
        )
        assert (version, protocol) == ("5", "grpc")
        target = f"unix:{address}" if network == "unix" else address
        self.channel = grpc.insecure_channel(target, UNLIMITED)
        # Mocks leave schemas and validations to it, which depend on the request only.
        self.response = cache(self._response)
        # Its log goes through here; it waits when none of it is read.
        output = self.channel.unary_stream("/plugin.GRPCStdio/StreamStdio")(b"")
        Thread(target=_discard, args=(output,), daemon=True).start()
        self.server = grpc.server(ThreadPoolExecutor(4), [self], options=UNLIMITED)
        port = self.server.add_insecure_port("127.0.0.1:0")
        self.server.start()
        self.reattach = {
            "Protocol": "grpc",
            "ProtocolVersion": 5,
            "Pid": os.getpid(),
            "Test": True,  # it survives the run
            "Addr": {"Network": "tcp", "String": f"127.0.0.1:{port}"},
        }

    def service(self, call: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler | None:
        """Pass the call on, except those that end or configure the provider."""
        service, method = call.method.strip("/").split("/")
        if service != SERVICE:
            return None  # of the plugin library, which works without
        if method == "Stop":
            return grpc.unary_unary_rpc_method_handler(lambda request, _: b"")
        return grpc.unary_unary_rpc_method_handler(
            lambda request, _: self.response(method, request)
        )

    def _response(self, method: str, request: bytes) -> bytes:
        """The provider's response without the resources that are not used."""
        response = self.channel.unary_unary(f"/{SERVICE}/{method}")(request)
        if method not in MAPS:
            return response
        return b"".join(
            field
            for number, entry, field in fields(response)
            if number not in MAPS[method] or key(entry) in self.kept
        )

    def close(self) -> None:
        """Stop the proxy and the provider."""
        self.server.stop(None)
        self.channel.close()
        self.process.terminate()
        self.process.communicate(timeout=20)


def _discard(output: grpc.Call) -> None:
    with suppress(grpc.RpcError):  # the provider ends
        for _ in output:
            pass


def fields(message: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """Number, content and bytes of each field of a protobuf message.

    All fields here are messages: a tag, a length, and the content.
    """
    position = 0
    while position < len(message):
        start = position
        tag, position = varint(message, position)
        assert tag & 7 == 2, "not a message"
        length, position = varint(message, position)
        content = message[position : position + length]
        position += length
        yield tag >> 3, content, message[start:position]


def key(entry: bytes) -> bytes:
    """The key of a map's entry, which is its first field."""
    return next(fields(entry))[1]


def varint(message: bytes, position: int) -> tuple[int, int]:
    """The number at *position*, and the position after it."""
    number = shift = 0
    while True:
        byte = message[position]
        position += 1
        number |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return number, position


@contextmanager
def proxies(folder: Path) -> Iterator[dict[str, str]]:
    """The variable of the environment that makes Terraform connect to proxies.

    Args:
        folder: for copies of the providers, where they need one.
    """
    binaries = executable(providers(), folder)
    kept = used()
    with ExitStack() as stack:
        reattach = {}
        for name in PROVIDERS:
            [binary] = binaries.rglob(f"terraform-provider-{name}_*")
            proxy = Proxy(binary, kept)
            stack.callback(proxy.close)
            reattach[f"registry.terraform.io/hashicorp/{name}"] = proxy.reattach
        yield {"TF_REATTACH_PROVIDERS": json.dumps(reattach)}
