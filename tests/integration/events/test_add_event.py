"""README.md's "Add an event" on a copy: each missing step is named, and all suffice.

One event has an existing entity, one a new entity in a new domain, one is outbound.
Then ``make new-event`` writes such events, which pass at once.
"""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from local.processes import base_environment
from tests.support.copies import copied

RENAME, REFUND = "be-observer.catalog_product_rename", "be-observer.refund_create"
REFUND_LINE = {"schema": "RefundCreate", "handler": "create", "key": "id"}
INVOICE, SOURCE = "commerce.invoice.created", "observer.sales_invoice_save_commit_after"
INVOICE_LINE = {"schema": "InvoiceSaved", "handler": "created", "key": "id"}
NEW_ENTITIES = {
    "refund": {"domain": "refund", "direction": "inbound"},
    "outbound-invoice": {
        "domain": "outbound",
        "direction": "outbound",
        "sources": {SOURCE: {"fields": ["*"]}},
    },
}
LINES = {
    "product": {RENAME: {"schema": "ProductRename", "handler": "rename", "key": "sku"}},
    "refund": {REFUND: {**REFUND_LINE, "idempotent": False}},
    "outbound-invoice": {INVOICE: {**INVOICE_LINE, "source": SOURCE}},
}
SAMPLES = {
    RENAME: {"value": {"sku": "LAMP-1", "name": "Lamp of the desk"}},
    REFUND: {"value": {"id": 8, "reason": "It arrived broken."}},
    INVOICE: {"value": {"id": "8", "state": "2"}},
}
SCHEMAS = {
    "product": '''

class ProductRename(ClosedSchema):
    """A product's new name."""

    sku = Sku(required=True)
    name = Text(required=True)
''',
    "refund": '''"""Values of the refund event."""

from functions.events.fields import Id, Text
from functions.events.schemas import OpenSchema


class RefundCreate(OpenSchema):
    """A refund."""

    id = Id(required=True)
    reason = Text(required=True)
''',
    "outbound/invoice": '''"""Values of Commerce's invoice events."""

from functions.events.fields import Key
from functions.events.schemas import ForwardedSchema


class InvoiceSaved(ForwardedSchema):
    """An invoice that was saved in Commerce."""

    id = Key(required=True)
''',
}
HANDLERS = {
    "product": '''

def rename(value: dict, commerce: CommerceClient, delivery: DeliveryContext) -> str:
    """Change a product's name.

    Calls: `PUT products/{sku}`.

    Idempotence: writes the same name again.
    """
    commerce.put("products/{sku}", {"product": value}, sku=value["sku"])
    return "Product renamed successfully"
''',
    "refund": '''"""Refunds."""

from functions.handlers import CommerceClient, DeliveryContext


def create(value: dict, commerce: CommerceClient, delivery: DeliveryContext) -> str:
    """Refund an order.

    Calls: `POST order/{id}/refund`.

    Not idempotent. A second refund is rejected.
    """
    commerce.post("order/{id}/refund", {"notify": True}, id=value["id"])
    return "Refund created successfully"
''',
    "outbound/invoice": '''"""Invoices of Commerce, for the third party."""

from functions.handlers import DeliveryContext, Target


def created(value: dict, target: Target, delivery: DeliveryContext) -> str:
    """Deliver a new invoice.

    Calls: `POST` to the webhook.

    Idempotence: a second webhook has the same `webhook-id`.
    """
    return target.send(value)
''',
}


TESTS_OF_STEPS = (
    "tests/unit/events/test_catalog.py",
    "tests/unit/docs/test_generated.py",
)
TESTS_OF_ALL_EVENTS = (
    "tests/unit/commerce/test_documentation.py"
    "::test_every_handler_documents_its_idempotence",
    "tests/unit/events/test_identifiers.py",
    "tests/unit/handlers/test_own_changes.py",
    "tests/unit/cli/test_connect_commerce.py",
)


class Copy:
    """The project in a folder of its own."""

    def __init__(self, folder):
        self.folder = folder
        copied(folder)

    def apply(self, step):
        events = self.folder / "functions" / "events"
        if step == "catalogue":
            content = json.loads((events / "catalog.json").read_text())
            for entity, lines in LINES.items():
                new = {**NEW_ENTITIES.get(entity, {}), "events": {}}
                definition = content.setdefault(entity, new)
                definition["events"].update(lines)
            (events / "catalog.json").write_text(json.dumps(content))
        elif step == "samples":
            content = json.loads((events / "samples.json").read_text())
            (events / "samples.json").write_text(json.dumps(content | SAMPLES))
        elif step == "documents":
            assert self.python("-m", "tools.docs").returncode == 0
        else:
            folder, modules = {
                "schemas": (events / "schemas", SCHEMAS),
                "handlers": (self.folder / "functions" / "handlers", HANDLERS),
            }[step]
            for entity, text in modules.items():
                with (folder / f"{entity}.py").open("a") as module:
                    module.write(text)

    def python(self, *arguments, **environment):
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=self.folder,
            # The plugins' import takes longer than the tests.
            env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", **environment},
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )

    def tests(self, *paths):
        return self.python("-m", "pytest", "-q", "-p", "no:cacheprovider", *paths)


def test_each_missing_step_is_named(tmp_path):
    copy = Copy(tmp_path)

    copy.apply("catalogue")
    assert copy.tests(*TESTS_OF_STEPS).stderr == (
        "ERROR: catalog.json names the schema ProductRename;"
        " functions/events/schemas/product.py has none\n\n"
    )
    copy.apply("schemas")
    output = copy.tests(*TESTS_OF_STEPS).stdout
    assert f"samples.json has no value of {RENAME}" in output
    copy.apply("samples")
    output = copy.tests(*TESTS_OF_STEPS).stdout
    for names in (
        "the handler rename; functions/handlers/product.py has none",
        "the handler create; there is no functions/handlers/refund.py",
        "the handler created; there is no functions/handlers/outbound/invoice.py",
    ):
        assert f"catalog.json names {names}" in output
    copy.apply("handlers")
    assert "run: make docs" in copy.tests(*TESTS_OF_STEPS).stdout
    copy.apply("documents")
    result = copy.tests(*TESTS_OF_STEPS, *TESTS_OF_ALL_EVENTS)
    assert result.returncode == 0, result.stdout

    result = copy.python(
        "-c",
        "from cli.sample_events import SampleRun, select_events;"
        "print(*select_events('refund_create', False), *select_events('all', False));"
        "run = SampleRun('a');"
        f"print(run.value({RENAME!r}), run.value({REFUND!r}))",
    )
    names, values = result.stdout.splitlines()
    one, *every = names.split()
    assert one == REFUND
    assert set(every) >= {RENAME, REFUND}
    assert INVOICE not in every
    assert every.index(RENAME) < every.index("be-observer.catalog_product_delete")
    assert values == f"{SAMPLES[RENAME]['value']} {SAMPLES[REFUND]['value']}"


NEW_EVENTS = (
    (
        *("--entity", "price-rule", "--event", "be-observer.price_rule_update"),
        *("--fields", "id:id name:text discount:number note:text?"),
        *("--operation", "PUT salesRules/{id}"),
    ),
    (
        *("--entity", "order", "--event", "order_note_create"),
        *("--fields", "id:id reason:text", "--operation", "POST orders/{id}/notes"),
    ),
    (
        *("--direction", "outbound", "--entity", "product"),
        *("--event", "commerce.product.imported", "--source", "observer.import_done"),
        *("--fields", "sku:sku name:text"),
    ),
)
NEW_TESTS = tuple(
    f"tests/unit/handlers/test_{name}.py"
    for name in ("price_rule_update", "order_note_create", "commerce_product_imported")
)


@pytest.fixture(scope="module")
def written(tmp_path_factory) -> Copy:
    """A copy in which ``new-event`` wrote three events."""
    copy = Copy(tmp_path_factory.mktemp("copy"))
    for options in NEW_EVENTS:
        result = copy.python("-m", "cli", "new-event", *options, "--yes")
        assert result.returncode == 0, result.stderr
    return copy


def test_new_event_writes_what_the_unit_tests_ask_for(written):
    again = "tests/unit/cli/new_event"  # a further event can be written
    result = written.tests(*TESTS_OF_STEPS, *TESTS_OF_ALL_EVENTS, *NEW_TESTS, again)

    assert result.returncode == 0, result.stdout
    assert written.python("-m", "ruff", "check", "-q").returncode == 0
    assert written.python("-m", "ruff", "format", "--check", "-q").returncode == 0


def test_a_new_event_is_handled(written, tmp_path):
    """By the stand-in's new route, when ``make send`` posts its sample."""
    environment = {
        **base_environment(),
        "LOCAL_STATE": str(tmp_path),
        "PORT": "0",
        "CONSOLE_PORT": "0",
    }
    stack = [sys.executable, "-m", "local"]
    with subprocess.Popen(
        stack, cwd=written.folder, env=environment, stdout=subprocess.DEVNULL
    ) as process:
        try:
            end = time.monotonic() + 60
            while not (tmp_path / "stack.json").exists():
                assert process.poll() is None
                assert time.monotonic() < end
                time.sleep(0.05)
            send = ("-m", "cli", "send", "--event", "price_rule_update", "--json")
            result = written.python(*send, LOCAL_STATE=str(tmp_path))
        finally:
            process.send_signal(signal.SIGINT)

    assert result.returncode == 0, result.stdout + result.stderr
    sent = json.loads(result.stdout)
    assert (sent["outcome"], sent["message"]) == (
        "handled",
        "Price rule updated successfully",
    )


def test_a_failed_step_leaves_every_file_as_it_was(written):
    broken = written.folder / "tools/docs/__main__.py"
    text = broken.read_text()
    catalog = (written.folder / "functions/events/catalog.json").read_text()
    broken.write_text("raise SystemExit('broken')")
    options = ("--entity", "tax", "--event", "tax_update", "--fields", "id:id")
    try:
        result = written.python(
            *("-m", "cli", "new-event", *options),
            *("--operation", "PUT taxRates/{id}", "--yes"),
        )
    finally:
        broken.write_text(text)

    assert result.returncode == 1
    assert "Nothing was changed: python -m tools.docs failed: broken" in result.stderr
    assert not (written.folder / "functions/handlers/tax.py").exists()
    assert (written.folder / "functions/events/catalog.json").read_text() == catalog
