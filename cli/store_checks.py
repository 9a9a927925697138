"""Checks of the configured store: address, authentication, permissions and clock."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import requests

from cli.deployment import Unreachable
from cli.write_checks import check_writes
from functions.commerce import classification
from functions.commerce.client import PROBE_ROUTE, CommerceConnection, CommerceSession
from functions.commerce.routes import search_query
from functions.commerce.settings import CommerceSettings
from functions.errors import HandlerError, Unavailable
from functions.http_client.responses import NOT_JSON, HttpResponse, parse_json

# Half of what Commerce accepts under OAuth 1.0a, so that this fails before events do.
MAX_SKEW_SECONDS = 300
VERSION_TIMEOUT_SECONDS = 10
COUNT_ONLY = search_query(page_size=1, fields="total_count")

# The least permissions that the events need: name, route, query.
READS = (
    ("products", "products", COUNT_ONLY),
    ("customers", "customers/search", COUNT_ONLY),
    ("customer groups", "customerGroups/search", COUNT_ONLY),
    ("orders", "orders", COUNT_ONLY),
    ("shipments", "shipments", COUNT_ONLY),
    ("inventory sources' stock", "inventory/source-items", COUNT_ONLY),
)


@dataclass(frozen=True)
class Finding:
    """The result of one check; *ok* is None where it is information only."""

    check: str
    ok: bool | None
    detail: str


@dataclass(frozen=True)
class Read:
    """A read request and its response, or our own failed authentication."""

    name: str
    route: str
    response: HttpResponse | Unavailable

    @property
    def error(self) -> HandlerError | None:
        """What is wrong with the response, as the Commerce client reports it."""
        if isinstance(self.response, Unavailable):
            return self.response
        document = parse_json(self.response.content)
        if self.response.status == 200 and document is not NOT_JSON:
            return None
        return classification.classify("GET", self.route, self.response, document)


def check_store(
    settings: CommerceSettings,
    session: requests.Session | None = None,
    writes: bool = False,
) -> Iterator[Finding]:
    """Check the store of *settings*; nothing is changed there.

    Args:
        session: sends the requests; by default one of its own.
        writes: check permissions to write as well.

    Raises:
        Unreachable: the store does not answer.
    """
    kind = "SaaS" if settings.saas else "PaaS"
    yield Finding(
        "store",
        None,
        f"{kind} at {settings.url}, store scope {settings.store_scope}",
    )
    commerce = CommerceConnection(settings, session).session()
    sent = time.time()
    probe = _read(commerce, "store configuration", PROBE_ROUTE, {})
    received = time.time()
    yield _check_version(settings, session)
    yield _check_clock(probe.response, sent, received)
    reads = [_read(commerce, *read) for read in READS]
    authentication = _check_authentication(settings, [probe, *reads])
    yield authentication
    if not authentication.ok:
        return
    yield from _check_store_scope(settings, probe)
    for read in (probe, *reads):
        yield _check_permission(read)
    if not writes:
        yield Finding("write permissions", None, "not checked: add --writes")
        return
    try:
        for result in check_writes(commerce):
            yield Finding(*result)
    except Unavailable as error:
        raise Unreachable(error.message) from error


def _read(
    commerce: CommerceSession, name: str, route: str, query: dict[str, object]
) -> Read:
    """Send one read request; a failed authentication of ours is a finding."""
    try:
        return Read(name, route, commerce.request("GET", route, query))
    except Unavailable as error:
        if error.alarm:
            return Read(name, route, error)
        raise Unreachable(error.message) from error


def _check_authentication(settings: CommerceSettings, reads: list[Read]) -> Finding:
    oauth1 = settings.auth_method == "oauth1"
    method = "OAuth 1.0a" if oauth1 else "Adobe IMS"
    error: HandlerError | None = None
    for read in reads:
        error, response = read.error, read.response
        if isinstance(response, Unavailable):
            return Finding("authentication", False, response.message)
        known = response.status == 403 or (
            # Of an unknown IMS account, Commerce reports this as well.
            oauth1 and classification.is_forbidden(response)
        )
        if error is None or known:
            return Finding("authentication", True, f"{method}, accepted")
        if error.status != 401:
            detail = f"{method}, not checked: {error.message}"
            return Finding("authentication", False, detail)
    first = reads[0].error
    detail = f"{method}, rejected: {first.message if first else ''}"
    if not oauth1 and not settings.saas:
        account = settings.technical_account_email or settings.technical_account_id
        detail += (
            f"; is the technical account{f' {account}' if account else ''} an admin"
            " user of this store?"
        )
    return Finding("authentication", False, detail)


def _check_permission(read: Read) -> Finding:
    error = read.error
    if error is None:
        return Finding(f"read {read.name}", True, "allowed")
    prefix = "not allowed: " if error.status in (401, 403) else ""
    return Finding(f"read {read.name}", False, f"{prefix}{error.message}")


def _check_store_scope(settings: CommerceSettings, probe: Read) -> Iterator[Finding]:
    if isinstance(probe.response, Unavailable) or probe.response.status != 200:
        return
    stores = parse_json(probe.response.content)
    if not isinstance(stores, list):
        return
    codes = sorted(
        store["code"]
        for store in stores
        if isinstance(store, dict) and isinstance(store.get("code"), str)
    )
    known = settings.store_scope in ("all", "default", *codes)
    yield Finding("store scope", known, f"store views: {', '.join(codes) or 'none'}")


def _check_clock(
    response: HttpResponse | Unavailable, sent: float, received: float
) -> Finding:
    date = "" if isinstance(response, Unavailable) else response.headers.get("Date", "")
    try:
        store_time = parsedate_to_datetime(date).timestamp()
    except (TypeError, ValueError):
        return Finding("clock", None, "the response has no Date")
    # A date has whole seconds, and was written while we waited.
    skew = round((sent + received) / 2 - (store_time + 0.5))
    if abs(skew) <= 1 + (received - sent) / 2:
        return Finding("clock", True, "same as the store's")
    direction = "ahead of" if skew > 0 else "behind"
    detail = f"{abs(skew)} s {direction} the store's"
    return Finding("clock", abs(skew) < MAX_SKEW_SECONDS, detail)


def _check_version(
    settings: CommerceSettings, session: requests.Session | None
) -> Finding:
    """PaaS answers at /magento_version, unless that is disabled."""
    if settings.saas:
        return Finding("version", None, "Adobe Commerce as a Cloud Service")
    parts = urlsplit(settings.url)
    path = parts.path.partition("/rest/")[0].removesuffix("/index.php")
    url = f"{parts.scheme}://{parts.netloc}{path}/magento_version"
    try:
        response = (session or requests.Session()).get(
            url, timeout=VERSION_TIMEOUT_SECONDS, allow_redirects=False
        )
        text = response.text if response.status_code == 200 else ""
    except requests.RequestException:
        text = ""
    if not text.startswith("Magento/"):
        return Finding("version", None, "not published by the store")
    return Finding("version", None, classification.render({"message": text[:100]}))
