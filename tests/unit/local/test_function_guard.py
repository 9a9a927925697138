"""The guard in front of the local functions."""

import pytest
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient
from werkzeug.test import Client
from werkzeug.wrappers import Response

from local.function_guard import guard_asgi, guard_wsgi, new_path

OWN = (
    {},
    {"Host": "127.0.0.1:8080"},
    {"Host": "[::1]:8080"},
    {"Host": "localhost", "Origin": "http://localhost"},
    {"Host": "localhost", "Sec-Fetch-Site": "none"},
)
FOREIGN = (
    {"Host": "localhost", "Origin": "null"},
    {"Host": "localhost", "Origin": "https://localhost"},
    {"Host": "localhost", "Origin": ""},
    {"Host": "evil.example", "Origin": "http://evil.example"},
    {"Host": "evil.example"},
    {"Host": "["},
    {"Host": ""},
)
function = Response("reached")


@pytest.mark.parametrize("headers", OWN, ids=str)
def test_own_requests_reach_the_function(headers):
    headers = {"Host": "localhost", **headers}
    posted = Client(guard_wsgi(function, None)).post("/any", headers=headers)
    client = TestClient(guard_asgi(PlainTextResponse("reached")))

    assert (posted.status_code, posted.text) == (200, "reached")
    assert client.post("/any", headers=headers).text == "reached"


def test_requests_of_web_pages_are_rejected(subtests):
    for headers in FOREIGN:
        with subtests.test(headers=headers):
            posted = Client(guard_wsgi(function, None)).post("/", headers=headers)
            client = TestClient(guard_asgi(PlainTextResponse("reached")))

            assert posted.status_code == 403
            assert client.post("/", headers=headers).status_code == 403


def test_only_the_secret_path_is_answered():
    path = new_path()
    asked = []

    def consumer(environ, start_response):
        asked.append(environ["PATH_INFO"])
        return function(environ, start_response)

    client = Client(guard_wsgi(consumer, path))
    headers = {"Host": "localhost"}
    statuses = [
        client.post(other, headers=headers).status_code
        for other in (path, "/", "/é", path[:-1], path + "/", path.upper())
    ]

    assert statuses == [200, 403, 403, 403, 403, 403]
    assert asked == ["/"]


def test_paths_differ():
    assert len({new_path() for _ in range(100)}) == 100
