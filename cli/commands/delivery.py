"""``pause``, ``resume`` and ``status``."""

import sys
from collections import Counter
from collections.abc import Iterable

import click

from cli import delivery, output
from cli.dead_letters import opened
from cli.delivery import Change, State
from cli.letters import Selection, moment
from cli.options import where_of, where_options
from cli.pubsub import PubSub
from functions.events.catalog import ENTITIES

DAY = 86_400

entities = click.argument(
    "entities", nargs=-1, required=True, type=click.Choice([*ENTITIES, "all"])
)


@click.command()
@entities
@where_options
def pause(entities, project, prefix, ledger, as_json) -> None:
    """Stop delivering an entity's events, or all: for Commerce's maintenance.

    Ingest goes on taking events; they wait in Pub/Sub, for 7 days at most. What is
    being handled at the moment is handled to its end. No try is counted, so nothing is
    dead-lettered by a pause. A deployment (terraform apply) resumes.
    """
    where = where_of(project, prefix, ledger)
    with PubSub(where.pubsub) as pubsub:
        _told(delivery.pause(where, pubsub, _named(entities)), as_json)


@click.command()
@entities
@where_options
def resume(entities, project, prefix, ledger, as_json) -> None:
    """Deliver an entity's events again, or all."""
    where = where_of(project, prefix, ledger)
    with PubSub(where.pubsub) as pubsub:
        _told(delivery.resume(where, pubsub, _named(entities)), as_json)


@click.command()
@where_options
def status(project, prefix, ledger, as_json) -> None:
    """Say which entities are delivered, and how many dead letters wait."""
    where = where_of(project, prefix, ledger)
    with PubSub(where.pubsub) as pubsub:
        states = list(delivery.states(where, pubsub, ENTITIES))
    with opened(where) as letters:
        waiting = Counter(letter.entity for letter in letters.select(Selection()))
    if as_json:
        for state in states:
            output.tell({**vars(state), "dead_letters": waiting[state.entity]})
    else:
        _table(states, waiting, where.name)


def _named(entities: tuple[str, ...]) -> Iterable[str]:
    return ENTITIES if "all" in entities else dict.fromkeys(entities)


def _told(changes: Iterable[Change], as_json: bool) -> None:
    failed = False
    for change in changes:
        failed |= change.did == "failed"
        if as_json:
            output.tell(vars(change))
        else:
            why = f": {change.why}" if change.why else ""
            output.say(output.plain(f"{change.entity:16} {change.did}{why}"))
    sys.exit(1 if failed else 0)


def _table(states: list[State], waiting: Counter[str], where: str) -> None:
    output.say(f"Of {where}:")
    output.table(
        ("ENTITY", "DEAD LETTERS", "DELIVERY"),
        ((s.entity, waiting[s.entity], _delivery(s)) for s in states),
    )
    if waiting[""]:
        output.say(f"and {waiting['']} dead letters of no entity we know")


def _delivery(state: State) -> str:
    if state.push_to:
        return f"to {state.push_to}"
    if state.paused_since is None:
        return "paused"
    since = output.short_time(moment(state.paused_since))
    end = output.short_time(moment(state.paused_since + state.kept_seconds))
    days = state.kept_seconds // DAY
    return f"paused since {since} UTC; events are kept {days} days: resume before {end}"
