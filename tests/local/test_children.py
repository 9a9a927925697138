"""A function as a child process: listened to, whatever becomes of what it says."""

import asyncio
import os

import requests

from cli.environment import ROOT
from local.children import Child, Function
from tests.running import free_port

SECONDS = 60
LINES = 500  # of 10 kB: more than pipe and reader hold
CHATTY = """
import functions_framework

@functions_framework.http
def chatty(request):
    for _ in range(%d):
        print("x" * 10_000, flush=True)
    return "said"
"""


def test_a_line_that_cannot_be_kept_does_not_stop_who_said_it(tmp_path, caplog):
    source = tmp_path / "main.py"
    source.write_text(CHATTY % LINES)
    environment = {"PATH": os.environ["PATH"]}
    port = free_port()
    chatty = Function("chatty", str(source), "chatty", "127.0.0.1", port, environment)

    def full(name, said):
        raise OSError("the disk is full")

    async def asked() -> str:
        child = Child(chatty, str(ROOT), full, lambda name, status: None)
        await child.start()
        try:
            url = f"http://127.0.0.1:{port}/"
            answer = await asyncio.to_thread(requests.get, url, timeout=SECONDS)
            return answer.text
        finally:
            await child.stop()

    assert asyncio.run(asked()) == "said"
    assert "a line of chatty was lost: OSError" in caplog.text
