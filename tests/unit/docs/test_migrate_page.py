"""docs/migrate.md names commands, files and answers that exist."""

import json
import re
import shlex

import click
import pytest

from cli.__main__ import main
from cli.environment import ROOT
from functions.ingest import envelope
from functions.ingest.responses import published_content

PAGE = (ROOT / "docs/migrate.md").read_text()


def test_the_example_is_valid():
    [example] = re.findall(r"\.venv/bin/python -m cli check-kit (.+)$", PAGE, re.M)
    command = main.get_command(click.Context(main), "check-kit")

    command.make_context("check-kit", shlex.split(example))


@pytest.mark.parametrize(
    "path", sorted(set(re.findall(r"`(functions/[\w/]+\.(?:py|json))`", PAGE)))
)
def test_every_file_of_ours_exists(path):
    assert (ROOT / path).is_file()


def test_every_make_target_exists():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))

    assert set(re.findall(r"`make ([a-z-]+)", PAGE)) - targets == set()


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({"value": {}}, "missing parameter(s) 'data.uid,data.event'"),
        (
            {"uid": "1", "event": "X", "value": {}},
            "Unable to publish event X: Unknown event type",
        ),
    ],
)
def test_the_answers_are_ingests(data, sentence):
    with pytest.raises(envelope.InvalidEvent) as invalid:
        envelope.parse(json.dumps({"data": data}).encode())

    assert invalid.value.error == sentence
    assert f"`{sentence}`" in PAGE


def test_the_answer_of_success_is_ingests():
    assert published_content("x")["response"] == {
        "success": True,
        "message": "Event published successfully",
    }
    assert '"response": {"success": true, "message": "Event published succ' in PAGE
