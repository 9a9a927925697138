"""``python -m local.clean``: forgets what the local stack keeps."""

import os
import sys

from cli.environment import ROOT, environment
from functions.settings import SettingsError, from_environment
from local.files import Files, Occupied, Unusable
from local.settings import LocalSettings


def main() -> int:
    """Remove the stack's files; 0 done, 2 wrong settings, 3 a stack is using them."""
    try:
        settings = from_environment(LocalSettings, environment(os.environ))
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    folder = ROOT / settings.state
    if not folder.exists():
        sys.stdout.write(f"nothing is kept in {folder}\n")
        return 0
    try:
        Files(folder).remove()
    except Occupied as error:
        pid = f" (process {error.pid})" if error.pid else ""
        sys.stderr.write(
            f"A stack is running here{pid}: stop it with Ctrl-C where it was started\n"
        )
        return 3
    except Unusable as error:
        sys.stderr.write(f"{error}\n")
        return 3
    sys.stdout.write("forgotten: the next make run starts anew\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
