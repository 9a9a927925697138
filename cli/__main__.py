"""``python -m cli``: the operator's commands."""

import signal
import sys
from importlib import import_module
from types import FrameType
from typing import Any

import click

# Imported when used: Pub/Sub's library alone costs half a second, and a command whose
# library is missing must not take the others with it.
COMMANDS = {
    "send": "cli.send",
    "check-commerce": "cli.check_commerce",
    "dead-letters": "cli.commands.dead_letters",
    "replay": "cli.commands.dead_letters",
    "discard": "cli.commands.dead_letters",
    "pause": "cli.commands.delivery",
    "resume": "cli.commands.delivery",
    "status": "cli.commands.delivery",
    "trace": "cli.commands.trace",
    "forget": "cli.commands.forget",
}
NOBODY_THERE = 3


class Commands(click.Group):
    """The commands by name; a fault of theirs is one sentence and an exit status.

    Args:
        modules: where each command is.
    """

    def __init__(self, *args: Any, modules: dict[str, str] = COMMANDS, **more: Any):
        super().__init__(*args, **more)
        self._modules = modules

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self._modules)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in self._modules:
            return None
        try:
            module = import_module(self._modules[name])
        except ImportError as error:
            return _not_here(name, f"not available here: {error}")
        return getattr(module, name.replace("-", "_"))

    def invoke(self, ctx: click.Context) -> object:
        from google.auth.exceptions import GoogleAuthError

        from cli.dead_letters import NoLedger
        from cli.where import Unreachable
        from functions.ledger.store import LedgerUnavailable
        from functions.settings import SettingsError

        try:
            return super().invoke(ctx)
        except (NoLedger, SettingsError) as error:
            raise click.UsageError(str(error)) from error
        except LedgerUnavailable as error:
            raise _Fault(f"The ledger cannot be reached: {error}") from error
        except (Unreachable, GoogleAuthError) as error:
            raise _Fault(str(error)) from error


class _Fault(click.ClickException):
    """Nobody there."""

    exit_code = NOBODY_THERE


def _not_here(name: str, why: str) -> click.Command:
    def fail() -> None:
        raise _Fault(f"{name} is {why}")

    return click.Command(name, callback=fail, short_help=f"({why})")


@click.command(cls=Commands)
def main() -> None:
    """Commands for operators: of the running local stack, or, with --project or
    GOOGLE_CLOUD_PROJECT, of a deployment.

    Exit status: 0 done, 1 some failed, 2 usage, 3 stack or cloud not reachable.
    """


def _terminated(number: int, frame: FrameType | None) -> None:
    # Like Ctrl-C: what is under a lease is given back on the way out.
    sys.exit(128 + number)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _terminated)
    main(prog_name="python -m cli")
