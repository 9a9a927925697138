"""``new-event``."""

from typing import Any

import click

from cli import output
from cli.environment import ROOT
from cli.new_event.definition import KINDS, Definition, InvalidDefinition, define
from cli.new_event.write import CannotWrite, changes, write
from functions.events.catalog import INBOUND_ENTITIES


@click.command("new-event")
@click.option(
    "--entity",
    prompt=f"Entity (a new one, or one of {', '.join(INBOUND_ENTITIES)})",
    help="An entity of the catalogue, or a new one: price-rule.",
)
@click.option(
    "--event",
    prompt="Event (be-observer.price_rule_update)",
    help="Name, with or without be-observer.",
)
@click.option(
    "--fields",
    prompt=f"Fields (id:id name:text note:text?; kinds: {', '.join(KINDS)})",
    help='Fields of the value: "id:id name:text note:text?"; ? is optional.',
)
@click.option(
    "--operation",
    prompt="Operation of Commerce (PUT salesRules/{id})",
    help='Method and path below V1: "PUT salesRules/{id}".',
)
@click.option("--domain", help="Of a new entity: its consumer.  [default: the entity]")
@click.option("--key", help="Field that identifies the resource.")
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
def new_event(yes: bool, **texts: Any) -> None:
    """Write a new event: catalogue, schema, sample, handler, test, stand-in route.

    Asks for what no option gives. docs/extending.md says what is left to do.

    Exit status: 0 written, 1 not written, 2 usage.
    """
    try:
        definition = define(ROOT, **texts)
        planned = changes(ROOT, definition)
    except InvalidDefinition as error:
        raise click.UsageError(str(error)) from None
    for path in planned:
        output.write(f"{'change' if (ROOT / path).exists() else 'create'}  {path}")
    if not yes:
        click.confirm(f"Write {definition.name}?", abort=True)
    try:
        files = write(ROOT, definition)
    except CannotWrite as error:
        raise click.ClickException(str(error)) from None
    for path in files[len(planned) :]:
        output.write(f"generated  {path}")
    for line in _remaining(definition):
        output.write(line)


def _remaining(definition: Definition) -> list[str]:
    """What is left to do."""
    module, operation = f"{definition.module}.py", definition.operation
    steps = [
        f"functions/handlers/{module}: compare path and document of"
        f" {operation.method} {operation.path} with Adobe's REST reference",
        f"functions/events/schemas/{module}: add Commerce's limits (max_length, limit)",
    ]
    if not definition.idempotent:
        steps.append(
            f"functions/handlers/{module}: look up the effect of an earlier attempt"
            " where its outcome is unknown"
        )
    if definition.new_entity:
        steps.append(
            f"make deploy: creates topic, subscription and the consumer"
            f" {definition.domain}"
        )
    return [
        "",
        "Now:",
        "  make test-fast",
        "  make run, and in another terminal: make send EVENT=" + definition.short,
        "Left to do:",
        *(f"  {step}" for step in steps),
    ]
