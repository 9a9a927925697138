"""README.md's "Add an event", done on a copy: each step missing is named, and all do.

One event is of an entity there is, one of a new entity in a domain of its own.
"""

import json
import subprocess
import sys

from tests.copies import copied

RENAME, REFUND = "be-observer.catalog_product_rename", "be-observer.refund_create"
LINES = {
    "product": {RENAME: {"schema": "ProductRename", "handler": "rename", "key": "sku"}},
    "refund": {REFUND: {"schema": "RefundCreate", "handler": "create", "key": "id"}},
}
SAMPLES = {
    RENAME: {"value": {"sku": "LAMP-1", "name": "Lamp of the desk"}},
    REFUND: {"value": {"id": 8, "reason": "It arrived broken."}},
}
SCHEMAS = {
    "product": '''

class ProductRename(Closed):
    """A product's new name."""

    sku = Sku(required=True)
    name = Text(required=True)
''',
    "refund": '''"""Values of the refund event."""

from functions.events.fields import Id, Text
from functions.events.schemas import Open


class RefundCreate(Open):
    """Money that was given back."""

    id = Id(required=True)
    reason = Text(required=True)
''',
}
HANDLERS = {
    "product": '''

def rename(value: dict, shop: Shop, work: Work) -> str:
    """Change a product's name.

    A repeat writes the same again.
    """
    shop.put("products/{sku}", {"product": value}, sku=value["sku"])
    return "Product renamed successfully"
''',
    "refund": '''"""Refunds."""

from functions.handlers import Shop, Work


def create(value: dict, shop: Shop, work: Work) -> str:
    """Refund an order.

    A repeat is refused.
    """
    shop.post("order/{id}/refund", {"notify": True}, id=value["id"])
    return "Refund created successfully"
''',
}


class Copy:
    """The project in a folder of its own, in which the steps can be done."""

    def __init__(self, folder):
        self.folder = folder
        copied(folder)

    def do(self, step):
        events = self.folder / "functions" / "events"
        if step == "catalogue":
            kept = json.loads((events / "catalog.json").read_text())
            for entity, lines in LINES.items():
                about = kept.setdefault(entity, {"domain": entity, "events": {}})
                about["events"].update(lines)
            (events / "catalog.json").write_text(json.dumps(kept))
        elif step == "samples":
            kept = json.loads((events / "samples.json").read_text())
            (events / "samples.json").write_text(json.dumps(kept | SAMPLES))
        elif step == "documents":
            assert self.python("-m", "docs.generate").returncode == 0
        else:
            room, added = {
                "schemas": (events / "schemas", SCHEMAS),
                "handlers": (self.folder / "functions" / "handlers", HANDLERS),
            }[step]
            for entity, text in added.items():
                with (room / f"{entity}.py").open("a") as module:
                    module.write(text)

    def python(self, *arguments):
        return subprocess.run(
            [sys.executable, "-B", *arguments],
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )

    def tests(self, *paths):
        return self.python("-m", "pytest", "-q", "-p", "no:cacheprovider", *paths)


def test_each_step_is_asked_for_until_the_last_is_done(tmp_path):
    copy = Copy(tmp_path)
    steps = ("tests/events/test_catalog.py", "tests/docs/test_generated.py")

    copy.do("catalogue")
    assert copy.tests(*steps).stderr == (
        "ERROR: catalog.json names the schema ProductRename;"
        " functions/events/schemas/product.py has none\n\n"
    )
    copy.do("schemas")
    assert f"samples.json has no value of {RENAME}" in copy.tests(*steps).stdout
    copy.do("samples")
    said = copy.tests(*steps).stdout
    for names in (
        "the handler rename; functions/handlers/product.py has none",
        "the handler create; there is no functions/handlers/refund.py",
    ):
        assert f"catalog.json names {names}" in said
    copy.do("handlers")
    assert "run: make docs" in copy.tests(*steps).stdout
    copy.do("documents")
    for_all = ("tests/docs/test_outage_numbers.py", "tests/commerce/test_document.py")
    done = copy.tests(*steps, *for_all)
    assert done.returncode == 0, done.stdout

    told = copy.python(
        "-c",
        "from cli.samples import Run, wanted;"
        "print(*wanted('refund_create', False), *wanted('all', False));"
        f"print(Run('a').value({RENAME!r}), Run('a').value({REFUND!r}))",
    )
    names, values = told.stdout.splitlines()
    one, *every = names.split()
    assert one == REFUND
    assert set(every) >= {RENAME, REFUND}
    assert every.index(RENAME) < every.index("be-observer.catalog_product_delete")
    value = {"sku": "DEMO-a", "name": "Lamp of the desk"}
    assert values == f"{value} {SAMPLES[REFUND]['value']}"
