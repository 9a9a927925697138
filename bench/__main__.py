"""``python -m bench``: measure, print the table with ratios, draw docs/bench.svg."""

import argparse
import json
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from bench import contests, hardware, import_file, report, stock
from bench.adobe import key_host
from bench.measure import Effort, Figures, measure
from bench.pipeline import command as pipeline
from local.commerce.event_signature import SigningKey
from local.processes import ROOT, Process, Program, base_environment, free_port
from tools.options import new_file, number, saved_file

PICTURE = ROOT / "docs/bench.svg"
CONTESTS = ["ingest", "batch", "receiver", "consumer"]


def main(arguments: list[str]) -> int:
    """The command; 1 where a target is missed."""
    if arguments[:1] == ["console"]:
        from bench import console  # it needs a browser, the contests do not

        return console.main(arguments[1:])
    if arguments[:1] == ["import"]:
        return import_file.main(arguments[1:])
    if arguments[:1] == ["pipeline"]:
        return pipeline.main(arguments[1:])
    if arguments[:1] == ["stock"]:
        return stock.main(arguments[1:])
    options = _options(arguments)
    if options.report:
        saved = json.loads(Path(options.report).read_text())
        conditions, results = saved["conditions"], _parse_results(saved["results"])
    else:
        conditions, results = _measure(options)
    sys.stdout.write(report.table(results, conditions))
    if options.save:
        dumped = {name: [asdict(one) for one in of] for name, of in results.items()}
        content = {"conditions": conditions, "results": dumped}
        Path(options.save).write_text(json.dumps(content, indent=1) + "\n")
    if options.picture is None and list(results) == CONTESTS:
        options.picture = str(PICTURE)
    if options.picture:
        Path(options.picture).write_text(report.picture(results, conditions))
    return 1 if report.missed(results) else 0


def _measure(options: argparse.Namespace) -> tuple[str, report.Results]:
    cores = hardware.pin_this_process()
    results = {}
    with (
        tempfile.TemporaryDirectory() as name,
        hardware.pubsub(emulator=not options.broker) as (pubsub, address),
    ):
        folder = Path(name)
        _create_topics(address)
        effort = Effort(
            folder,
            options.rounds,
            options.seconds,
            options.starts,
            options.memory,
            options.warm_up,
        )
        target = _target_program(free_port())
        key = SigningKey()
        with Process(target) as commerce, key_host(key) as keys_url:
            for contest in (
                contests.ingest(address),
                contests.batch(address),
                contests.receiver(address, keys_url, key),
                contests.consumer(address, commerce.url, folder),
            ):
                if contest.name in options.contests:
                    results[contest.name] = measure(contest, effort, _progress)
    return f"{pubsub} behind; {cores}", results


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "contests",
        nargs="*",
        default=CONTESTS,
        help=f"{', '.join(CONTESTS)}; or first: console, import, pipeline or stock,"
        " with own options",
    )
    parser.add_argument("--rounds", type=number(int, 1), default=12)
    parser.add_argument(
        "--seconds", type=number(float, 0.01), default=0.8, help="of each run"
    )
    parser.add_argument(
        "--starts", type=number(int, 0), default=9, help="cold starts of each"
    )
    parser.add_argument("--warm-up", type=number(float, 0), default=1.0, help="factor")
    parser.add_argument("--no-memory", dest="memory", action="store_false")
    parser.add_argument(
        "--broker", action="store_true", help="the local broker, not Google's emulator"
    )
    parser.add_argument(
        "--picture", help="by default docs/bench.svg if every contest is measured"
    )
    parser.add_argument(
        "--save", type=new_file, help="write the figures to this file, as JSON"
    )
    parser.add_argument(
        "--report", type=saved_file, help="measure nothing: report a saved file"
    )
    return parser.parse_args(arguments)


def _parse_results(saved: dict[str, list[dict]]) -> report.Results:
    """Figures as saved; JSON's keys are text, connections are numbers."""
    results = {}
    for contest, figures in saved.items():
        results[contest] = [
            Figures(
                **{
                    name: {int(key): one for key, one in value.items()}
                    if isinstance(value, dict)
                    else value
                    for name, value in fields.items()
                }
            )
            for fields in figures
        ]
    return results


def _target_program(port: int) -> Program:
    command = [sys.executable, "-m", "bench.target", str(port)]
    core = hardware.other_core()
    return Program("target", command, base_environment(), port, cpu=core)


def _create_topics(address: str) -> None:
    # Not needed for a saved report.
    import grpc
    from google.protobuf.empty_pb2 import Empty
    from google.pubsub_v1.types import Topic

    with grpc.insecure_channel(address) as channel:
        create = channel.unary_unary(
            "/google.pubsub.v1.Publisher/CreateTopic",
            request_serializer=Topic.pb().SerializeToString,
            response_deserializer=Empty.FromString,
        )
        for topic in contests.topics():
            create(Topic.pb()(name=topic), timeout=30, wait_for_ready=True)


def _progress(line: str) -> None:
    sys.stderr.write(f"{line}\n")


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)  # as a shell says it; the processes have ended
