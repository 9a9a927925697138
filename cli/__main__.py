"""``python -m cli``: the operator's commands."""

import signal
import sys
from importlib import import_module
from keyword import iskeyword
from types import FrameType
from typing import Any

import click

# A command's module is imported when it is used: Pub/Sub's library alone costs half a
# second, and a command whose library is missing must not break the others.
COMMANDS = {
    "send": "cli.commands.send",
    "import": "cli.commands.import_file",
    "check-commerce": "cli.commands.check_commerce",
    "connect-commerce": "cli.commands.connect_commerce",
    "dead-letters": "cli.commands.dead_letters",
    "replay": "cli.commands.dead_letters",
    "discard": "cli.commands.dead_letters",
    "pause": "cli.commands.delivery",
    "resume": "cli.commands.delivery",
    "status": "cli.commands.delivery",
    "events": "cli.commands.events",
    "trace": "cli.commands.trace",
    "forget": "cli.commands.forget",
    "new-event": "cli.commands.new_event",
    "check-kit": "cli.commands.check_kit",
}
EXIT_UNREACHABLE = 3


class Commands(click.Group):
    """The commands by name; their errors become one sentence and an exit status.

    Args:
        modules: the module of each command.
    """

    def __init__(
        self, *args: Any, modules: dict[str, str] = COMMANDS, **options: Any
    ) -> None:
        super().__init__(*args, **options)
        self._modules = modules

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self._modules)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in self._modules:
            return None
        try:
            module = import_module(self._modules[name])
        except ImportError as error:
            return _unavailable(name, f"not available here: {error}")
        function = name.replace("-", "_")
        # import is a word of Python's.
        function += "_" if iskeyword(function) else ""
        command: click.Command = getattr(module, function)
        return command

    def invoke(self, ctx: click.Context) -> object:
        from google.auth.exceptions import GoogleAuthError

        from cli.dead_letter_queue import LedgerNotConfigured
        from cli.deployment import Unreachable
        from functions.ledger.lookup import WrongLedgerKey
        from functions.ledger.store import LedgerUnavailable
        from functions.settings import SettingsError

        try:
            return super().invoke(ctx)
        except (LedgerNotConfigured, SettingsError) as error:
            raise click.UsageError(str(error)) from error
        except WrongLedgerKey as error:
            raise _Unreachable(str(error)) from error
        except LedgerUnavailable as error:
            raise _Unreachable(f"The ledger cannot be reached: {error}") from error
        except (Unreachable, GoogleAuthError) as error:
            raise _Unreachable(str(error)) from error


class _Unreachable(click.ClickException):
    """The local stack or the cloud cannot be reached."""

    exit_code = EXIT_UNREACHABLE


def _unavailable(name: str, reason: str) -> click.Command:
    def fail() -> None:
        raise _Unreachable(f"{name} is {reason}")

    return click.Command(name, callback=fail, short_help=f"({reason})")


@click.command(cls=Commands)
def main() -> None:
    """Operator commands: for the running local stack, or for a deployment with
    --project or GOOGLE_CLOUD_PROJECT.

    Exit status: 0 success, 1 partial failure, 2 usage error, 3 local stack or cloud not
    reachable.
    """


def _terminate(number: int, frame: FrameType | None) -> None:
    # As with Ctrl-C: leases are released on the way out.
    sys.exit(128 + number)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _terminate)
    main(prog_name="python -m cli")
