"""Starts Python programs as forks of one process, which has imported their packages.

Importing Flask, gRPC and the rest takes most of the time in which a function starts.
The tests start hundreds of functions and stacks, so they run this server and name its
socket in the variable FORK_SERVER; local/processes.py then asks it for each program.
Nothing else sets that variable. A function's start and end then take 0.1 seconds of
processor time instead of 0.6 to 1.0.

The server runs as ``python -I local/fork_server.py SOCKET`` and ends with its standard
input. A request is one message: JSON and the file descriptors that become 0, 1 and 2.
The answers are the process id and, when the process has ended, its exit status.
"""

import atexit
import contextlib
import gc
import importlib
import json
import os
import runpy
import selectors
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import IO, Any, NoReturn

VARIABLE = "FORK_SERVER"
MAX_REQUEST_BYTES = 1 << 17
SCRIPTS = ("functions-framework",)  # programs of the environment, apart from modules
# None of these starts a thread: a fork has only the thread that forked.
PRELOADED = (
    "aiohttp.web",
    "click",
    "cryptography.hazmat.primitives.serialization",
    "flask",
    "functions_framework.aio",
    "google.api_core.exceptions",
    "google.auth",
    "google.pubsub_v1.types",
    "grpc.aio",
    "gunicorn.app.base",
    "gunicorn.workers.gthread",
    "httptools",
    "jsonschema",
    "marshmallow",
    "oauthlib.oauth1",
    "requests",
    "rich.console",
    "sqlite3",
    "starlette.applications",
    "starlette.staticfiles",
    "uvicorn_worker",
    "uvicorn.protocols.http.httptools_impl",
)
# The project's own, which a program of another copy of the repository does not get.
ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("cli", "functions", "local")
PRELOADED_OWN = (
    "functions.commerce_events.receiver",
    "functions.consumer.consumer",
    "functions.ingest.ingest",
    "functions.ledger.stores",
    "local.broker.broker",
    "local.stack",
)


class ForkedProcess:
    """A process that the server started; it has what is used of subprocess.Popen.

    Args:
        server: path of the server's socket.
        command: as :func:`can_fork` accepts it.
        stdin, stdout: ``subprocess.PIPE``, a file or its descriptor; standard error
            goes where standard output goes.
        cpu: the only core it runs on; None for any.

    Attributes:
        pid: its process id, which is also that of its process group.
    """

    def __init__(
        self,
        server: str,
        command: list[str],
        cwd: Path,
        env: dict[str, str],
        stdin: int | None,
        stdout: int | IO[bytes],
        cpu: int | None,
    ) -> None:
        self.stdin: IO[bytes] | None = None
        self.stdout: IO[bytes] | None = None
        self.returncode: int | None = None
        self._server = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with contextlib.ExitStack() as opened:
            null = os.open(os.devnull, os.O_RDWR)
            opened.callback(os.close, null)
            given, taken = null, null
            if stdin == subprocess.PIPE:
                given, written = os.pipe()
                opened.callback(os.close, given)
                self.stdin = open(written, "wb", 0)
            if stdout == subprocess.PIPE:
                read, taken = os.pipe()
                opened.callback(os.close, taken)
                self.stdout = open(read, "rb")
            elif stdout != subprocess.DEVNULL:
                taken = stdout if isinstance(stdout, int) else stdout.fileno()
            request = {"command": command, "cwd": str(cwd), "env": env, "cpu": cpu}
            self._server.connect(server)
            socket.send_fds(
                self._server, [json.dumps(request).encode()], [given, taken, taken]
            )
        self.pid = int(self._server.recv(32))

    def poll(self) -> int | None:
        """Its exit status, negative for a signal; None while it runs."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Its exit status.

        Raises:
            subprocess.TimeoutExpired: it still runs after *timeout* seconds.
        """
        if self.returncode is None:
            self._server.settimeout(timeout)
            try:
                answer = self._server.recv(32)
            except (TimeoutError, BlockingIOError):
                raise subprocess.TimeoutExpired("fork", timeout or 0) from None
            # Without an answer the server was killed.
            self.returncode = int(answer) if answer else -signal.SIGKILL
            self._server.close()
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send it signal *number*, if it still runs."""
        if self.poll() is None:
            os.kill(self.pid, number)


def can_fork(command: list[str]) -> bool:
    """Whether the server can start *command*: a module, or one of ``SCRIPTS``."""
    if command[:2] == [sys.executable, "-m"]:
        return True
    path = Path(command[0])
    return path.name in SCRIPTS and path.parent == Path(sys.executable).parent


def serve(path: str) -> dict[str, Any]:
    """Fork for each request at the socket *path*; returns in the children only."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    listener.bind(path)
    listener.listen(64)
    sys.path.insert(0, str(ROOT))
    for name in PRELOADED + PRELOADED_OWN:
        importlib.import_module(name)
    sys.path.remove(str(ROOT))
    gc.freeze()
    woken, wake = socket.socketpair()
    wake.setblocking(False)
    signal.set_wakeup_fd(wake.fileno())
    signal.signal(signal.SIGCHLD, lambda *_: None)
    clients: dict[int, socket.socket] = {}
    with selectors.DefaultSelector() as selector:
        for readable in (listener, woken, sys.stdin):
            selector.register(readable, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                if key.fileobj is listener:
                    client = listener.accept()[0]
                    request = _fork(client, clients)
                    if request is not None:
                        listener.close()
                        woken.close()
                        wake.close()
                        return request
                elif key.fileobj is woken:
                    woken.recv(1024)
                    _report_ended(clients)
                else:
                    os._exit(0)


def _fork(
    client: socket.socket, clients: dict[int, socket.socket]
) -> dict[str, Any] | None:
    """Fork for the request of *client*, which is returned in the child."""
    content, descriptors, _, _ = socket.recv_fds(client, MAX_REQUEST_BYTES, 3)
    pid = os.fork()
    if pid:
        clients[pid] = client
        client.send(str(pid).encode())
        for descriptor in descriptors:
            os.close(descriptor)
        return None
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for other in (client, *clients.values()):
        other.close()
    os.setsid()
    for number, descriptor in enumerate(descriptors):
        os.dup2(descriptor, number)
        os.close(descriptor)
    request: dict[str, Any] = json.loads(content)
    return request


def _report_ended(clients: dict[int, socket.socket]) -> None:
    while clients:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if not pid:
            return
        with clients.pop(pid) as client, contextlib.suppress(OSError):
            client.send(str(os.waitstatus_to_exitcode(status)).encode())


def run(request: dict[str, Any]) -> None:
    """Run the program of *request* as if this interpreter had just started."""
    environment, command = request["env"], request["command"]
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(request["cwd"])
    time.tzset()
    if request["cpu"] is not None:
        os.sched_setaffinity(0, {request["cpu"]})
    sys.dont_write_bytecode = bool(environment.get("PYTHONDONTWRITEBYTECODE"))
    search = [p for p in environment.get("PYTHONPATH", "").split(os.pathsep) if p]
    if command[0] == sys.executable:
        search = [request["cwd"], *search]
    if search[:1] != [str(ROOT)]:
        for name in [n for n in sys.modules if n.partition(".")[0] in PACKAGES]:
            del sys.modules[name]
    sys.path[:0] = search
    if command[0] == sys.executable:
        sys.argv = command[2:]
        runpy.run_module(command[2], run_name="__main__", alter_sys=True)
    else:
        sys.argv = command
        runpy.run_path(command[0], run_name="__main__")


def exit_at_once(status: int) -> NoReturn:
    """End as the interpreter does, but do not free what is shared with the server.

    Each page with a freed object would be copied first, which takes longer than a
    function's start.
    """
    threading._shutdown()  # waits for threads
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


if __name__ == "__main__":
    try:
        run(serve(sys.argv[1]))
    except SystemExit as ended:
        if not isinstance(ended.code, int | None):
            raise
        exit_at_once(ended.code or 0)
    exit_at_once(0)
