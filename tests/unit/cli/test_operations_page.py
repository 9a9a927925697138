"""The page about operations has every command, option and limit."""

import re
import shlex
from datetime import UTC, datetime

import click

from cli.__main__ import COMMANDS, main
from cli.environment import ROOT
from functions.consumer.settings import ConsumerSettings
from functions.events import catalog

PAGE = (ROOT / "docs" / "operations.md").read_text()
EXAMPLES = sorted(
    set(re.findall(r"^(?:\$ )?(?:\.venv/bin/)?python -m cli (.+)$", PAGE, re.M))
)
ON_OTHER_PAGES = {
    "check-commerce",
    "check-kit",
    "connect-commerce",
    "import",
    "new-event",
    "send",
}
STEP = re.compile(r"^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3})  (\S.*?)  ", re.M)


def command(name: str) -> click.Command:
    return main.get_command(click.Context(main), name)


def test_every_command_is_listed():
    assert [name for name in COMMANDS if f"`{name}`" not in PAGE] == []


def test_every_option_is_described(subtests):
    for name in sorted(COMMANDS.keys() - ON_OTHER_PAGES):
        with subtests.test(name=name):
            options = {
                option
                for parameter in command(name).params
                if isinstance(parameter, click.Option)
                for option in parameter.opts
            }

            assert options - set(re.findall(r"--[a-z-]+", PAGE)) == set()


def test_every_example_is_valid(subtests):
    assert EXAMPLES
    for example in EXAMPLES:
        with subtests.test(example=example):
            name, *arguments = shlex.split(example)

            command(name).make_context(name, arguments)


def test_every_command_has_an_example():
    names = {example.split()[0] for example in EXAMPLES}

    assert COMMANDS.keys() - names - ON_OTHER_PAGES == set()


def test_the_history_on_the_page_is_in_order():
    times = [
        datetime.fromisoformat(time).replace(tzinfo=UTC)
        for time, _ in STEP.findall(PAGE)
    ]

    assert len(times) >= 3
    assert times == sorted(times)


def test_no_example_needs_an_active_environment():
    pages = [page.read_text() for page in (ROOT / "docs").glob("*.md")]

    assert re.findall(r"(?<!bin/)python -m cli.*", "\n".join(pages)) == []


def test_retention_on_the_page_is_as_configured():
    delivery = catalog.delivery_settings()
    rows = {
        cells[0].strip(): cells[2]
        for line in PAGE.splitlines()
        if len(cells := line.strip("| ").split("|")) == 3
    }
    days = delivery["message_retention_seconds"] // 86400
    dead_letter_days = delivery["dead_letter_retention_seconds"] // 86400
    ledger_days = ConsumerSettings(project="p").ledger_days

    assert f"{days} days" in rows["an entity's subscription"]
    assert f"{dead_letter_days} days" in rows["dead letters"]
    assert f"{ledger_days} days" in rows["ledger"]
