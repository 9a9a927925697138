"""README.md: its structure, and that what it shows works."""

import json
import re

from dotenv import dotenv_values

from functions.commerce.settings import CommerceSettings
from functions.ingest import envelope
from functions.ingest.settings import IngestSettings
from functions.settings import from_environment, names
from local.settings import LocalSettings
from tests.support import markdown
from tests.support.handler_kit import FakeCommerce, handle, sample
from tests.support.markdown import ROOT

README = markdown.read("README.md")
MAX_LINES = 150
MAX_STEPS = 5


def test_readme_is_short():
    assert len(README.splitlines()) < MAX_LINES


def test_first_sentences_name_the_platform():
    introduction = README.split("\n\n")[1]

    for name in ("Cloud Run functions", "Pub/Sub", "Firestore", "Terraform"):
        assert name in introduction
    assert introduction.count(".") == 2


def test_data_flow_is_a_mermaid_diagram():
    assert "```mermaid\n" in markdown.section(README, "Data flow")


def test_two_commands_start_the_system():
    [commands] = re.findall(
        r"^```\n(make .*?)^```$", markdown.section(README, "Try it"), re.M | re.S
    )

    assert re.findall(r"^make (\S+)", commands, re.M) == ["run", "send"]


def test_every_page_is_in_the_table():
    listed = {target for target, _ in markdown.links(markdown.section(README, "Pages"))}
    docs = {f"docs/{page.name}" for page in (ROOT / "docs").glob("*.md")}

    assert docs | {"docs/decisions/README.md"} <= listed


def test_an_event_is_added_in_few_steps():
    text = markdown.section(README, "Change what is done")

    assert 0 < len(re.findall(r"^\d+\. ", text, re.M)) <= MAX_STEPS


def test_example_of_a_handler_test_passes():
    [source] = re.findall(r"```python\n(.*?)```", README, re.S)
    namespace = {"FakeCommerce": FakeCommerce, "handle": handle, "sample": sample}
    exec(compile(source, "README.md", "exec"), namespace)  # noqa: S102 - our own page
    [test] = [value for name, value in namespace.items() if name.startswith("test_")]

    test()


def test_ports_are_the_defaults():
    settings = from_environment(LocalSettings, {})

    assert f"http://127.0.0.1:{settings.console_port}" in README
    assert f"curl http://127.0.0.1:{settings.port} " in README


def test_example_event_is_valid():
    [body] = re.findall(r"curl \S+ -d '(.*?)'", README, re.S)

    posted = envelope.parse(body.encode())

    assert posted.uid == "erp-4711"
    assert posted.value == json.loads(body)["data"]["value"]


def test_default_authentication_is_stated():
    assert IngestSettings(project="p").auth == "none"
    assert "`INGEST_AUTH=none`" in README


def test_env_example_names_known_settings():
    known = {*names(IngestSettings), *names(CommerceSettings)}

    assert set(dotenv_values(ROOT / ".env.example")) <= known
