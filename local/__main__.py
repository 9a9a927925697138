"""``python -m local``: the whole system on one machine, until Ctrl-C."""

import argparse
import asyncio
import os
import signal
import sys
from collections.abc import Coroutine
from typing import Any

from dotenv import dotenv_values

from cli.environment import ROOT, environment
from cli.kit.settings import kit_note
from functions.settings import SettingsError, from_environment
from local.ports import CannotStart
from local.processes import StartFailed
from local.settings import LocalSettings
from local.stack import Stack
from local.terminal import Terminal
from local.web import CannotListen

EPILOG = """Settings come from the environment and .env: PORT (8080), CONSOLE_PORT
(8090) and the others that docs/settings.md lists. With COMMERCE_BASE_URL set, events go
to that store; without it, to a stand-in. The state is kept in .local."""


def main() -> int:
    """Run the stack; 0 after Ctrl-C, 2 wrong settings, 3 it cannot start."""
    parser = argparse.ArgumentParser("python -m local", description=__doc__)
    parser.epilog = EPILOG
    parser.parse_args()
    env = environment(os.environ)
    try:
        settings = from_environment(LocalSettings, env)
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    if note := kit_note(dotenv_values(ROOT / ".env")):
        sys.stdout.write(f"{note}\n")
        sys.stdout.flush()
    try:
        asyncio.run(_run(settings, env))
    except (CannotStart, CannotListen, StartFailed) as error:
        sys.stderr.write(f"{error}\n")
        return 3
    return 0


async def _run(settings: LocalSettings, env: dict[str, str]) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    terminal = Terminal(verbose=settings.verbose)
    stack = Stack(settings, env, terminal)
    try:
        await _until(stop, stack.start())
        if not stop.is_set():
            await stop.wait()
        terminal.write("stopping")
    finally:
        await stack.stop()


async def _until(stop: asyncio.Event, start: Coroutine[Any, Any, None]) -> None:
    """Wait for *start*, but not after *stop* is set."""
    task = asyncio.ensure_future(start)
    waiter = asyncio.ensure_future(stop.wait())
    await asyncio.wait({task, waiter}, return_when=asyncio.FIRST_COMPLETED)
    waiter.cancel()
    if task.done():
        task.result()
        return
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


if __name__ == "__main__":
    sys.exit(main())
