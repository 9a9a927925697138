"""A function as a child process of the stack."""

import asyncio
import os

import pytest
import requests

from local.functions import StackFunction
from local.processes import StartFailed, free_port

SECONDS = 60
LINES = 500  # of 10 kB: more than a pipe holds
CHATTY = f"""
import functions_framework

@functions_framework.http
def chatty(request):
    for _ in range({LINES}):
        print("x" * 10_000, flush=True)
    return "done"
"""


def function(source, on_output, **environment: str) -> StackFunction:
    return StackFunction(
        "chatty",
        "127.0.0.1",
        free_port(),
        {"PATH": os.environ["PATH"], **environment},
        on_output,
        lambda status: None,
        source=str(source),
    )


async def test_output_that_cannot_be_stored_does_not_stop_it(tmp_path, caplog):
    source = tmp_path / "main.py"
    source.write_text(CHATTY)

    def fail(output):
        raise OSError("the disk is full")

    chatty = function(source, fail)
    await chatty.start()
    try:
        url = f"http://127.0.0.1:{chatty.port}/"
        response = await asyncio.to_thread(requests.get, url, timeout=SECONDS)
    finally:
        await chatty.stop()

    assert response.text == "done"
    assert "an entry of chatty was not stored: OSError" in caplog.text


async def test_a_failed_start_names_the_wrong_setting_only(tmp_path):
    source = tmp_path / "main.py"
    source.write_text("raise ValueError('Wrong settings: X must be set')")
    output = []

    with pytest.raises(StartFailed) as caught:
        await function(source, output.append).start()

    assert str(caught.value) == "chatty did not start: Wrong settings: X must be set"
    assert output == []


async def test_another_failed_start_shows_its_output(tmp_path):
    source = tmp_path / "main.py"
    source.write_text("raise ValueError('no reason')")
    output = []

    with pytest.raises(StartFailed, match="chatty did not start: ValueError: no"):
        await function(source, output.append).start()

    assert "ValueError: no reason" in output
