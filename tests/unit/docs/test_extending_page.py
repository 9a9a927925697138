"""The Python and the commands of docs/extending.md work."""

import re
import shlex
import sqlite3
import sys
from types import ModuleType

import click
import pytest
import requests

from cli.__main__ import main
from cli.environment import ROOT
from functions.errors import Rejected, Unavailable
from functions.settings import from_environment
from local.commerce.behaviours import Switches
from local.commerce.call import Call
from local.commerce.entity_store import EntityStore
from local.commerce.errors import CommerceError
from tests.support.commerce_adapter import RecordingAdapter, reply
from tests.support.handler_kit import FakeCommerce, FakeDelivery

PAGE = (ROOT / "docs/extending.md").read_text()
CLIENT, HANDLER, ROUTE = re.findall(r"```python\n(.*?)```", PAGE, re.S)
EXAMPLES = re.findall(r"\.venv/bin/python -m cli new-event (.+)$", PAGE, re.M)


def module(monkeypatch, name: str, source: str) -> ModuleType:
    """A module made of *source*, which others can import."""
    created = ModuleType(name)
    monkeypatch.setitem(sys.modules, name, created)
    exec(compile(source, "docs/extending.md", "exec"), vars(created))  # noqa: S102 the page's
    return created


@pytest.fixture
def points(monkeypatch):
    """Calls the page's handler against an API that answers with *responses*."""
    package = module(monkeypatch, "functions.points", "")
    package.client = module(monkeypatch, "functions.points.client", CLIENT)
    handler = module(monkeypatch, "handler_of_the_page", HANDLER)

    def update(*responses):
        adapter = RecordingAdapter(iter(responses))
        session = requests.Session()
        session.mount("https://", adapter)
        variables = {"POINTS_URL": "https://points.example", "POINTS_TOKEN": "t"}
        settings = from_environment(package.client.PointsSettings, variables)
        package.client.points = lambda: package.client.Points(settings, session)
        value = {"id": 15, "points": 7}
        message = handler.update(value, FakeCommerce({}), FakeDelivery())
        return message, adapter.requests

    return update


def test_the_handler_calls_the_other_api(points):
    message, [request] = points(reply(204, b""))

    assert message == "Points updated successfully"
    assert (request.method, request.body) == ("PUT", {"points": 7})
    assert request.url == "https://points.example/customers/15/points"
    assert request.headers["Authorization"] == "Bearer t"


@pytest.mark.parametrize("status", [400, 404, 422])
def test_a_permanent_answer_rejects_the_event(points, status):
    with pytest.raises(Rejected) as rejected:
        points(reply(status, {}))
    assert rejected.value.status == status


@pytest.mark.parametrize(
    ("response", "alarm", "outcome_unknown"),
    [
        (reply(401, {}), True, False),
        (reply(429, {}), False, False),
        (reply(500, {}), False, True),
        (reply(302, {}), False, False),
        (requests.ConnectionError(), False, False),
        (requests.ReadTimeout(), False, True),
    ],
    ids=["401", "429", "500", "302", "not reachable", "no answer"],
)
def test_a_temporary_answer_is_retried(points, response, alarm, outcome_unknown):
    with pytest.raises(Unavailable) as unavailable:
        points(response)
    assert unavailable.value.alarm == alarm
    assert unavailable.value.outcome_unknown == outcome_unknown


def test_the_route_of_the_page_approves_once(monkeypatch):
    approve = module(monkeypatch, "route_of_the_page", ROUTE).approve
    db = sqlite3.connect(":memory:", isolation_level=None)
    call = Call(EntityStore(db), Switches(), {"id": "15"}, [], None, "default", 0.0)

    assert approve(call) is True
    with pytest.raises(CommerceError):
        approve(call)
    assert [effect.operation for effect in call.effects] == ["rule.approved"]
    db.close()


def new_event() -> click.Command:
    return main.get_command(click.Context(main), "new-event")


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_is_valid(example):
    new_event().make_context("new-event", shlex.split(example))


def test_every_option_is_described():
    options = {o for p in new_event().params for o in p.opts}

    assert options - set(re.findall(r"--[a-z-]+", PAGE)) == set()
