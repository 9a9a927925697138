"""The events that a kit handles, and what of its code is not the kit's own."""

import re
from collections.abc import Iterator

from cli.kit.checkout import APP_MANAGEMENT, Checkout, without_comments
from cli.kit.findings import Finding
from functions.events import catalog
from functions.events.catalog import MARKER

CASE = re.compile(r"\bcase\s+['\"]([\w.-]+)['\"]")
DECLARED = re.compile(r"\bname:\s*['\"]((?:[\w-]+\.)+\w+)['\"]")
COMMERCE_EVENT = re.compile(r"(?:^|\.)((?:observer|plugin)\.[a-z0-9_.]+)$")
HOOKS = {
    "pre.js": "the handler, before its call",
    "post.js": "the handler, after its call",
}
# What the kit's empty hooks have: telemetry, and further lines.
TELEMETRY = re.compile(
    r"const \{ currentSpan \} = getInstrumentationHelpers\(\);?"
    r"|currentSpan\.addEvent\([^)]*\);?|\binstrument\("
)
NO_STATEMENT = re.compile(
    r"^(const \{|(const .*|\} = )require\(.*|import .*|\} from .*"
    r"|(pre|post)Process: (pre|post)Process\),?"
    r"|(async )?function .*|(module\.)?exports.*"
    r"|export .*|['\"]use strict['\"];?|\w+,?|[{}()\[\];,]*|return;?)$"
)


def check_events(checkout: Checkout) -> Iterator[Finding]:
    """Look at the events of ``events.json`` and of the consumers."""
    locations: dict[str, str] = {}
    for path, content in checkout.documents("scripts", "events.json"):
        if not isinstance(content, dict):
            yield Finding("events", "work", path, "It is not JSON: repair it")
            continue
        for entity in content.values():
            for events in entity.values() if isinstance(entity, dict) else ():
                for name in events if isinstance(events, dict) else ():
                    locations.setdefault(str(name), path)
    for name in DECLARED.findall(without_comments(checkout.app_management())):
        locations.setdefault(name, APP_MANAGEMENT)
    for path, text in checkout.files(checkout.actions_folder, "*.js"):
        if "/consumer/" in path:
            for name in CASE.findall(without_comments(text)):
                locations.setdefault(name, path)
    for name, path in sorted(locations.items()):
        yield _event(name, path)


def _event(name: str, path: str) -> Finding:
    if MARKER in name:
        short = MARKER + name.rpartition(MARKER)[2]
        if catalog.find(short, "inbound"):
            return Finding("events", "ok", name, "The catalogue has it")
        detail = f"Your own, in {path}: make new-event ARGS='--event {short} …'"
        return Finding("events", "work", name, detail)
    source = COMMERCE_EVENT.search(name)
    if source and source[1] in catalog.subscribed_fields():
        return Finding("events", "ok", name, "The catalogue has it as a source")
    if source:
        detail = (
            f"Your own, in {path}: make new-event ARGS='--direction outbound --source"
            f" {source[1]} …'"
        )
        return Finding("events", "work", name, detail)
    detail = f"In {path}; it is neither {MARKER}… nor an event of Commerce"
    return Finding("events", "work", name, detail)


def check_code(checkout: Checkout) -> Iterator[Finding]:
    """Look for hooks that do something; the kit's own are empty."""
    for path, text in checkout.files(checkout.actions_folder, "*.js"):
        target = HOOKS.get(path.rpartition("/")[2])
        if target and (count := statements(text)):
            detail = f"It has {count} lines of code of your own: move them to {target}"
            yield Finding("code", "work", path, detail)


def statements(text: str) -> int:
    """How many lines of JavaScript *text* do something."""
    own = TELEMETRY.sub("", without_comments(text))
    lines = (line.strip() for line in own.splitlines())
    return sum(1 for line in lines if not NO_STATEMENT.match(line))
