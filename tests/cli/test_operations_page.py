"""The operator's page: it has every command, and what it says is so."""

import re
import shlex
from pathlib import Path

import click
import pytest

from cli.__main__ import COMMANDS, main
from cli.commands.trace import _line, _now
from cli.dead_letters import MOST_REPLAYS
from cli.trace import Life, Step
from functions.consumer.settings import ConsumerSettings
from functions.events import catalog
from functions.ledger.record import MAX_MESSAGE_LENGTH
from local.journal import KEPT

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "operations.md").read_text()
EXAMPLES = sorted(
    set(re.findall(r"^(?:\$ )?(?:\.venv/bin/)?python -m cli (.+)$", PAGE, re.M))
)
THEIR_OWN_PAGE = {"send", "check-commerce"}


def command(name: str) -> click.Command:
    return main.get_command(click.Context(main), name)


def test_every_command_is_in_the_table():
    table = PAGE.partition("## The commands")[2].partition("Each is")[0]

    assert [name for name in COMMANDS if f"`{name}`" not in table] == []


@pytest.mark.parametrize("name", sorted(COMMANDS.keys() - THEIR_OWN_PAGE))
def test_every_option_is_told_of(name):
    options = {
        option
        for parameter in command(name).params
        if isinstance(parameter, click.Option)
        for option in parameter.opts
    }

    told = set(re.findall(r"--[a-z-]+", PAGE))
    assert options - told == set()


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_is_taken(example):
    name, *arguments = shlex.split(example)

    command(name).make_context(name, arguments)


def test_the_life_it_shows_is_as_trace_prints_it():
    event = {"event": "be-observer.catalog_product_create", "entity": "product"}
    message = {"message_id": "1795616629638437"}
    call = {"message": "POST products", "status": 200, "ms": 53.8}
    outcome = {
        "outcome": "handled",
        "status": 200,
    }
    outcome |= {"answer": "Product created successfully", "ms": 63.2, "verdict": 200}
    stages = [
        ("received", "53.838", {**event, "caller": "erp"}),
        ("published", "53.841", {**event, **message}),
        ("attempt", "53.880", {**event, **message, "attempt": 1}),
        ("call", "53.944", {**event, **message, **call}),
        ("outcome", "53.944", {**event, **message, **outcome, "age_ms": 125.3}),
    ]
    steps = [
        Step(f"2026-11-25T14:23:{seconds}000Z", stage, "journal", labels)
        for stage, seconds, labels in stages
    ]
    life = Life(steps, "handled", 200, outcome["answer"], [])
    shown = [*map(_line, steps), f"now: {_now(life)}"]

    assert "\n".join(shown) + "\n```" in PAGE


def test_no_example_wants_an_environment_to_be_active():
    pages = [page.read_text() for page in (ROOT / "docs").glob("*.md")]

    assert re.findall(r"(?<!bin/)python -m cli.*", "\n".join(pages)) == []


def test_every_command_has_an_example():
    named = {example.split()[0] for example in EXAMPLES}

    assert COMMANDS.keys() - named - THEIR_OWN_PAGE == set()


def test_the_numbers_are_the_codes():
    delivery = catalog.delivery_settings()
    rows = {
        cells[0].strip(): cells[2]
        for line in PAGE.partition("## How long")[2].splitlines()
        if (cells := line.strip("| ").split("|"))[0].strip() and len(cells) == 3
    }
    days = delivery["message_retention_seconds"] // 86400
    letter_days = delivery["dead_letter_retention_seconds"] // 86400
    ledger_days = ConsumerSettings(project="p").ledger_days

    assert f"{days} days" in rows["an entity's subscription"]
    assert f"{letter_days} days" in rows["dead letters"]
    assert f"{ledger_days} days" in rows["ledger"]
    assert f"at most {MAX_MESSAGE_LENGTH} characters" in PAGE
    assert f"newest {KEPT:,} lines" in PAGE
    assert f"**for {days} days at most**" in PAGE
    assert f"({delivery['max_delivery_attempts']} tries, up to" in PAGE
    assert f"up to {delivery['maximum_backoff_seconds']} s apart" in PAGE
    assert MOST_REPLAYS == 3
    assert "replayed three times" in PAGE
