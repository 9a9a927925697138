"""``python -m local.clean``: deletes the local stack's state."""

import os
import sys

from cli.environment import ROOT, environment
from functions.settings import SettingsError, from_environment
from local.settings import LocalSettings
from local.state_folder import FolderInUse, FolderUnusable, StateFolder


def main() -> int:
    """Delete the state; 0 done, 2 wrong settings, 3 a stack is running there."""
    try:
        settings = from_environment(LocalSettings, environment(os.environ))
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    folder = ROOT / settings.state
    if not folder.exists():
        sys.stdout.write(f"{folder} holds no state\n")
        return 0
    try:
        StateFolder(folder).remove()
    except FolderInUse as error:
        pid = f" (process {error.pid})" if error.pid else ""
        sys.stderr.write(f"A stack is running here{pid}: stop it with Ctrl-C first\n")
        return 3
    except FolderUnusable as error:
        sys.stderr.write(f"{error}\n")
        return 3
    sys.stdout.write("State deleted: the next make run starts empty\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
