"""The archives contain what the functions need, and an event passes through both."""

import base64
import json
import re
import shutil
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import grpc
import pytest
import requests
from google.pubsub_v1 import PublisherClient, SubscriberClient
from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport
from google.pubsub_v1.services.subscriber.transports import SubscriberGrpcTransport

from tests.support.running import free_port, listening
from tests.terraform.archives import Unpacked, archive_files
from tests.terraform.workspace import PROTECTION, ROOT, VALUES

PROJECT = VALUES["project_id"]
GUIDE = (ROOT / "docs" / "deploy.md").read_text()
# The first event of the guide, as curl posts it.
EVENT = json.loads(
    re.search(r"^curl \"\$URL\" .* -d '(\{.*?^\})'$", GUIDE, re.M | re.S)[1]
)


# The archives that the change of a file deploys again.
CHANGES = {
    "functions/ingest/__init__.py": {"ingest"},
    "functions/handlers/__init__.py": {"consumer"},
    "functions/events/catalog.json": {"commerce_events", "consumer", "ingest"},
    "functions/consumer/requirements.txt": {"consumer"},
    "functions/events/samples.json": set(),
    "README.md": set(),
}


@pytest.fixture(scope="session")
def listed(workspace, tmp_path_factory):
    """The archives of the copy, of the repository, and after each of ``CHANGES``."""
    roots = {"copy": workspace.folder, "repository": ROOT}
    for changed in CHANGES:
        roots[changed] = tmp_path_factory.mktemp("changed")
        shutil.copytree(workspace.folder / "functions", roots[changed] / "functions")
        with (roots[changed] / changed).open("a") as file:
            file.write("\n")
    return archive_files(workspace, roots)


@pytest.fixture(scope="session")
def archives(listed):
    return listed["copy"]


@pytest.fixture(scope="session")
def unpacked(listed, tmp_path_factory):
    """All archives with the functions' code, installed in parallel."""
    archives = listed["repository"]
    folders = {name: tmp_path_factory.mktemp(name) for name in archives}
    with ThreadPoolExecutor() as workers:
        return dict(
            zip(
                archives,
                workers.map(
                    lambda name: Unpacked(folders[name], archives[name]["files"]),
                    archives,
                ),
                strict=True,
            )
        )


class Commerce(BaseHTTPRequestHandler):
    """Accepts every request and records it."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.received.append((self.path, json.loads(body)))
        response = b'{"id": 1, "sku": "LAMP-1"}'
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(response)))
        self.end_headers()
        self.wfile.write(response)

    def log_message(self, *_):
        pass


@pytest.fixture
def commerce():
    server = HTTPServer(("127.0.0.1", 0), Commerce)
    server.received = []
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def running(unpacked, started, tmp_path):
    """Starts an archive with the environment of Terraform, and with changes to it."""
    processes = []

    def run(name, scenario="defaults", **changed):
        state = started[scenario].result().applied
        service = next(
            one["values"]["service_config"][0]
            for one in state["root_module"]["resources"]
            if one["type"] == "google_cloudfunctions2_function"
            and one["values"]["build_config"][0]["entry_point"] == name
        )
        secrets = {
            one["key"]: (VALUES["secrets"] | {"LEDGER_KEY": VALUES["ledger_key"]})[
                one["key"]
            ]
            for one in service["secret_environment_variables"]
        }
        port, output = free_port(), tmp_path / f"{name}.log"
        with output.open("wb") as log:
            environment = service["environment_variables"] | secrets | changed
            process = unpacked[name].start(name, port, environment, log)
        processes.append(process)
        end = time.monotonic() + 60
        while not listening(f"127.0.0.1:{port}"):
            assert process.poll() is None, output.read_text()
            assert time.monotonic() < end, output.read_text()
            time.sleep(0.1)
        return f"http://127.0.0.1:{port}", output

    yield run
    for process in processes:
        process.terminate()
    for process in processes:
        process.wait(timeout=20)


def test_an_event_passes_through_both_archives(running, broker, commerce, started):
    with grpc.insecure_channel(broker) as channel:
        publisher = PublisherClient(transport=PublisherGrpcTransport(channel=channel))
        subscriber = SubscriberClient(
            transport=SubscriberGrpcTransport(channel=channel)
        )
        topic = f"projects/{PROJECT}/topics/commerce-product"
        subscription = f"projects/{PROJECT}/subscriptions/pulled"
        publisher.create_topic(name=topic)
        subscriber.create_subscription(name=subscription, topic=topic)

        url, ingest_output = running("ingest", PUBSUB_EMULATOR_HOST=broker)
        token = VALUES["secrets"]["INGEST_TOKENS"].partition(":")[2]
        unauthenticated = requests.post(url, json=EVENT, timeout=30)
        response = requests.post(
            url, json=EVENT, headers={"authorization": f"Bearer {token}"}, timeout=30
        )
        assert unauthenticated.status_code == 401
        assert (response.status_code, response.json()) == (
            200,
            {
                "type": "be-observer.catalog_product_create",
                "response": {
                    "success": True,
                    "message": "Event published successfully",
                },
            },
        ), ingest_output.read_text()

        [received] = subscriber.pull(
            subscription=subscription, max_messages=1
        ).received_messages

    url, output = running(
        "consumer",
        PUBSUB_EMULATOR_HOST=broker,
        LEDGER="memory",
        COMMERCE_BASE_URL=f"http://127.0.0.1:{commerce.server_port}/rest/",
    )
    push = {
        "subscription": f"projects/{PROJECT}/subscriptions/commerce-product",
        "deliveryAttempt": 1,
        "message": {
            "data": base64.b64encode(received.message.data).decode(),
            "attributes": dict(received.message.attributes),
            "messageId": received.message.message_id,
            "orderingKey": received.message.ordering_key,
            "publishTime": "2026-01-01T00:00:00Z",
        },
    }
    response = requests.post(url, json=push, timeout=30)
    assert (response.status_code, response.json()["response"]["success"]) == (
        200,
        True,
    ), output.read_text()
    assert [(path, body["product"]["sku"]) for path, body in commerce.received] == [
        ("/rest/all/V1/products", "LAMP-1")
    ]

    lines = [
        json.loads(line)
        for file in (ingest_output, output)
        for line in file.read_text().splitlines()
    ]
    state = started["defaults"].result().applied
    for name in ("event_age", "outcomes", "processing_time"):
        assert counted(metric(state, name), lines), name


def test_the_receiver_starts_from_its_archive(running):
    url, output = running("commerce_events", PROTECTION)

    response = requests.get(url, params={"challenge": "abc-123"}, timeout=30)
    assert (response.status_code, response.text) == (200, "abc-123"), output.read_text()


def metric(state, name):
    """A log-based metric of the deployment."""
    return next(
        one["values"]
        for one in state["root_module"]["resources"]
        if one["type"] == "google_logging_metric" and one["index"] == name
    )


def counted(metric, lines):
    """Whether the metric counts a line, with all of its labels."""
    clauses = re.findall(r"jsonPayload[.](\w+)(>?=)(\S+)", metric["filter"])
    labels = [
        re.fullmatch(r"EXTRACT[(]jsonPayload[.](\w+)[)]", extractor)[1]
        for extractor in metric["label_extractors"].values()
    ]
    assert clauses
    return any(
        all(
            name in line
            and (
                line[name] >= float(value)
                if comparison == ">="
                else json.dumps(line[name]) == value
            )
            for name, comparison, value in clauses
        )
        and all(label in line for label in labels)
        for line in lines
    )


def test_entry_point_and_requirements_are_at_the_root(workspace, archives):
    for name, archive in archives.items():
        at_root = {
            path: source for path, source in archive["files"].items() if "/" not in path
        }
        own = f"{workspace.folder}/functions/{name}"
        assert at_root == {
            "main.py": f"{own}/main.py",
            "requirements.txt": f"{own}/requirements.txt",
        }


def test_each_archive_has_only_what_it_needs(listed):
    archives = listed["repository"]
    folders = {
        name: {path.split("/")[1] for path in archive["files"] if path.count("/") > 1}
        for name, archive in archives.items()
    }
    assert folders == {
        "commerce_events": {"commerce_events", "events", "pubsub", "web"},
        "ingest": {"events", "ingest", "ledger", "pubsub", "web"},
        "consumer": {
            "commerce",
            "consumer",
            "events",
            "handlers",
            "http_client",
            "ledger",
            "pubsub",
            "target",
        },
    }
    for archive in archives.values():
        endings = {path.rpartition(".")[2] for path in archive["files"]}
        assert endings == {"json", "py", "txt"}
        assert "functions/events/catalog.json" in archive["files"]
        assert "functions/events/samples.json" not in archive["files"]


def test_only_a_changed_archive_is_deployed(listed, archives):
    deployed_again = {
        changed: {
            name
            for name, archive in listed[changed].items()
            if archive["digest"] != archives[name]["digest"]
        }
        for changed in CHANGES
    }
    assert deployed_again == CHANGES


def test_terraform_zips_the_listed_files(started, archives):
    state = started[PROTECTION].result().applied
    zipped = {
        one["index"]: one["values"]
        for one in state["root_module"]["resources"]
        if one["type"] == "archive_file"
    }
    uploaded = {
        one["index"]: one["values"]["source"]
        for one in state["root_module"]["resources"]
        if one["type"] == "google_storage_bucket_object"
    }
    assert uploaded == {name: one["output_path"] for name, one in zipped.items()}
    assert {
        name: {source["filename"]: source["content"] for source in one["source"]}
        for name, one in zipped.items()
    } == {
        name: {
            path: Path(source).read_text() for path, source in archive["files"].items()
        }
        for name, archive in archives.items()
    }


def test_objects_are_named_by_content(started, archives):
    state = started[PROTECTION].result().applied
    names = {
        one["index"]: one["values"]["name"]
        for one in state["root_module"]["resources"]
        if one["type"] == "google_storage_bucket_object"
    }
    assert names == {
        name: f"{name}-{archive['digest']}.zip" for name, archive in archives.items()
    }
