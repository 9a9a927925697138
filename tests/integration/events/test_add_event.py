"""README.md's "Add an event" on a copy: each missing step is named, and all suffice.

One event has an existing entity, one a new entity in a new domain, one is outbound.
Then ``make new-event`` writes such events, and everything passes at once.
"""

import itertools
import json
import sys
import time

import pytest

from cli.new_event import edits
from local.processes import Process, Program, base_environment
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


CATALOG = "tests/unit/events/test_catalog.py"
# In the order in which they are applied: the test that names the next one.
NAMING = {
    "catalogue": CATALOG,
    "schemas": f"{CATALOG}::test_every_sample_is_loaded_unchanged",
    "samples": f"{CATALOG}::test_every_event_has_a_handler",
    "handlers": "tests/unit/docs/test_generated.py::test_no_document_is_stale",
}
IDENTIFIERS = "tests/unit/events/test_identifiers.py"
CONNECT = "tests/unit/cli/test_connect_commerce.py"
TESTS_OF_ALL_EVENTS = (
    CATALOG,
    "tests/unit/docs/test_generated.py",
    "tests/unit/commerce/test_documentation.py"
    "::test_every_handler_documents_its_idempotence",
    f"{IDENTIFIERS}::test_each_key_that_is_a_name_is_normalized",
    f"{IDENTIFIERS}::test_spellings_share_an_ordering_key",
    "tests/unit/handlers/test_own_changes.py",
    f"{CONNECT}::test_both_sides_are_set_up",
    f"{CONNECT}::test_each_subscription_has_the_fields_of_the_catalogue",
    f"{CONNECT}::test_metadata_has_a_sample_of_the_event",
    "tests/unit/cli/new_event",  # a further event can be written
)
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


# ``make send`` has the events that were written by hand.
SAMPLE_TEST = f"""
from cli.sample_events import SampleRun, select_events


def test_new_events_are_sent():
    names = list(select_events("all", False))
    assert list(select_events("refund_create", False)) == [{REFUND!r}]
    assert {{{RENAME!r}, {REFUND!r}}} <= set(names)
    assert {INVOICE!r} not in names
    deletion = names.index("be-observer.catalog_product_delete")
    assert names.index({RENAME!r}) < deletion
    assert SampleRun("a").value({RENAME!r}) == {SAMPLES[RENAME]["value"]!r}
    assert SampleRun("a").value({REFUND!r}) == {SAMPLES[REFUND]["value"]!r}
"""


class Copy:
    """The project in a folder of its own."""

    def __init__(self, folder):
        self.folder = folder
        self._numbers = itertools.count()
        copied(folder)

    def apply(self, step):
        events = self.folder / "functions" / "events"
        if step == "catalogue":
            text = (events / "catalog.json").read_text()
            for entity, lines in LINES.items():
                if entity in NEW_ENTITIES:
                    new = {**NEW_ENTITIES[entity], "events": lines}
                    text = edits.append_member(text, f'"{entity}": {json.dumps(new)}')
                else:
                    [(name, line)] = lines.items()
                    member = f'"{name}": {json.dumps(line)}'
                    text = edits.add_to_catalog(text, entity, member)
            (events / "catalog.json").write_text(text)
        elif step == "samples":
            content = json.loads((events / "samples.json").read_text())
            (events / "samples.json").write_text(json.dumps(content | SAMPLES))
        else:
            folder, modules = {
                "schemas": (events / "schemas", SCHEMAS),
                "handlers": (self.folder / "functions" / "handlers", HANDLERS),
            }[step]
            for entity, text in modules.items():
                with (folder / f"{entity}.py").open("a") as module:
                    module.write(text)

    def program(self, *arguments, **environment):
        """``python -m`` in the copy, with a log of its own."""
        log = self.folder / f"output-{next(self._numbers)}.txt"
        command = [sys.executable, "-m", *arguments]
        environment = {**base_environment(), **environment}
        return Process(
            Program(command[2], command, environment, log=log, folder=self.folder)
        )

    def run(self, *arguments, **environment):
        """Exit status and output of ``python -m``."""
        process = self.program(*arguments, **environment)
        process.spawn()
        return process.wait(120), process.output()

    def tests(self, *paths):
        """Exit status and output of the tests in *paths*."""
        # The plugins' import takes longer than the tests.
        plain = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
        options = ("-q", "--tb=short", "-p", "no:cacheprovider")
        return self.run("pytest", *options, *paths, **plain)


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    return Copy(tmp_path_factory.mktemp("copy"))


@pytest.fixture(scope="module")
def outputs(copy):
    """By step: the output of the test that names what is missing after it."""
    by_step = {}
    for step, test in NAMING.items():
        copy.apply(step)
        status, by_step[step] = copy.tests(test)
        assert status, f"nothing is missing after {step}"
    return by_step


@pytest.fixture(scope="module")
def written(copy, outputs):
    """The copy with all steps, in which ``new-event`` wrote three events."""
    for options in NEW_EVENTS:
        status, output = copy.run("cli", "new-event", *options, "--yes")
        assert status == 0, output
    return copy


def test_each_missing_step_is_named(outputs):
    assert outputs["catalogue"] == (
        "ERROR: catalog.json names the schema ProductRename;"
        " functions/events/schemas/product.py has none\n\n"
    )
    assert f"samples.json has no value of {RENAME}" in outputs["schemas"]
    for names in (
        "the handler rename; functions/handlers/product.py has none",
        "the handler create; there is no functions/handlers/refund.py",
        "the handler created; there is no functions/handlers/outbound/invoice.py",
    ):
        assert f"catalog.json names {names}" in outputs["samples"]
    assert "run: make docs" in outputs["handlers"]


def test_all_steps_and_new_event_are_what_tests_ask_for(written):
    """``new-event`` generates the documents of the other events too."""
    (written.folder / "tests/unit/test_new_samples.py").write_text(SAMPLE_TEST)
    new_tests = (*NEW_TESTS, "tests/unit/test_new_samples.py")

    status, output = written.tests(*TESTS_OF_ALL_EVENTS, *new_tests)

    assert status == 0, output
    changed = ("functions", "local/commerce", "tests/unit/handlers")
    for check in ("check", "format --check"):
        status, output = written.run("ruff", *check.split(), "-q", *changed)
        assert status == 0, output


def test_a_new_event_is_handled(written, tmp_path):
    """By the stand-in's new route, when ``make send`` posts its sample."""
    folder = {"LOCAL_STATE": str(tmp_path)}
    stack = written.program("local", **folder, PORT="0", CONSOLE_PORT="0")
    stack.spawn()
    try:
        end = time.monotonic() + 60
        while not (tmp_path / "stack.json").exists():
            assert stack.poll() is None, stack.output()
            assert time.monotonic() < end
            time.sleep(0.05)
        status, output = written.run(
            "cli", "send", "--event", "price_rule_update", "--json", **folder
        )
    finally:
        stack.stop()

    assert status == 0, output
    sent = json.loads(output)
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
    options = (*options, "--operation", "PUT taxRates/{id}", "--yes")
    try:
        status, output = written.run("cli", "new-event", *options)
    finally:
        broken.write_text(text)

    assert status == 1
    assert "Nothing was changed: python -m tools.docs failed: broken" in output
    assert not (written.folder / "functions/handlers/tax.py").exists()
    assert (written.folder / "functions/events/catalog.json").read_text() == catalog
