"""Checks of write permissions at a store, by requests that cannot change anything.

Each request has an empty document, ``{}``, for an operation whose document has a
required part by Adobe's OpenAPI, and names no existing entity. Commerce first checks
the permission (401 or 403), then reports the missing part (400) or entity (404).
"""

from collections.abc import Iterator
from dataclasses import dataclass

from functions.commerce import classification
from functions.commerce.client import CommerceSession
from functions.errors import Rejected, Unavailable
from functions.http_client.responses import HttpResponse, parse_json

EMPTY_DOCUMENT = b"{}"


@dataclass(frozen=True)
class Write:
    """A request that Commerce must reject.

    Attributes:
        what: the entities that such requests write.
        required: the part of the document that Commerce reports as missing.
    """

    what: str
    method: str
    route: str
    required: str


# Ids begin with 1. Not every permission can be checked: an operation without a document
# (DELETE), or with one that may be empty (POST order/{id}/ship ships everything), could
# change something, and creating a customer needs no permission.
WRITES = (
    Write("products", "POST", "products", "product"),
    Write("customers", "PUT", "customers/0", "customer"),
    Write("customer groups", "POST", "customerGroups", "group"),
    Write("orders' comments", "POST", "orders/0/comments", "statusHistory"),
    Write("shipments", "POST", "shipment", "entity"),
    Write("inventory sources' stock", "POST", "inventory/source-items", "sourceItems"),
)
NOT_CHECKED = "not checked: deletions, shipping an order; a check could change data"


def check_writes(session: CommerceSession) -> Iterator[tuple[str, bool | None, str]]:
    """Name of each check, whether it passed (None: inconclusive), and the reason.

    Raises:
        Unavailable: the store does not answer.
    """
    for write in WRITES:
        response = session.request(write.method, write.route, content=EMPTY_DOCUMENT)
        yield f"write {write.what}", *_verdict(write, response)
    yield "other writes", None, NOT_CHECKED


def _verdict(write: Write, response: HttpResponse) -> tuple[bool | None, str]:
    document = parse_json(response.content)
    if response.status == 400 and write.required in classification.render(document):
        return True, "allowed"
    if response.status == 200:
        return None, "inconclusive: Commerce accepted an empty document"
    error = classification.classify(write.method, write.route, response, document)
    if response.status == 404 and type(error) is Rejected:
        return True, "allowed"
    if isinstance(error, Unavailable) and error.status in (401, 403):
        return False, f"not allowed: {error.message}"
    return None, f"inconclusive: {error.message}"
