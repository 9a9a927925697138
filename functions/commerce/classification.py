"""What an answer of Commerce means: the one table from status and body to a verdict.

==========================================  =========================================
2xx with JSON                               the result
2xx without                                 Unavailable 503, alarm: wrong address
3xx                                         Unavailable 503, alarm: wrong address
400 naming an OAuth problem                 Unavailable 401, alarm: our sign-in, clock
400 naming a database deadlock and its like Unavailable 503
401, 403, 407                               Unavailable, alarm: our sign-in
404 in Commerce's JSON                      Rejected; of a DELETE, done
404 for an unknown route, or without JSON   Unavailable 503, alarm: wrong address
408, 425, 429                               Unavailable, without effect
5xx                                         Unavailable, effect unknown (a 503 in
                                            Commerce's JSON or with Retry-After: none)
other 4xx                                   Rejected
==========================================  =========================================
"""

import json
import re
import time
import unicodedata
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from functions.commerce.errors import HandlerError, Rejected, Unavailable

LONGEST_MESSAGE = 500  # characters of Commerce's text in an error of ours
MOST_ERRORS = 10  # of a list of errors, how many are told
NOT_JSON = object()

UNKNOWN_ROUTE = "request does not match any route"
# RFC 5849's problem names as Commerce's OAuth documentation lists them, and the texts
# that Magento's own Oauth classes have for them.
OAUTH_PROBLEM = re.compile(
    r"\boauth_(problem|consumer_key|token|nonce|timestamp|signature(_method)?"
    r"|version|verifier|callback)\b"
    r"|\boauth version\b|\btimestamp_refused\b|\bnonce_used\b"
    r"|\bsignature_(invalid|method_rejected)\b|\bversion_rejected\b"
    r"|\bparameter_(absent|rejected)\b|\bconsumer_key_(rejected|invalid)\b"
    r"|\bsignature method\b|\btoken_(used|expired|revoked|rejected)\b",
    re.I,
)
# Magento answers 400 where its database gave up (magento2#5351); all is rolled back.
# Whole phrases: a message may hold values of an event, and there are locks for sale
# that are called deadlocks.
DEADLOCK = re.compile(
    r"unable to save product|was unable to be saved\. please try again|deadlock found"
    r"|lock wait timeout|try restarting transaction|could not save source item"
    r"|could not save a shipment, see error log|database connection error",
    re.I,
)
# Who signed in is known, and may not do this (Magento: "The consumer isn't authorized
# to access %resources.").
NOT_PERMITTED = re.compile(
    r"n.t authorized to access|permission_(denied|unknown)", re.I
)


class CommerceResponse(NamedTuple):
    """What came back over the wire; *headers* know no case."""

    status: int
    headers: Mapping[str, str]
    content: bytes


def result(method: str, route: str, answer: CommerceResponse) -> Any:
    """What *answer* to *method* *route* (a template, without values) gives.

    Returns:
        The JSON document; True for a DELETE of what is not there.

    Raises:
        Rejected, Unavailable: as the table above says.
    """
    document = parse(answer.content)
    if 200 <= answer.status < 300 and document is not NOT_JSON:
        return document
    if method == "DELETE" and answer.status == 404 and _says_gone(document):
        return True
    raise fault(method, route, answer, document)


def fault(
    method: str, route: str, answer: CommerceResponse, document: Any
) -> HandlerError:
    """The error that *answer* is, for one that is no success."""
    status = answer.status
    where = f"Commerce answered {status} to {method} {route}"
    if status < 300:
        # Perhaps a page of something else, perhaps ours after a notice of PHP's.
        text = f"{where} with something that is not JSON: is COMMERCE_BASE_URL right?"
        return Unavailable(503, text, effect_unknown=True, alarm=True)
    if status < 400:
        text = f"{where}, a redirect{_to(answer)}: is COMMERCE_BASE_URL right?"
        return Unavailable(503, text, alarm=True)
    said = render(document)
    sentence = f"{where}: {said}" if said else where
    wait = retry_after(answer.headers.get("Retry-After"))
    if status == 400 and OAUTH_PROBLEM.search(said):
        return Unavailable(401, sentence, alarm=True)
    if status == 400 and DEADLOCK.search(said):
        return Unavailable(503, sentence, retry_after=wait)
    if status in (401, 403, 407):
        return Unavailable(status, sentence, retry_after=wait, alarm=True)
    if status == 404 and not _says_gone(document):
        text = f"{sentence}: is COMMERCE_BASE_URL right?"
        return Unavailable(503, text, alarm=True)
    if status in (408, 425, 429):
        return Unavailable(status, sentence, retry_after=wait)
    if status >= 500:
        refused = status == 503 and (wait is not None or _is_own(document))
        return Unavailable(
            status, sentence, effect_unknown=not refused, retry_after=wait
        )
    return Rejected(status, sentence)


def parse(content: bytes) -> Any:
    """The JSON document, or ``NOT_JSON``."""
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return NOT_JSON


def not_permitted(answer: CommerceResponse) -> bool:
    """Whether who signed in is known to Commerce, and not allowed this."""
    return NOT_PERMITTED.search(render(parse(answer.content))) is not None


def sign_in_refused(answer: CommerceResponse) -> bool:
    """Whether Commerce does not take our sign-in: a 401, or a 400 that says so."""
    if answer.status != 400:
        return answer.status == 401
    return OAUTH_PROBLEM.search(render(parse(answer.content))) is not None


def wrong_route(answer: CommerceResponse) -> bool:
    """Whether *answer* is a 404 that is not about the thing asked for."""
    return answer.status == 404 and not _says_gone(parse(answer.content))


def render(document: Any) -> str:
    """Commerce's own words: parameters filled in, one line, bounded; "" for none.

    Nothing but ``message``, ``parameters``, ``errors`` and ``messages.error`` is read:
    ``trace`` and whatever else there is stays where it is.
    """
    if not isinstance(document, dict):
        return ""
    texts = [_filled(document)]
    nested = document.get("errors")
    messages = document.get("messages")
    for errors in (
        nested,
        messages.get("error") if isinstance(messages, dict) else None,
    ):
        if isinstance(errors, list):
            texts += [_filled(error) for error in errors[:MOST_ERRORS]]
    return _line("; ".join(text for text in texts if text))


def retry_after(value: str | None, now: float | None = None) -> float | None:
    """Seconds to wait, of a Retry-After in seconds or as a date; None for neither."""
    if not value:
        return None
    value = value.strip()
    if value.isascii() and value.isdigit():
        return float(value[:9])
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    if moment.tzinfo is None:
        return None
    return max(0.0, moment.timestamp() - (time.time() if now is None else now))


def _is_own(document: Any) -> bool:
    """Whether this is Commerce's own JSON, and not that of something before it."""
    # Adobe's gateway in front of SaaS names its own faults in error_code.
    return bool(render(document)) and "error_code" not in document


def _says_gone(document: Any) -> bool:
    """Whether this is Commerce's own JSON, about a thing and not about a route."""
    return _is_own(document) and UNKNOWN_ROUTE not in render(document).lower()


def _filled(error: Any) -> str:
    if not isinstance(error, dict) or not isinstance(error.get("message"), str):
        return ""
    message, given = error["message"][: 4 * LONGEST_MESSAGE], error.get("parameters")
    values = {}
    if isinstance(given, list):
        values = {f"%{i}": _text(item) for i, item in enumerate(given[:50], 1)}
    elif isinstance(given, dict):
        values = {f"%{name}": _text(given[name]) for name in list(given)[:50]}
    if not values:
        return message
    # In one go and longest first: %10 is not %1, and a value's own % stays.
    names = sorted(values, key=len, reverse=True)
    pattern = "|".join(re.escape(name) for name in names)
    return re.sub(pattern, lambda match: values[match.group()], message)


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(_text(item) for item in value[:MOST_ERRORS])
    if isinstance(value, str):
        return value[:LONGEST_MESSAGE]
    return "" if value is None or isinstance(value, dict) else str(value)


def _line(text: str) -> str:
    text = text[: 4 * LONGEST_MESSAGE]
    if not text.isascii() or not text.isprintable():
        # Line breaks, controls, direction marks and half surrogates: not into a log.
        text = "".join(
            " " if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") else c
            for c in text
        )
    text = " ".join(text.split())
    return text if len(text) <= LONGEST_MESSAGE else text[: LONGEST_MESSAGE - 1] + "…"


def _to(answer: CommerceResponse) -> str:
    try:
        host = urlsplit(answer.headers.get("Location", "")).hostname
    except ValueError:
        host = None
    return f" to {_line(host)}" if host else ""
