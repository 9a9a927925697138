"""``new-event``."""

from typing import Any

import click

from cli import output
from cli.environment import ROOT
from cli.new_event.define import define
from cli.new_event.definition import KINDS, Definition, InvalidDefinition
from cli.new_event.edits import UnusualForm
from cli.new_event.write import CannotWrite, changes, write
from functions.events.catalog import INBOUND_ENTITIES

PROMPTS = {
    "operation": "Operation of Commerce (PUT salesRules/{id})",
    "source": "Event of Commerce (observer.salesrule_rule_save_commit_after)",
}


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
    "--operation", help='Method and path at Commerce, below V1: "PUT salesRules/{id}".'
)
@click.option(
    "--direction",
    type=click.Choice(["inbound", "outbound"]),
    default="inbound",
    show_default=True,
    help="inbound: to Commerce. outbound: from Commerce to a third party.",
)
@click.option(
    "--source",
    help="Commerce's event that an outbound one is made of:"
    " observer.salesrule_rule_save_commit_after.",
)
@click.option("--domain", help="Of a new entity: its consumer.  [default: the entity]")
@click.option("--key", help="Field that identifies the resource.")
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
def new_event(yes: bool, **texts: Any) -> None:
    """Write a new event: catalogue, schema, sample, handler, test, stand-in route.

    Asks for what no option gives. docs/extending.md says what is left to do.

    Exit status: 0 written, 1 not written, 2 usage.
    """
    outbound = texts["direction"] == "outbound"
    needed = "source" if outbound else "operation"
    if texts[needed] is None:
        texts[needed] = click.prompt(PROMPTS[needed])
    try:
        definition = define(ROOT, **texts)
        planned = changes(ROOT, definition)
    except (InvalidDefinition, UnusualForm) as error:
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
    handlers = f"functions/handlers/{definition.module}.py"
    schemas = f"functions/events/schemas/{definition.module}.py"
    operation = definition.operation
    steps = ["make test-fast"]
    if operation is None:
        steps += [
            f"{handlers}: transform returns what the third party reads",
            "docs/outbound.md: subscribe to the event of Commerce",
        ]
    else:
        steps += [
            "make run, and in another terminal: make send EVENT=" + definition.short,
            f"{handlers}: compare path and document of {operation.method}"
            f" {operation.path} with Adobe's REST reference",
            f"{schemas}: add Commerce's limits (max_length, limit)",
        ]
    if not definition.idempotent:
        steps.append(f"{handlers}: look up what an earlier attempt has done")
    if definition.may_echo:
        steps.append(
            "functions/handlers/own_changes.py: name the fields that the inbound event"
            " sets; until then the third party receives its own change back"
        )
    if definition.new_entity:
        steps.append("make deploy: creates topic, subscription and consumer")
    return ["Left to do:", *(f"  {step}" for step in steps)]
