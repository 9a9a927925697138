"""``pause``, ``resume`` and ``status``.

On our broker: Google's emulator cannot change the labels of a subscription.
"""

import json
import queue
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from click.testing import CliRunner
from google.pubsub_v1.types import PushConfig, Subscription

from cli import pausing
from cli.__main__ import main
from cli.pubsub import PubSub
from functions.events.catalog import INBOUND_ENTITIES
from local.broker.store import Store
from tests.support.cli_deployment import CliDeployment
from tests.support.cli_push_config import AUTHENTICATED


@contextmanager
def consumer() -> Iterator[tuple[str, queue.Queue[bytes]]]:
    """An endpoint that acknowledges all pushes; its URL and the bodies it got."""
    bodies: queue.Queue[bytes] = queue.Queue()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            bodies.put(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/", bodies
        server.shutdown()
        thread.join()


def subscribe_all(deployment: CliDeployment, push_to: str) -> None:
    """Create the entities' push subscriptions."""
    for entity in INBOUND_ENTITIES:
        config = PushConfig(push_endpoint=push_to)
        deployment.subscribe(entity, entity, push_config=config)


def subscription_of(deployment: CliDeployment, entity: str) -> Subscription:
    return deployment.clients.subscriber.get_subscription(
        subscription=deployment.subscription(entity)
    )


def results(deployment: CliDeployment, *arguments: str) -> set[tuple[str, str]]:
    """Entity and result of each change."""
    changes = deployment.run_json(*arguments)
    return {(change["entity"], change["result"]) for change in changes}


def test_a_paused_entity_waits_until_it_is_resumed(deployment):
    with consumer() as (url, bodies):
        subscribe_all(deployment, url)
        deployment.write_stack_file(consumer=url)

        assert results(deployment, "pause", "order") == {("order", "paused")}
        deployment.publish("order", b"1", entity="order")
        deployment.publish("product", b"2", entity="product")
        assert b"product" in bodies.get(timeout=10)
        time.sleep(0.5)
        assert bodies.empty()

        assert results(deployment, "resume", "order") == {("order", "resumed")}
        assert b"order" in bodies.get(timeout=10)
        results(deployment, "pause", "all")  # the endpoint is closed now


def test_all_entities_are_paused_and_resumed_at_once(deployment):
    subscribe_all(deployment, "http://127.0.0.1:9/")
    for command, result in (
        ("pause", "paused"),
        ("pause", "already paused"),
        ("resume", "resumed"),
        ("resume", "already delivering"),
    ):
        expected = {(entity, result) for entity in INBOUND_ENTITIES}
        assert results(deployment, command, "all") == expected

    for entity in INBOUND_ENTITIES:
        subscription = subscription_of(deployment, entity)
        assert subscription.push_config.push_endpoint == "http://127.0.0.1:9/"
        assert dict(subscription.labels) == {}


@pytest.mark.parametrize("times", [1, 2], ids=["once", "twice"])
def test_push_config_and_labels_are_restored(deployment, times):
    """In the cloud only the subscription itself keeps where it pushed to."""
    deployment.write_stack_file(consumer=None)
    deployment.subscribe(
        "customer", "customer", push_config=AUTHENTICATED, labels={"team": "shop"}
    )
    before = subscription_of(deployment, "customer")

    for _ in range(times):
        deployment.run_json("pause", "customer")
    paused = subscription_of(deployment, "customer")
    deployment.run_json("resume", "customer")

    assert paused.push_config.push_endpoint == ""
    assert paused.labels["team"] == "shop"
    after = subscription_of(deployment, "customer")
    assert after == before
    assert after.push_config.oidc_token == AUTHENTICATED.oidc_token


class Killed(BaseException):
    """As by SIGKILL: nothing handles it."""


class KilledPubSub(PubSub):
    """Its process is killed before or after its first change is sent."""

    def __init__(self, endpoint, after: bool) -> None:
        super().__init__(endpoint)
        self._after = after

    def update(self, subscription, *fields):
        if self._after:
            super().update(subscription, *fields)
        raise Killed


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("command", ["pause", "resume"])
def test_a_killed_command_loses_nothing(deployment, command, after):
    deployment.write_stack_file(consumer=None)
    deployment.subscribe("customer", "customer", push_config=AUTHENTICATED)
    before = subscription_of(deployment, "customer")
    if command == "resume":
        deployment.run_json("pause", "customer")
    target = deployment.deployment

    with KilledPubSub(target.pubsub, after) as pubsub, pytest.raises(Killed):
        list(getattr(pausing, command)(target, pubsub, ["customer"]))

    deployment.run_json("pause", "customer")
    deployment.run_json("resume", "customer")
    assert subscription_of(deployment, "customer") == before


def test_the_local_stack_resumes_to_its_present_consumer(deployment):
    subscribe_all(deployment, "http://127.0.0.1:9/")
    deployment.run_json("pause", "order")
    deployment.write_stack_file(consumer="http://127.0.0.1:10/")  # after a restart

    deployment.run_json("resume", "order")

    config = subscription_of(deployment, "order").push_config
    assert config.push_endpoint == "http://127.0.0.1:10/"


def test_a_deployment_in_between_wins(deployment):
    """Terraform restores the push configuration; the outdated labels are removed."""
    deployment.write_stack_file(consumer=None)
    deployment.subscribe("order", "order", push_config=AUTHENTICATED)
    deployment.run_json("pause", "order")
    deployment.clients.subscriber.modify_push_config(
        subscription=deployment.subscription("order"),
        push_config=PushConfig(push_endpoint="https://new.example.com"),
    )

    assert results(deployment, "resume", "order") == {("order", "already delivering")}

    subscription = subscription_of(deployment, "order")
    assert subscription.push_config.push_endpoint == "https://new.example.com"
    assert dict(subscription.labels) == {}


def test_a_missing_subscription_does_not_stop_the_others(deployment):
    deployment.subscribe(
        "order", "order", push_config=PushConfig(push_endpoint="http://127.0.0.1:9/")
    )

    changes = deployment.run_json("pause", "product", "order", status=1)

    assert [(change["entity"], change["result"]) for change in changes] == [
        ("product", "failed"),
        ("order", "paused"),
    ]
    assert "NOT_FOUND" in changes[0]["detail"]


def test_pause_needs_a_known_entity(deployment):
    assert deployment.run("pause").exit_code == 2
    assert deployment.run("pause", "unicorn").exit_code == 2


def test_status_shows_pauses_and_dead_letters(deployment):
    subscribe_all(deployment, "http://127.0.0.1:9/")
    deployment.run_json("pause", "order")
    value = {"id": 7, "status": "complete", "notifyCustomer": False}
    deployment.add_rejected("sales_order_status_update", value, "u1")

    states = {state.pop("entity"): state for state in deployment.run_json("status")}

    since = states["order"].pop("paused_since")
    assert abs(since - time.time()) < 60
    backlog = {"waiting": 0, "in_flight": 0, "retrying": 0}
    expected = {"push_to": "", "kept_seconds": 86400, "dead_letters": 1}
    assert states["order"] == expected | backlog
    assert states["stock"] == {
        "push_to": "http://127.0.0.1:9/",
        "paused_since": None,
        "kept_seconds": 86400,
        "dead_letters": 0,
        **backlog,
    }
    lines = deployment.run("status").stdout.splitlines()
    [order] = [line for line in lines if line.startswith("order")]
    assert order.split()[:7] == ["order", "0", "0", "0", "1", "paused", "since"]
    assert "events are kept 1 days: resume before" in order


def test_status_shows_what_waits_and_what_retries(deployment):
    subscribe_all(deployment, "http://127.0.0.1:9/")
    path = deployment.folder / "state.sqlite"
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        store = Store(db)
        number = store.add_config("subscription", deployment.subscription("order"), b"")
        for message in (1, 2, 3, 4):
            store.add_message(message, b"")
            store.add_delivery(number, message, None, 0.0)
        retried, *_ = store.lease(number, 1.0, 2, None, None)
        store.give_back(number, retried.message, 9.0, counted=True)

    states = {state["entity"]: state for state in deployment.run_json("status")}

    numbers = [states["order"][name] for name in ("waiting", "in_flight", "retrying")]
    assert numbers == [2, 1, 1]
    assert states["stock"]["waiting"] == 0
    assert "RETRYING" in deployment.run("status").stdout.splitlines()[1]


def test_status_of_a_deployment_names_no_numbers(deployment):
    subscribe_all(deployment, "http://127.0.0.1:9/")
    environment = deployment.cloud_environment()

    result = CliRunner(env={**environment, "TOPIC_PREFIX": deployment.prefix}).invoke(
        main, ["status", "--json"]
    )

    assert json.loads(result.stdout.splitlines()[0])["waiting"] is None
