"""Runs one function under functions-framework until its parent process ends.

The parent holds the other end of standard input. When the parent ends, for whatever
reason, that end closes and this process stops, so no process keeps listening.
"""

import os
import runpy
import signal
import sys
import threading

STDIN = 0


def _stop_with_parent() -> None:
    while os.read(STDIN, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    threading.Thread(target=_stop_with_parent, daemon=True).start()
    sys.argv[0] = "functions-framework"
    runpy.run_module("functions_framework", run_name="__main__", alter_sys=True)
