"""``python -m bench``: measure, print the table with ratios, draw docs/bench.svg."""

import argparse
import sys
import tempfile
from pathlib import Path

import grpc
from google.protobuf.empty_pb2 import Empty
from google.pubsub_v1.types import Topic

from bench import machine, measure, report, ways

PICTURE = machine.ROOT / "docs/bench.svg"


def main(arguments: list[str]) -> int:
    """The command; 1 where a target is missed."""
    given = _options(arguments)
    where = machine.load_from_here()
    results = {}
    with tempfile.TemporaryDirectory() as folder, machine.pubsub(folder) as running:
        name, address = running
        _make_topics(address)
        store = machine.free_port()
        command = [sys.executable, "-m", "bench.target", str(store)]
        with machine.child(machine.pinned(1, *command), {}) as process:
            machine.wait_for(store, process)
            contests = {
                "ingest": ways.ingest(address, folder),
                "consumer": ways.consumer(address, folder, store),
            }
            for contest in (c for n, c in contests.items() if n in given.contests):
                told = measure.side_by_side(contest, given.rounds, given.seconds, _say)
                if given.starts:
                    measure.cold_starts(contest, told, given.starts)
                    _say(f"{contest.name}: cold starts measured")
                if given.memory:
                    measure.memory(contest, told)
                    _say(f"{contest.name}: memory measured")
                results[contest.name] = told
    sys.stdout.write(report.table(results, f"{name} behind; {where}"))
    if given.picture:
        Path(given.picture).write_text(report.picture(results, name))
    return 1 if report.missed(results) else 0


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("contests", nargs="*", default=["ingest", "consumer"])
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--seconds", type=float, default=0.8, help="of each run")
    parser.add_argument("--starts", type=int, default=9, help="cold starts of each")
    parser.add_argument("--no-memory", dest="memory", action="store_false")
    parser.add_argument("--picture", default=str(PICTURE), help="'' draws none")
    return parser.parse_args(arguments)


def _make_topics(address: str) -> None:
    with grpc.insecure_channel(address) as channel:
        create = channel.unary_unary(
            "/google.pubsub.v1.Publisher/CreateTopic",
            request_serializer=Topic.pb().SerializeToString,
            response_deserializer=Empty.FromString,
        )
        for topic in ways.topics():
            create(Topic.pb()(name=topic), timeout=30, wait_for_ready=True)


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
