"""Take the pictures of the console: ``python -m tools.screenshots``.

It starts a local stack, creates events of every kind, and writes ``docs/console/*.png``
through the browser that the tests use.
"""

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.support import machine
from tests.support.browser import PHONE, Page, browser
from tests.support.running import ROOT, RunningStack

FOLDER = ROOT / "docs" / "console"
ORDER = "be-observer.sales_order_status_update"
REJECTED = {"id": 4711, "status": "processing", "notifyCustomer": False}
INVALID = {"sku": "LAMP-2", "name": "", "price": "49,90"}
PRODUCT = {"sku": "LAMP-1", "name": "Lamp", "price": 25, "description": "d"}


def events(page: Page) -> None:
    """Charts, and rows of every kind."""
    page.open("/")
    page.sees("retrying", "dead letter", "handled")


def event(page: Page) -> None:
    """Why an event was rejected, and what can be done."""
    page.open("/event?key=erp-4711")
    page.sees("It is a dead letter.")


def retries(page: Page) -> None:
    """The history of an event that is retried."""
    page.open("/event?key=pim-20")
    page.sees("more attempts")
    script = "document.getElementById('attempts-2').scrollIntoView({block: 'center'})"
    page.driver.execute_script(script)


def rejected(page: Page) -> None:
    """What ingest says of a request that it rejected, and the body."""
    page.open("/?status=rejected&search=pim-21")
    page.press("pim-21")
    page.sees("Messages by field")


def dead_letters(page: Page) -> None:
    """The dead letters."""
    page.open("/dead-letters")
    page.sees("erp-4711", "erp-4712")


def dry_run(page: Page) -> None:
    """What a replay of all dead letters would do."""
    page.open("/dead-letters/preview?action=replay")
    page.sees("This is a dry run")


def send(page: Page) -> None:
    """A form with an error beside a field."""
    page.open("/send?event=be-observer.sales_order_status_update")
    page.fill("value.id", "eight")
    page.press("Send event")
    page.sees("400 ")


def commerce(page: Page) -> None:
    """The stand-in while a fault is simulated."""
    page.open("/commerce")
    page.sees("responds 503 until switched off")


def api(page: Page) -> None:
    """The reference of ingest's API."""
    page.open("/api")
    page.sees("Post one event")


# name: (what to show, the window's size, dark)
PICTURES: dict[str, tuple[Callable[[Page], None], tuple[int, int], bool]] = {
    "events": (events, (1280, 500), False),
    "event": (event, (1280, 640), False),
    "retries": (retries, (1280, 640), True),
    "rejected": (rejected, (1280, 640), False),
    "dead-letters": (dead_letters, (1280, 560), False),
    "dry-run": (dry_run, (1280, 400), False),
    "send": (send, (1280, 520), False),
    "commerce": (commerce, (1280, 640), True),
    "api": (api, (1280, 640), False),
    "phone": (events, PHONE, True),
}


def take(
    stack: RunningStack, page: Page, folder: Path, report: Callable[[str], None]
) -> list[Path]:
    """Create the events, and write every picture into *folder*; returns their paths.

    Args:
        page: a window for the console of *stack*.
        report: called with one line per picture.
    """
    _create_events(stack, page)
    paths = []
    for name, (shows, size, dark) in PICTURES.items():
        page.look(size, dark)
        shows(page)
        page.sees("live")
        path = folder / f"{name}.png"
        path.write_bytes(page.driver.get_screenshot_as_png())
        paths.append(path)
        report(f"{path.name}  {path.stat().st_size // 1024} KiB")
    return paths


def _create_events(stack: RunningStack, page: Page) -> None:
    stack.command("send", "--event", "all")
    for number in (4711, 4712):
        stack.post(ORDER, {**REJECTED, "id": number}, f"erp-{number}")
        stack.outcome(f"erp-{number}", "rejected")
    stack.post("be-observer.catalog_product_create", INVALID, "pim-21")
    page.open("/commerce")
    page.press("Simulate")
    page.sees("responds 503 until switched off")
    stack.post("be-observer.catalog_product_update", PRODUCT, "pim-20")
    stack.outcome("pim-20", "retrying")


def main() -> int:
    """Run the command; returns its exit status."""
    if machine.chromium() is None:
        sys.stderr.write(
            "Chromium or its driver is missing: apt install chromium chromium-driver\n"
        )
        return 2
    with (
        tempfile.TemporaryDirectory() as state,
        RunningStack(Path(state)) as stack,
        browser() as driver,
    ):
        page = Page(driver, stack.stack["console"])
        take(stack, page, FOLDER, lambda line: sys.stdout.write(f"{line}\n"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
