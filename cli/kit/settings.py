"""The settings of a kit's ``.env``: usable, missing, obsolete."""

import re
from collections.abc import Iterable, Iterator, Mapping

from cli.kit.findings import Finding
from functions.commerce.settings import CommerceSettings
from functions.commerce_events.settings import CommerceEventsSettings
from functions.settings import SettingsError, from_environment, names

# Settings of the kit without a use here, by the reason.
OBSOLETE = {
    "Adobe I/O Events carries no event of a third party here": (
        "BACKOFFICE_PROVIDER_ID",
        "IO_MANAGEMENT_BASE_URL",
    ),
    "only the kit's onboarding scripts use it; subscribe as docs/outbound.md says": (
        "COMMERCE_ADOBE_IO_EVENTS_MERCHANT_ID",
        "COMMERCE_PROVIDER_ID",
        "EVENT_PREFIX",
        "IO_CONSUMER_ID",
        "IO_PROJECT_ID",
        "IO_WORKSPACE_ID",
    ),
    "App Builder is not used": (
        "AIO_CLI_ENV",
        "AIO_RUNTIME_AUTH",
        "AIO_RUNTIME_NAMESPACE",
        "SERVICE_API_KEY",
    ),
    "only REST is used": ("COMMERCE_GRAPHQL_ENDPOINT",),
    "tokens of an administrator are not used": (
        "COMMERCE_ADMIN_PASSWORD",
        "COMMERCE_ADMIN_USERNAME",
    ),
}
REASONS = {name: reason for reason, of in OBSOLETE.items() for name in of}
APP_BUILDER = re.compile(r"AIO_\w+")
# Settings that only the kit's .env has.
KITS_OWN = {"IO_CONSUMER_ID", "IO_PROJECT_ID", "IO_WORKSPACE_ID"} | {
    "IO_MANAGEMENT_BASE_URL",
    "COMMERCE_ADOBE_IO_EVENTS_MERCHANT_ID",
}
USED = {*names(CommerceSettings), *names(CommerceEventsSettings)}


def is_kits(variables: Iterable[str]) -> bool:
    """Whether a ``.env`` with these *variables* is that of the kit."""
    return not KITS_OWN.isdisjoint(variables)


def kit_note(variables: Iterable[str]) -> str:
    """What ``make run`` says of a ``.env`` with these *variables*; "" for others."""
    variables = list(variables)
    if not is_kits(variables):
        return ""
    return (
        ".env is recognised as that of Adobe's kit; without use here are"
        f" {', '.join(obsolete(variables))} (docs/migrate.md)"
    )


def obsolete(variables: Iterable[str]) -> list[str]:
    """Those of *variables* that the kit needs and this project does not."""
    unused = [name for name in variables if name not in USED]
    return sorted(
        name for name in unused if name in REASONS or APP_BUILDER.fullmatch(name)
    )


def check_settings(variables: Mapping[str, str]) -> Iterator[Finding]:
    """Look at the variables of ``.env``; none of their values is reported."""
    if not variables:
        detail = "It is missing or empty: copy the one that the kit runs with"
        yield Finding("settings", "work", ".env", detail)
        return
    unused = set(obsolete(variables))
    for name in sorted(variables):
        if name in USED:
            yield Finding("settings", "ok", name, "It is usable as it is")
        elif name in unused:
            reason = REASONS.get(name, "App Builder is not used")
            yield Finding("settings", "note", name, f"It is obsolete: {reason}")
        else:
            detail = "Neither the kit nor this project knows it: see what reads it"
            yield Finding("settings", "note", name, detail)
    try:
        from_environment(CommerceSettings, variables)
    except SettingsError as error:
        for problem in str(error).removeprefix("Wrong settings: ").split("; "):
            name, _, detail = problem.partition(" ")
            if name.isupper():
                yield Finding("settings", "work", name, f"It {detail}")
            else:
                yield Finding(
                    "settings", "work", ".env", problem[0].upper() + problem[1:]
                )
