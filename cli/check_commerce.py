"""``check-commerce``: tries the configured store without changing anything."""

import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import click
import requests

from cli.check_writes import tried as writes_tried
from cli.environment import environment
from functions.commerce import classification
from functions.commerce.classification import CommerceResponse
from functions.commerce.client import PROBE_ROUTE, Commerce, CommerceSession
from functions.commerce.errors import HandlerError, Unavailable
from functions.commerce.routes import search
from functions.commerce.settings import CommerceSettings
from functions.settings import SettingsError, from_environment

# Half of what Commerce puts up with under OAuth 1.0a: told before events fail of it.
SKEW_SECONDS = 300
VERSION_SECONDS = 10
ONE = search(page_size=1, only="total_count")

# Read with the permission that the events need at least: what, route, query.
READS = (
    ("products", "products", ONE),
    ("customers", "customers/search", ONE),
    ("customer groups", "customerGroups/search", ONE),
    ("orders", "orders", ONE),
    ("shipments", "shipments", ONE),
    ("inventory sources' stock", "inventory/source-items", ONE),
)
WORDS = {True: "ok", False: "FAULT", None: "-"}


@dataclass(frozen=True)
class Finding:
    """One thing found; *ok* is None for what is only told."""

    check: str
    ok: bool | None
    detail: str


@dataclass(frozen=True)
class Read:
    """One harmless request and what came of it."""

    what: str
    route: str
    answer: CommerceResponse | Unavailable

    @property
    def fault(self) -> HandlerError | None:
        """What is wrong with the answer, in the client's words."""
        if isinstance(self.answer, Unavailable):
            return self.answer
        document = classification.parse(self.answer.content)
        if self.answer.status == 200 and document is not classification.NOT_JSON:
            return None
        return classification.fault("GET", self.route, self.answer, document)


class Unreachable(Exception):
    """Nobody there; the text is for the operator."""


@click.command("check-commerce")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.option("--writes", is_flag=True, help="Try permissions to write, too.")
def check_commerce(as_json: bool, writes: bool) -> None:
    """Try sign-in, permissions and clock at the configured store; change nothing.

    With --writes the store is sent POST and PUT requests that it can only refuse: what
    they say tells whether we might write.

    Exit status: 0 all well, 1 some faults, 2 wrong settings, 3 store not reachable.
    """
    variables = environment(os.environ)
    sys.exit(run(variables, as_json, sys.stdout.write, writes=writes))


def run(
    variables: Mapping[str, str],
    as_json: bool,
    write: Callable[[str], object],
    session: requests.Session | None = None,
    writes: bool = False,
) -> int:
    """Check the store that *variables* name, tell by *write*; returns the exit status.

    Args:
        session: carries the requests; by default one of its own.
        writes: try permissions to write as well.
    """
    try:
        settings = from_environment(CommerceSettings, variables)
    except SettingsError as error:
        _tell(Finding("settings", False, str(error)), as_json, write)
        return 2
    faults = 0
    try:
        for finding in findings(settings, session, writes):
            _tell(finding, as_json, write)
            faults += finding.ok is False
    except Unreachable as error:
        _tell(Finding("reachable", False, str(error)), as_json, write)
        return 3
    return 1 if faults else 0


def findings(
    settings: CommerceSettings,
    session: requests.Session | None = None,
    writes: bool = False,
) -> Iterator[Finding]:
    """What is found, in the order of the questions.

    Raises:
        Unreachable: the store does not answer.
    """
    kind = "SaaS" if settings.saas else "PaaS"
    place = f"{kind} at {settings.url}"
    yield Finding("store", None, f"{place}, store scope {settings.store_scope}")
    commerce = Commerce(settings, session)
    calls = commerce.session()
    asked = time.time()
    first = Read("store configuration", PROBE_ROUTE, _asked(calls, PROBE_ROUTE, {}))
    answered = time.time()
    yield _version(settings, session)
    yield _clock(first.answer, asked, answered)
    reads = [Read(what, route, _asked(calls, route, q)) for what, route, q in READS]
    signed = _sign_in(settings, [first, *reads])
    yield signed
    if not signed.ok:
        return
    yield from _scope(settings, first.answer)
    for read in (first, *reads):
        yield _permission(read)
    if not writes:
        yield Finding("write permissions", None, "not tried: --writes does")
        return
    try:
        for tried in writes_tried(commerce):
            yield Finding(*tried)
    except Unavailable as error:
        raise Unreachable(error.message) from error


def _asked(
    calls: CommerceSession, route: str, query: dict
) -> CommerceResponse | Unavailable:
    """The answer; or our own sign-in's fault, which is a finding and no outage."""
    try:
        return calls.ask(route, query)
    except Unavailable as error:
        if error.alarm:
            return error
        raise Unreachable(error.message) from error


def _sign_in(settings: CommerceSettings, reads: list[Read]) -> Finding:
    name = "OAuth 1.0a" if settings.auth_method == "oauth1" else "Adobe IMS"
    for read in reads:
        answer, fault = read.answer, read.fault
        if isinstance(answer, Unavailable):
            return Finding("sign-in", False, answer.message)
        known = answer.status == 403 or (
            # Of a token that it does not know, Commerce says this as well.
            settings.auth_method == "oauth1" and classification.not_permitted(answer)
        )
        if fault is None or known:
            return Finding("sign-in", True, f"{name}, accepted")
        if fault.status != 401:
            return Finding("sign-in", False, f"{name}, not tried: {fault.message}")
    detail = f"{name}, refused: {reads[0].fault.message}"
    if settings.auth_method == "ims" and not settings.saas:
        account = settings.technical_account_email or settings.technical_account_id
        detail += (
            f"; is the technical account{f' {account}' if account else ''} an admin"
            " user of this store?"
        )
    return Finding("sign-in", False, detail)


def _permission(read: Read) -> Finding:
    fault = read.fault
    if fault is None:
        return Finding(f"read {read.what}", True, "allowed")
    word = "not allowed: " if fault.status in (401, 403) else ""
    return Finding(f"read {read.what}", False, f"{word}{fault.message}")


def _scope(settings: CommerceSettings, answer: CommerceResponse) -> Iterator[Finding]:
    stores = classification.parse(answer.content)
    if answer.status != 200 or not isinstance(stores, list):
        return
    codes = sorted(
        store["code"]
        for store in stores
        if isinstance(store, dict) and isinstance(store.get("code"), str)
    )
    known = settings.store_scope in ("all", "default", *codes)
    yield Finding("store scope", known, f"store views: {', '.join(codes) or 'none'}")


def _clock(
    answer: CommerceResponse | Unavailable, asked: float, answered: float
) -> Finding:
    said = "" if isinstance(answer, Unavailable) else answer.headers.get("Date", "")
    try:
        theirs = parsedate_to_datetime(said).timestamp()
    except (TypeError, ValueError):
        return Finding("clock", None, "the store does not tell its time")
    # A date has whole seconds, and was written while we waited.
    ahead = round((asked + answered) / 2 - (theirs + 0.5))
    if abs(ahead) <= 1 + (answered - asked) / 2:
        return Finding("clock", True, "as the store's")
    word = "ahead of" if ahead > 0 else "behind"
    detail = f"{abs(ahead)} s {word} the store's"
    return Finding("clock", abs(ahead) < SKEW_SECONDS, detail)


def _version(settings: CommerceSettings, session: requests.Session | None) -> Finding:
    """PaaS tells at /magento_version, where that is not switched off."""
    if settings.saas:
        return Finding("version", None, "Adobe Commerce as a Cloud Service")
    parts = urlsplit(settings.url)
    path = parts.path.partition("/rest/")[0].removesuffix("/index.php")
    url = f"{parts.scheme}://{parts.netloc}{path}/magento_version"
    try:
        answer = (session or requests).get(
            url, timeout=VERSION_SECONDS, allow_redirects=False
        )
        said = answer.text if answer.status_code == 200 else ""
    except requests.RequestException:
        said = ""
    if not said.startswith("Magento/"):
        return Finding("version", None, "the store does not tell")
    return Finding("version", None, classification.render({"message": said[:100]}))


def _tell(finding: Finding, as_json: bool, write: Callable[[str], object]) -> None:
    if as_json:
        write(json.dumps(asdict(finding)) + "\n")
    else:
        write(f"{WORDS[finding.ok]:6}{finding.check:31}{finding.detail}\n")
