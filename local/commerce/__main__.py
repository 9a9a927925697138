"""``python -m local.commerce``: the stand-in alone, until Ctrl-C."""

import argparse
import asyncio
import json
import logging
import signal
import sqlite3
import sys
from pathlib import Path

from local.commerce.stand_in import StandIn
from local.web import CannotListen

EPILOG = """The first line on standard output is "listening on HOST:PORT". A consumer's
environment variables follow. State, calls, faults and switches are served under
http://HOST:PORT/_control/."""


def main() -> int:
    """Run a stand-in; 0 after Ctrl-C or SIGTERM, 3 if it cannot start."""
    options = _parser().parse_args()
    logging.basicConfig(format="%(levelname)s %(name)s: %(message)s")
    try:
        db = sqlite3.connect(options.state, isolation_level=None)
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = NORMAL")
    except sqlite3.Error as error:
        sys.stderr.write(
            f"Cannot keep the state in {options.state}: {error}; choose another file.\n"
        )
        return 3
    try:
        asyncio.run(_run(db, options))
    except CannotListen as error:
        sys.stderr.write(f"{error}\n")
        return 3
    finally:
        db.close()
    return 0


async def _run(db: sqlite3.Connection, options: argparse.Namespace) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    stand_in = StandIn(db, openapi=options.openapi)
    address = await stand_in.start(options.host, options.port)
    sys.stdout.write(f"listening on {address}\n")
    for name, value in stand_in.environment(f"http://{address}").items():
        sys.stdout.write(f"{name}={value}\n")
    sys.stdout.flush()
    if options.events_to:
        await stand_in.io_events.deliver_to(options.events_to)
    await stop.wait()
    await stand_in.stop()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "python -m local.commerce",
        description="A stand-in for Adobe Commerce on this machine.",
        epilog=EPILOG,
    )
    parser.add_argument("--host", default="127.0.0.1", help="address (%(default)s)")
    parser.add_argument(
        "--port", type=_port, default=8086, help="0 takes a free one (%(default)s)"
    )
    parser.add_argument(
        "--state",
        default=":memory:",
        metavar="FILE",
        help="SQLite file that keeps the state; without it the state is lost at the"
        " end",
    )
    parser.add_argument(
        "--events-to",
        metavar="URL",
        help="webhook to which the events of Commerce are delivered, signed",
    )
    parser.add_argument(
        "--openapi",
        type=_openapi,
        metavar="PATH",
        help="one of Adobe's Swagger documents: requests and responses are validated"
        " against it",
    )
    return parser


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port <= 65535:
        raise argparse.ArgumentTypeError("0 to 65535")
    return port


def _openapi(path: str) -> dict:
    try:
        document = json.loads(Path(path).read_text())
    except (OSError, ValueError) as error:
        raise argparse.ArgumentTypeError(f"cannot be read: {error}") from None
    if not isinstance(document, dict) or not {"paths", "definitions"} <= set(document):
        raise argparse.ArgumentTypeError("is not a Swagger 2.0 document")
    return document


if __name__ == "__main__":
    sys.exit(main())
