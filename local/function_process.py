"""Serves one function as functions-framework does, until its parent process ends.

The parent holds the other end of standard input. When the parent ends, for whatever
reason, that end closes and this process stops, so no process keeps listening. Requests
pass the guard of ``local/function_guard.py`` first.
"""

import argparse
import os
import signal
import threading
from collections.abc import Callable, Mapping
from functools import partial

from flask import Flask
from functions_framework import create_app
from functions_framework._http import create_server

from functions.ingest.settings import IngestSettings
from functions.settings import from_environment
from local.function_guard import PUSH_PATH, guard_asgi, guard_wsgi
from local.rejected_requests import record_rejections
from local.unauthenticated_requests import explanation

STDIN = 0


def main() -> None:
    """Serve the function that the options name."""
    parser = argparse.ArgumentParser()
    for name in ("--source", "--target", "--host"):
        parser.add_argument(name, required=True)
    parser.add_argument("--port", type=int, required=True)
    options = parser.parse_args()
    threading.Thread(target=_stop_with_parent, daemon=True).start()
    app = create_app(options.target, options.source, "http")
    if isinstance(app, Flask):
        app.wsgi_app = guard_wsgi(app.wsgi_app, os.environ.get(PUSH_PATH))
    else:
        if options.target == "ingest":
            app = record_rejections(app, _explain_rejection())
        app = guard_asgi(app)
    create_server(app, debug=False).run(options.host, options.port)


def _explain_rejection() -> Callable[[Mapping[str, str], bytes], str]:
    return partial(explanation, from_environment(IngestSettings, os.environ))


def _stop_with_parent() -> None:
    while os.read(STDIN, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main()
