"""What a response of Commerce means: the one table from status and body to an outcome.

==========================================  =========================================
2xx with JSON                               the result
2xx without                                 Unavailable 503, alarm: wrong address
3xx                                         Unavailable 503, alarm: wrong address
400 naming an OAuth problem                 Unavailable 401, alarm: credentials, clock
401, 403, 407                               Unavailable, alarm: credentials
408, 425, 429                               Unavailable, no effect
5xx                                         Unavailable, outcome unknown (no effect for
                                            a 503 in Commerce's JSON or with
                                            Retry-After)
404 for an unknown route                    Unavailable 503, alarm: wrong address
other 4xx, not in Commerce's JSON           Unavailable 503, alarm: a gateway answered
4xx of a database outage or contention      Unavailable 503
4xx, message used for any cause             Ambiguous
404 of a DELETE, known message              success
other 4xx, known message or parameters      Rejected
other 4xx, unknown message                  Unconfirmed: rejected when a look-up shows
                                            that Commerce answered
==========================================  =========================================

"Commerce's JSON" is an object with a text ``message`` and no keys but those of
``ERROR_KEYS``. The words are matched against the untranslated message before its
parameters are filled in, since parameters may quote an event. Where they come from:
``ProductRepository``, ``GroupRepository``, ``ShipOrder``, ``ShipmentRepository`` and
``Webapi/ErrorProcessor`` of magento/magento2, ``SourceItemsSaveHandler`` and its
validators of magento/inventory (2.0 to 2.4.8).
"""

import re
from typing import Any

from functions.errors import Ambiguous, HandlerError, Rejected, Unavailable
from functions.http_client.responses import (
    MAX_MESSAGE_LENGTH,
    NOT_JSON,
    HttpResponse,
    one_line,
    parse_json,
    redirect_host,
    retry_after,
)

MAX_LISTED_ERRORS = 10
MAX_PARAMETERS = 50

ERROR_KEYS = frozenset({"message", "parameters", "errors", "code", "trace"})
PLACEHOLDER = re.compile(r"%\w+")
UNKNOWN_ROUTE = "request does not match any route"
# RFC 5849's problem names as Commerce's OAuth documentation lists them, and the texts
# of Magento's OAuth classes for them.
OAUTH_PROBLEM = re.compile(
    r"\boauth_(problem|consumer_key|token|nonce|timestamp|signature(_method)?"
    r"|version|verifier|callback)\b"
    r"|\boauth version\b|\btimestamp_refused\b|\bnonce_used\b"
    r"|\bsignature_(invalid|method_rejected)\b|\bversion_rejected\b"
    r"|\bparameter_(absent|rejected)\b|\bconsumer_key_(rejected|invalid)\b"
    r"|\bsignature method\b|\btoken_(used|expired|revoked|rejected)\b",
    re.I,
)
# Magento answers 400 when its database gives up (magento2#5351); the transaction is
# rolled back. SQLSTATE 08: connection, 40: rollback, HY000: general, as "gone away",
# but also as a character that the column's character set does not have.
CONTENTION = re.compile(
    r"deadlock found|lock wait timeout|try restarting transaction"
    r"|database connection error|mysql server has gone away|too many connections"
    r"|rolled back transaction has not been completed"
    r"|sqlstate\[(08...|40...)\]"
    r"|sqlstate\[hy000\](?!.*(incorrect string value|illegal mix of collations"
    r"|conversion from collation|have a default value))",
    re.I,
)
# One sentence for every exception while something is written: contention as well as a
# duplicate URL key or an unknown source (inventory#889, #3150, magento2#3525, #12058).
CATCH_ALL = re.compile(
    r"unable to save product|was unable to be saved\. please try again"
    r"|could not (save|delete|remove)\b|see error log for details"
    r"|couldn.t be (saved|removed|deleted)|\bsqlstate\[",
    re.I,
)
# Wordings of permanent refusals.
KNOWN_REFUSAL = re.compile(
    r"^invalid product data|^invalid value of|^the value of attribute"
    r"|is required\. enter and try again|is a required field|is a required value"
    r"|^validation failed|can not be empty|can not contain leading or trailing"
    r"|should be numeric|should a known status|^input data is empty"
    r"|^shipment document validation error|^customer group already exists"
    r"|with the same email( address)? already exists|^cannot delete group"
    r"|that was requested doesn.t exist|^requested (product|entity) doesn.t exist"
    r"|^no such entity|^an id is needed|^id required"
    r"|is not part of the order status history|does not allow a shipment"
    r"|^decoding error|^one or more input",
    re.I | re.M,
)
# The integration is known and lacks a permission (Magento: "The consumer isn't
# authorized to access %resources.").
FORBIDDEN = re.compile(r"n.t authorized to access|permission_(denied|unknown)", re.I)


class Unconfirmed(Rejected):
    """A 4xx in Commerce's form whose words are unknown; a look-up must confirm it."""


def parse_result(method: str, route: str, response: HttpResponse) -> Any:
    """The result of *method* *route* (a template, without values).

    Returns:
        The JSON document; True for a DELETE of something absent.

    Raises:
        Rejected, Unavailable: as the table above says.
    """
    document = parse_json(response.content)
    if 200 <= response.status < 300 and document is not NOT_JSON:
        return document
    error = classify(method, route, response, document)
    if method == "DELETE" and error.status == 404 and type(error) is Rejected:
        return True
    raise error


def classify(
    method: str, route: str, response: HttpResponse, document: Any
) -> HandlerError:
    """The error for a response that is not a success."""
    status = response.status
    prefix = f"Commerce answered {status} to {method} {route}"
    if status < 300:
        # Another system's page, or Commerce's JSON after a PHP notice.
        message = (
            f"{prefix} with something that is not JSON: is COMMERCE_BASE_URL right?"
        )
        return Unavailable(503, message, outcome_unknown=True, alarm=True)
    if status < 400:
        target = redirect_host(response)
        message = f"{prefix}, a redirect{target}: is COMMERCE_BASE_URL right?"
        return Unavailable(503, message, alarm=True)
    text = render(document)
    message = f"{prefix}: {text}" if text else prefix
    seconds = retry_after(response.headers.get("Retry-After"))
    if status == 400 and _is_oauth_problem(document):
        return Unavailable(401, message, alarm=True)
    if status in (401, 403, 407):
        return Unavailable(status, message, retry_after=seconds, alarm=True)
    if status in (408, 425, 429):
        return Unavailable(status, message, retry_after=seconds)
    if status >= 500:
        no_effect = status == 503 and (seconds is not None or _is_commerces(document))
        return Unavailable(
            status, message, outcome_unknown=not no_effect, retry_after=seconds
        )
    if not _is_commerces(document):
        message = (
            f"{message}, not in Commerce's form: check COMMERCE_BASE_URL and the"
            " gateways in front of Commerce"
        )
        return Unavailable(503, message, retry_after=seconds, alarm=True)
    words = _templates(document)
    if UNKNOWN_ROUTE in words.lower():
        message = f"{message}: is COMMERCE_BASE_URL right?"
        return Unavailable(503, message, alarm=True)
    if CONTENTION.search(words):
        return Unavailable(503, message, retry_after=seconds)
    if CATCH_ALL.search(words):
        return Ambiguous(message, retry_after=seconds)
    if KNOWN_REFUSAL.search(words) or _has_parameters(document):
        return Rejected(status, message)
    return Unconfirmed(status, message)


def is_forbidden(response: HttpResponse) -> bool:
    """Whether Commerce knows the integration and denies it a permission."""
    return FORBIDDEN.search(render(parse_json(response.content))) is not None


def is_unauthenticated(response: HttpResponse) -> bool:
    """Whether Commerce rejects our credentials: a 401, or a 400 that says so."""
    if response.status != 400:
        return response.status == 401
    return _is_oauth_problem(parse_json(response.content))


def is_unknown_route(response: HttpResponse) -> bool:
    """Whether *response* is a 404 that does not concern the entity asked for."""
    document = parse_json(response.content)
    return response.status == 404 and not (
        _is_commerces(document) and UNKNOWN_ROUTE not in _templates(document).lower()
    )


def render(document: Any) -> str:
    """Commerce's own message: parameters filled in, one line, bounded; "" for none.

    Only ``message``, ``parameters``, ``errors`` and ``messages.error`` are read;
    ``trace`` and everything else is left out.
    """
    texts = [_fill_parameters(error) for error in _errors(document)]
    return one_line("; ".join(text for text in texts if text))


def _is_commerces(document: Any) -> bool:
    """Whether an error has Commerce's form, and not that of a gateway in front of it.

    Adobe's gateway in front of SaaS, for example, adds ``error_code``.
    """
    return (
        isinstance(document, dict)
        and isinstance(document.get("message"), str)
        and document.keys() <= ERROR_KEYS
    )


def _has_parameters(document: dict[str, Any]) -> bool:
    """Whether the message has placeholders, of which translations keep the values."""
    return any(
        error.get("parameters") and PLACEHOLDER.search(str(error.get("message")))
        for error in _errors(document)
    )


def _is_oauth_problem(document: Any) -> bool:
    """Whether the words, or a whole parameter, name one of OAuth's problems."""
    return OAUTH_PROBLEM.search(_templates(document)) is not None or any(
        isinstance(value, str)
        and value.startswith("oauth_")
        and OAUTH_PROBLEM.fullmatch(value)
        for error in _errors(document)
        for value in _parameter_values(error)
    )


def _parameter_values(error: dict[str, Any]) -> list[Any]:
    parameters = error.get("parameters")
    if isinstance(parameters, dict):
        return list(parameters.values())
    return parameters if isinstance(parameters, list) else []


def _templates(document: Any) -> str:
    """The messages before their parameters are filled in."""
    texts = []
    for error in _errors(document):
        text = error.get("message")
        if isinstance(text, str):
            # A message that is nothing but a placeholder says what it means in it.
            bare = PLACEHOLDER.fullmatch(text.strip())
            texts.append(_fill_parameters(error) if bare else text)
    return "\n".join(texts)


def _errors(document: Any) -> list[dict[str, Any]]:
    """The error itself and those listed in it, in the two forms of Commerce."""
    if not isinstance(document, dict):
        return []
    messages = document.get("messages")
    errors = [document]
    for listed in (
        document.get("errors"),
        messages.get("error") if isinstance(messages, dict) else None,
    ):
        if isinstance(listed, list):
            errors += [e for e in listed[:MAX_LISTED_ERRORS] if isinstance(e, dict)]
    return errors


def _fill_parameters(error: dict[str, Any]) -> str:
    if not isinstance(error.get("message"), str):
        return ""
    message = error["message"][: 4 * MAX_MESSAGE_LENGTH]
    parameters = error.get("parameters")
    values: dict[str, str] = {}
    if isinstance(parameters, list):
        items = parameters[:MAX_PARAMETERS]
        values = {f"%{i}": _as_text(item) for i, item in enumerate(items, 1)}
    elif isinstance(parameters, dict):
        names = list(parameters)[:MAX_PARAMETERS]
        values = {f"%{name}": _as_text(parameters[name]) for name in names}
    if not values:
        return message
    # In one pass and longest first: %10 is not %1, and a % in a value stays.
    pattern = "|".join(re.escape(p) for p in sorted(values, key=len, reverse=True))
    return re.sub(pattern, lambda match: values[match.group()], message)


def _as_text(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(_as_text(item) for item in value[:MAX_LISTED_ERRORS])
    if isinstance(value, str):
        return value[:MAX_MESSAGE_LENGTH]
    return "" if value is None or isinstance(value, dict) else str(value)
