"""What the README promises is there."""

import json
import re
from pathlib import Path

from dotenv import dotenv_values

from functions.commerce.settings import CommerceSettings
from functions.ingest import envelope
from functions.ingest.settings import IngestSettings
from functions.settings import names

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text()
MAKEFILE = (ROOT / "Makefile").read_text()


def test_every_command_is_a_target():
    used = set(re.findall(r"\bmake ([a-z][a-z-]*)", README))

    assert {"run", "test", "send"} <= used
    assert used <= set(re.findall(r"^([a-z][a-z-]*):", MAKEFILE, re.M))


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


def test_the_event_it_shows_is_taken():
    [body] = re.findall(r"curl \S+ -d '(.*?)'", README, re.S)

    posted = envelope.read(body.encode())

    assert posted.uid == "erp-4711"
    assert posted.value == json.loads(body)["data"]["value"]


def test_the_example_of_an_env_file_names_what_is_read():
    known = {*names(IngestSettings), *names(CommerceSettings)}

    assert set(dotenv_values(ROOT / ".env.example")) <= known
