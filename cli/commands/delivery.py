"""``pause``, ``resume`` and ``status``."""

import sys
from collections import Counter
from collections.abc import Iterable

import click

from cli import output, pausing
from cli.dead_letter import Selection
from cli.dead_letter_queue import open_dead_letters
from cli.deployment import Deployment
from cli.journal_file import Backlog, read_backlog
from cli.options import deployment_of, deployment_options
from cli.pausing import Change, DeliveryState
from cli.pubsub import PubSub
from cli.times import short_time, timestamp_of
from functions.events.catalog import ENTITIES

DAY_SECONDS = 86_400

entities_argument = click.argument(
    "entities", nargs=-1, required=True, type=click.Choice([*ENTITIES, "all"])
)


@click.command()
@entities_argument
@deployment_options
def pause(
    entities: tuple[str, ...],
    project: str | None,
    prefix: str | None,
    ledger: str | None,
    as_json: bool,
) -> None:
    """Stop the delivery of entities, or of all: for maintenance of Commerce.

    Ingest continues to accept events; they wait in Pub/Sub, for 7 days at most. An
    event in flight is completed. Delivery attempts are not counted, so a pause makes
    no dead letters. A deployment (terraform apply) resumes delivery.
    """
    deployment = deployment_of(project, prefix, ledger)
    with PubSub(deployment.pubsub) as pubsub:
        names = _names(deployment, pubsub, entities)
        _print_changes(pausing.pause(deployment, pubsub, names), as_json)


@click.command()
@entities_argument
@deployment_options
def resume(
    entities: tuple[str, ...],
    project: str | None,
    prefix: str | None,
    ledger: str | None,
    as_json: bool,
) -> None:
    """Deliver the events of entities again, or of all."""
    deployment = deployment_of(project, prefix, ledger)
    with PubSub(deployment.pubsub) as pubsub:
        names = _names(deployment, pubsub, entities)
        _print_changes(pausing.resume(deployment, pubsub, names), as_json)


@click.command()
@deployment_options
def status(
    project: str | None, prefix: str | None, ledger: str | None, as_json: bool
) -> None:
    """Show which entities are delivered, what waits or retries, and dead letters.

    The numbers of waiting and retrying events are the local stack's; those of a
    deployment are on its dashboard.
    """
    deployment = deployment_of(project, prefix, ledger)
    with PubSub(deployment.pubsub) as pubsub:
        entities = pausing.served_entities(deployment, pubsub)
        states = list(pausing.delivery_states(deployment, pubsub, entities))
    with open_dead_letters(deployment) as queue:
        counts = Counter(
            dead_letter.entity for dead_letter in queue.select(Selection())
        )
    backlog = read_backlog(deployment.state) if deployment.state else None
    rows = [
        (state, _backlog(backlog, deployment.subscription(state.entity)))
        for state in states
    ]
    if as_json:
        for state, numbers in rows:
            dead = {"dead_letters": counts[state.entity]}
            output.write_json({**vars(state), **numbers, **dead})
        return
    output.write(f"Delivery in {deployment.name}:")
    output.table(
        ("ENTITY", "WAITING", "IN FLIGHT", "RETRYING", "DEAD LETTERS", "DELIVERY"),
        (
            (s.entity, *numbers.values(), counts[s.entity], _describe(s))
            for s, numbers in rows
        ),
    )
    if counts[""]:
        output.write(f"Dead letters of unknown entities: {counts['']}")


def _backlog(
    backlog: dict[str, Backlog] | None, subscription: str
) -> dict[str, int | None]:
    """Numbers by state; None where they are not known."""
    if backlog is None:
        return {"waiting": None, "in_flight": None, "retrying": None}
    return vars(backlog.get(subscription, Backlog()))


def _names(
    deployment: Deployment, pubsub: PubSub, entities: tuple[str, ...]
) -> Iterable[str]:
    if "all" in entities:
        return pausing.served_entities(deployment, pubsub)
    return dict.fromkeys(entities)


def _print_changes(changes: Iterable[Change], as_json: bool) -> None:
    failed = False
    for change in changes:
        failed |= change.result == "failed"
        if as_json:
            output.write_json(vars(change))
        else:
            detail = f": {change.detail}" if change.detail else ""
            output.write(f"{change.entity:16} {change.result}{detail}")
    sys.exit(1 if failed else 0)


def _describe(state: DeliveryState) -> str:
    if state.push_to:
        return f"to {state.push_to}"
    if state.paused_since is None:
        return "paused"
    since = short_time(timestamp_of(state.paused_since))
    end = short_time(timestamp_of(state.paused_since + state.kept_seconds))
    days = state.kept_seconds // DAY_SECONDS
    return f"paused since {since} UTC; events are kept {days} days: resume before {end}"
