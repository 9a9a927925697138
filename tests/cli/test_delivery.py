"""``pause`` and ``resume``: nobody is pushed to, and then as before."""

import queue
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from cli import delivery
from cli.delivery import NotKept, noted, read_note
from cli.pubsub import PubSub, PushConfig
from functions.events.catalog import ENTITIES
from local.broker import pubsub_pb2
from tests.cli.deployment import Deployment

SIGNED = PushConfig(
    push_endpoint="https://commerce-customer-consumer-a1b2c3d4e5-ew.a.run.app",
    oidc_token=PushConfig.OidcToken(
        service_account_email="commerce-push@some-long-project-id.iam.gserviceaccount.com",
        audience="https://commerce-customer-consumer-a1b2c3d4e5-ew.a.run.app",
    ),
    attributes={"x-goog-version": "v1"},
)


only_ours = pytest.mark.parametrize(
    "deployment",
    ["ours"],
    indirect=True,
    ids=["ours: the emulator cannot change a subscription's labels"],
)


@contextmanager
def consumer():
    """An endpoint that takes all pushes; its URL and what it got."""
    got: queue.Queue[bytes] = queue.Queue()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            got.put(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/", got
        server.shutdown()
        thread.join()


def deliver(deployment: Deployment, push_to: str, **more) -> None:
    """Give all entities their push subscriptions."""
    for entity in ENTITIES:
        config = PushConfig(push_endpoint=push_to)
        deployment.subscribe(entity, entity, push_config=config, **more)


def config_of(deployment: Deployment, entity: str) -> pubsub_pb2.Subscription:
    request = pubsub_pb2.GetSubscriptionRequest(
        subscription=deployment.subscription(entity)
    )
    return deployment.api.call(
        "Subscriber/GetSubscription", request, pubsub_pb2.Subscription
    )


def did(deployment: Deployment, *arguments: str) -> set[tuple[str, str]]:
    told = deployment.told(*arguments)
    return {(change["entity"], change["did"]) for change in told}


@only_ours
def test_a_paused_entity_waits_and_a_resumed_one_goes_on(deployment):
    with consumer() as (url, got):
        deliver(deployment, url)
        deployment.announce(consumer=url)

        assert did(deployment, "pause", "order") == {("order", "paused")}
        deployment.api.publish(deployment.topic("order"), b"1", entity="order")
        deployment.api.publish(deployment.topic("product"), b"2", entity="product")
        assert b"product" in got.get(timeout=10)
        time.sleep(0.5)
        assert got.empty()

        assert did(deployment, "resume", "order") == {("order", "resumed")}
        assert b"order" in got.get(timeout=10)
        did(deployment, "pause", "all")  # the endpoint goes away now


@only_ours
def test_all_are_paused_and_resumed_at_once(deployment):
    deliver(deployment, "http://127.0.0.1:9/")

    assert did(deployment, "pause", "all") == {(e, "paused") for e in ENTITIES}
    assert did(deployment, "pause", "all") == {(e, "already paused") for e in ENTITIES}
    assert did(deployment, "resume", "all") == {(e, "resumed") for e in ENTITIES}
    assert did(deployment, "resume", "all") == {
        (e, "already delivering") for e in ENTITIES
    }
    for entity in ENTITIES:
        config = config_of(deployment, entity)
        assert config.push_config.push_endpoint == "http://127.0.0.1:9/"
        assert dict(config.labels) == {}


@only_ours
@pytest.mark.parametrize("times", [1, 2], ids=["once", "paused twice"])
def test_signature_and_labels_are_as_before(deployment, times):
    """In the cloud nothing but the subscription itself tells where it pushed to."""
    deployment.announce(consumer=None)
    deployment.subscribe(
        "customer", "customer", push_config=SIGNED, labels={"team": "shop"}
    )
    before = config_of(deployment, "customer")

    for _ in range(times):
        deployment.told("pause", "customer")
    paused = config_of(deployment, "customer")
    deployment.told("resume", "customer")

    assert paused.push_config.push_endpoint == ""
    assert paused.labels["team"] == "shop"
    after = config_of(deployment, "customer")
    assert after.push_config == before.push_config
    assert after.push_config.oidc_token == SIGNED.oidc_token
    assert dict(after.labels) == {"team": "shop"}


class Killed(BaseException):
    """As SIGKILL: nobody gets to do anything more."""


class Dying(PubSub):
    """Its process is killed around its first change, before or after it is sent."""

    def __init__(self, where, after: bool) -> None:
        super().__init__(where)
        self._after = after

    def update(self, subscription, *fields):
        if self._after:
            super().update(subscription, *fields)
        raise Killed


@only_ours
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("word", ["pause", "resume"])
def test_killed_around_its_one_request_nothing_is_forgotten(deployment, word, after):
    deployment.announce(consumer=None)
    deployment.subscribe("customer", "customer", push_config=SIGNED)
    before = config_of(deployment, "customer")
    if word == "resume":
        deployment.told("pause", "customer")
    where = deployment.where

    with Dying(where.pubsub, after) as pubsub, pytest.raises(Killed):
        list(getattr(delivery, word)(where, pubsub, ["customer"]))

    deployment.told("pause", "customer")
    deployment.told("resume", "customer")
    assert config_of(deployment, "customer") == before


def test_the_note_fits_into_labels():
    labels = noted(SIGNED)

    assert read_note(labels) == SIGNED
    assert len(labels) < 10
    for name, value in labels.items():
        assert len(name) <= 63
        assert 0 < len(value) <= 63
        assert (name + value).lower() == name + value
        assert (name + value).replace("-", "").isalnum()


@pytest.mark.parametrize(
    "labels",
    [
        {},
        {"paused-push-1": "aaaa"},
        {"paused-push-0": "a"},
        {"paused-push-0": "0189"},
        {**noted(SIGNED), "paused-push-2": ""},
    ],
)
def test_a_note_that_is_not_whole_is_not_believed(labels):
    with pytest.raises(NotKept):
        read_note(labels)


def test_what_was_paused_by_hand_is_told(deployment):
    deployment.announce(consumer=None)
    deployment.subscribe("order", "order")

    result = deployment.run("resume", "order")

    assert result.exit_code == 1
    assert result.stdout == (
        "order            failed: It was not paused by this command, so where it pushed"
        " to is not noted: make deploy (terraform apply) restores it\n"
    )


@only_ours
def test_the_local_stack_resumes_to_where_its_consumer_is_now(deployment):
    deliver(deployment, "http://127.0.0.1:9/")
    deployment.told("pause", "order")
    deployment.announce(consumer="http://127.0.0.1:10/")  # started again

    deployment.told("resume", "order")

    config = config_of(deployment, "order")
    assert config.push_config.push_endpoint == "http://127.0.0.1:10/"


@only_ours
def test_a_deployment_meanwhile_has_the_last_word(deployment):
    """Terraform restores the push; what was noted of the old one is dropped."""
    deployment.announce(consumer=None)
    deployment.subscribe("order", "order", push_config=SIGNED)
    deployment.told("pause", "order")
    request = pubsub_pb2.ModifyPushConfigRequest(
        subscription=deployment.subscription("order"),
        push_config=PushConfig(push_endpoint="https://new.example.com"),
    )
    deployment.api.call("Subscriber/ModifyPushConfig", request)

    assert did(deployment, "resume", "order") == {("order", "already delivering")}

    config = config_of(deployment, "order")
    assert config.push_config.push_endpoint == "https://new.example.com"
    assert dict(config.labels) == {}


@only_ours
def test_one_that_is_not_there_does_not_stop_the_others(deployment):
    deployment.subscribe(
        "order", "order", push_config=PushConfig(push_endpoint="http://127.0.0.1:9/")
    )

    told = deployment.told("pause", "product", "order", status=1)

    assert [(change["entity"], change["did"]) for change in told] == [
        ("product", "failed"),
        ("order", "paused"),
    ]
    assert "NOT_FOUND" in told[0]["why"]


def test_which_entity_must_be_said(deployment):
    assert deployment.run("pause").exit_code == 2
    assert deployment.run("pause", "unicorn").exit_code == 2


@only_ours
def test_status_tells_what_is_paused_and_what_waits(deployment):
    deliver(deployment, "http://127.0.0.1:9/")
    deployment.told("pause", "order")
    value = {"id": 7, "status": "complete", "notifyCustomer": False}
    deployment.refused("sales_order_status_update", value, "u1")

    told = {state.pop("entity"): state for state in deployment.told("status")}

    since = told["order"].pop("paused_since")
    assert abs(since - time.time()) < 60
    assert told["order"] == {"push_to": "", "kept_seconds": 86400, "dead_letters": 1}
    assert told["stock"] == {
        "push_to": "http://127.0.0.1:9/",
        "paused_since": None,
        "kept_seconds": 86400,
        "dead_letters": 0,
    }
    lines = deployment.run("status").stdout.splitlines()
    [order] = [line for line in lines if line.startswith("order")]
    assert order.split()[:4] == ["order", "1", "paused", "since"]
    assert "events are kept 1 days: resume before" in order
