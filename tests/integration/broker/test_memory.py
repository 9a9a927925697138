"""Waiting messages are in the file, not in memory."""

import subprocess

from local.broker import pubsub_pb2
from tests.support import broker_servers
from tests.support.broker_api import Api
from tests.support.broker_endpoint import Endpoint

WAITING = 2_500
BODY = b"x" * 8000
BOUND_MEGABYTES = 10  # of which the bodies alone would be 20, and more as objects


def _megabytes(pid: int) -> float:
    ps = ["ps", "-o", "rss=", "-p", str(pid)]
    return int(subprocess.run(ps, capture_output=True, check=True).stdout) / 1024


def _fill(api: Api, topic: str, count: int) -> None:
    for number in range(count // 100):
        messages = [{"data": BODY, "ordering_key": f"k{number}"}] * 100
        request = pubsub_pb2.PublishRequest(topic=topic, messages=messages)
        api.call("Publisher/Publish", request, pubsub_pb2.PublishResponse)


def test_waiting_messages_take_little_memory(tmp_path):
    state = ["--state", str(tmp_path / "state.sqlite")]
    with broker_servers.process(tmp_path, *state) as broker, Endpoint() as endpoint:
        endpoint.answer = lambda push: 503
        api = Api(broker.address)
        topic = api.topic()
        api.subscription(
            topic,
            enable_message_ordering=True,
            push_config={"push_endpoint": endpoint.url},
        )
        _fill(api, topic, 500)
        before = _megabytes(broker.pid)
        _fill(api, topic, WAITING)
        grown = _megabytes(broker.pid) - before
        api.close()
    assert grown < BOUND_MEGABYTES
