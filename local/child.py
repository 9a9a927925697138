"""Runs one function under functions-framework, for as long as its parent lives.

The parent holds the other end of our standard input; when it is gone, however it went,
that end closes and this process stops, so nothing is left listening.
"""

import os
import runpy
import signal
import sys
import threading

PARENT = 0  # file descriptor of standard input


def _watch() -> None:
    while os.read(PARENT, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    threading.Thread(target=_watch, daemon=True).start()
    sys.argv[0] = "functions-framework"
    runpy.run_module("functions_framework", run_name="__main__", alter_sys=True)
