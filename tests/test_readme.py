"""What the README promises is there."""

import io
import json
import re
from pathlib import Path

from dotenv import dotenv_values

from cli.happened import Entry
from functions.commerce.settings import CommerceSettings
from functions.ingest import envelope
from functions.ingest.settings import IngestSettings
from functions.settings import from_environment, names
from local.settings import LocalSettings
from local.terminal import Terminal

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text()
MAKEFILE = (ROOT / "Makefile").read_text()


def test_every_command_is_a_target():
    used = set(re.findall(r"\bmake ([a-z][a-z-]*)", README))

    assert {"run", "test", "send"} <= used
    assert used <= set(re.findall(r"^([a-z][a-z-]*):", MAKEFILE, re.M))


def test_ci_runs_the_test_command_and_the_linters():
    lines = (ROOT / ".ci" / "run").read_text().splitlines()

    assert {"make install", "make lint", "make test"} <= set(lines)


def test_every_target_has_its_line_of_help():
    targets = set(re.findall(r"^([a-z][a-z-]*):", MAKEFILE, re.M))

    assert targets == set(re.findall(r"^([a-z][a-z-]*):.*## ", MAKEFILE, re.M))


def test_every_link_and_path_leads_somewhere():
    links = re.findall(r"\]\(([^)#:]+)\)", README)
    paths = re.findall(
        r"`((?:functions|docs|local|cli|terraform|bench)/[\w./-]*)`", README
    )

    assert links
    assert [name for name in links + paths if not (ROOT / name).exists()] == []


def test_every_page_is_in_its_table():
    table = README.partition("## Where to go next")[2]
    pages = {f"docs/{page.name}" for page in (ROOT / "docs").glob("*.md")}

    assert pages - set(re.findall(r"\]\(([^)#]+)\)", table)) == set()


def test_the_lines_it_shows_are_the_ones_that_are_printed():
    """Each is put together again by what prints it."""
    shown = re.findall(r"^\d\d:\d\d:\d\d  .*$", README, re.M)
    out = io.StringIO()
    terminal = Terminal(out)
    about = {
        "event": "be-observer.catalog_product_create",
        "entity": "product",
        "uid": "demo-048a2993-catalog_product_create",
    }
    stages = [
        ("received", {}),
        ("published", {"ms": 4}),
        ("attempt", {"attempt": 1}),
        ("outcome", {"outcome": "handled", "ms": 4.2, "status": 200}),
    ]
    for number, (stage, more) in enumerate(stages):
        terminal.entry(Entry(number, 0.0, stage, {**about, **more}))

    printed = out.getvalue().splitlines()
    assert [line[8:] for line in shown] == [line[8:] for line in printed]


def test_the_ports_it_names_are_the_defaults():
    settings = from_environment(LocalSettings, {})

    assert f"http://127.0.0.1:{settings.console_port}" in README
    assert f"curl http://127.0.0.1:{settings.port} " in README
    assert f"Port {settings.port} or {settings.console_port} is taken?" in README


def test_the_event_it_shows_is_taken():
    [body] = re.findall(r"curl \S+ -d '(.*?)'", README, re.S)

    posted = envelope.read(body.encode())

    assert posted.uid == "erp-4711"
    assert posted.value == json.loads(body)["data"]["value"]


def test_the_example_of_an_env_file_names_what_is_read():
    known = {*names(IngestSettings), *names(CommerceSettings)}

    assert set(dotenv_values(ROOT / ".env.example")) <= known
