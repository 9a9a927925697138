"""The bench measures what it says, and its verdicts can be both."""

import socket
import socketserver
import subprocess
import sys
import threading
import xml.etree.ElementTree as ElementTree
from itertools import cycle

import pytest

from bench import load, machine, report, ways
from bench.measure import Figures
from functions.consumer.push import read
from functions.ingest import envelope


class Answers(socketserver.StreamRequestHandler):
    """Answers each POST; each fifth with a 503, where the server says so."""

    def handle(self):
        while line := self.rfile.readline():
            length = 0
            while line.strip():
                name, _, value = line.partition(b":")
                if name.lower() == b"content-length":
                    length = int(value)
                line = self.rfile.readline()
            self.server.bodies.append(self.rfile.read(length))
            status = (
                b"503 x"
                if len(self.server.bodies) % self.server.fail == 0
                else b"200 OK"
            )
            self.wfile.write(b"HTTP/1.1 %s\r\nContent-Length: 2\r\n\r\n" % status)
            self.wfile.flush()
            self.wfile.write(b"{}")


@pytest.fixture
def server():
    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        bodies, fail = [], 10**9

    Server.bodies = []
    with Server(("127.0.0.1", 0), Answers) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield running
        running.shutdown()
        thread.join()


PLACES = """
import os, subprocess, sys
from bench import machine
where = machine.load_from_here()
ask = [sys.executable, "-c", "import os; print(*os.sched_getaffinity(0))"]
for core in (0, 1):
    subprocess.run(machine.pinned(core, *ask), check=True)
print(*os.sched_getaffinity(0))
print(where)
"""


def test_what_is_measured_has_a_core_of_its_own():
    ran = subprocess.run(
        [sys.executable, "-c", PLACES],
        cwd=machine.ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    function, others, here, where = ran.stdout.splitlines()

    if where.startswith("not pinned"):
        assert function == others == here
    else:
        assert others == here
        assert len({function, others}) == 2


def test_load_sends_what_it_is_told_and_counts_it(server):
    requests = cycle([load.post(b"a" * 100), load.post(b"b")])
    result = load.run(server.server_address[1], requests, 4, count=100)

    assert len(server.bodies) == 100
    assert set(server.bodies) == {b"a" * 100, b"b"}
    assert result.failed == 0
    assert result.rate > 0
    assert result.p99 > 0


def test_load_tells_what_failed(server):
    server.fail = 5
    requests = cycle([load.post(b"a")])

    assert load.run(server.server_address[1], requests, 1, count=100).failed == 20


def test_load_ends_in_time_and_when_nobody_listens(server):
    requests = cycle([load.post(b"a")])
    assert load.run(server.server_address[1], requests, 2, seconds=0.2).rate > 0

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with pytest.raises(OSError, match="refused|Connect"):
        load.run(port, requests, 1, seconds=0.2)


def test_what_is_posted_to_ingest_is_valid():
    requests = ways.ingest("127.0.0.1:1", "/tmp").requests()  # noqa: S108 - not used
    bodies = [next(requests).partition(b"\r\n\r\n")[2] for _ in range(3)]

    posted = [envelope.read(body) for body in bodies]
    assert [one.event for one in posted] == [ways.EVENT] * 3
    assert len({ways.EVENT.ordering_key(one.value) for one in posted}) == 3


def test_what_is_pushed_is_new_each_time():
    requests = ways.consumer("127.0.0.1:1", "/tmp", 1).requests()  # noqa: S108 - not used
    first, second = (read(next(requests).partition(b"\r\n\r\n")[2]) for _ in range(2))

    assert first.event == ways.EVENT.name
    assert ways.EVENT.load(first.value())
    assert first.message_id != second.message_id
    assert first.uid != second.uid


def figures(
    name, rate, p99=10.0, cold=100.0, memory=100.0, growth=0.0, levels=(1, 16, 64)
):
    return Figures(
        name,
        dict.fromkeys(levels, rate),
        dict.fromkeys(levels, p99),
        dict.fromkeys(levels, rate / 1000),
        dict.fromkeys(levels, p99 / 10),
        cold,
        memory,
        growth,
    )


def test_promises_that_hold_are_met():
    results = {
        "ingest": [
            figures("bare", 1000),
            figures("ours", 900),
            figures("tutorial", 100),
        ],
        "consumer": [
            figures("bare", 1000, levels=(1, 16)),
            figures("memory", 700, levels=(1, 16)),
            figures("sqlite", 500, levels=(1, 16)),
        ],
    }

    assert report.missed(results) == []
    assert "MISSED" not in report.table(results, "x")


@pytest.mark.parametrize(
    ("change", "missed"),
    [
        (
            {"rate": 700},
            ["rate to bare at 1", "rate to bare at 16", "rate to bare at 64"],
        ),
        ({"p99": 16.0}, ["p99 to bare at 1", "p99 to bare at 16", "p99 to bare at 64"]),
        ({"cold": 126.0}, ["cold start to bare"]),
        ({"memory": 126.0}, ["memory to bare"]),
        ({"growth": 3.0}, ["memory after twice as many"]),
    ],
    ids=str,
)
def test_a_promise_that_does_not_hold_is_told(change, missed):
    ours = figures("ours", **{"rate": 900, **change})
    results = {"ingest": [figures("bare", 1000), ours, figures("tutorial", 100)]}

    assert [target.what for target in report.missed(results)] == missed
    assert report.table(results, "x").count("MISSED") == len(missed)


def test_a_slow_tutorial_is_no_excuse():
    results = {
        "ingest": [
            figures("bare", 1000),
            figures("ours", 900),
            figures("tutorial", 200),
        ]
    }

    assert {target.what for target in report.missed(results)} == {
        f"rate to tutorial at {connections}" for connections in (1, 16, 64)
    }


def test_the_picture_is_well_formed_and_shows_every_figure():
    results = {
        "ingest": [
            figures("bare", 1000),
            figures("<ours>", 900),
            figures("tutorial", 100),
        ]
    }
    root = ElementTree.fromstring(report.picture(results, "x & y"))  # noqa: S314 - ours
    texts = [text.text for text in root.iter("{http://www.w3.org/2000/svg}text")]

    assert texts.count("<ours>") == 3
    assert texts.count("900  (0.90)") == 3
