"""``check-commerce --writes``: whether the store would let us write, without writing.

Each request has an empty document, ``{}``, for an operation whose document Adobe's
OpenAPI demands a part of, and names nothing that could be there. Commerce looks at the
permission first (401 or 403), then misses the part (400), and only then would act.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from functions.commerce import classification
from functions.commerce.classification import CommerceResponse
from functions.commerce.client import CommerceConnection
from functions.commerce.errors import Unavailable

EMPTY = b"{}"


@dataclass(frozen=True)
class Write:
    """A request that can only be refused.

    Attributes:
        what: is written by such requests.
        part: of the document, that Commerce says is missing.
    """

    what: str
    method: str
    route: str
    part: str


# Ids begin with 1. No request is certain to change nothing where a document may be
# empty (POST order/{id}/ship then ships all) or there is none (DELETE), and creating a
# customer asks for no permission.
WRITES = (
    Write("products", "POST", "products", "product"),
    Write("customers", "PUT", "customers/0", "customer"),
    Write("customer groups", "POST", "customerGroups", "group"),
    Write("orders' comments", "POST", "orders/0/comments", "statusHistory"),
    Write("shipments", "POST", "shipment", "entity"),
    Write("inventory sources' stock", "POST", "inventory/source-items", "sourceItems"),
)
LEFT_OUT = "not tried: to remove, and to ship an order; to try them could change things"


def tried(commerce: CommerceConnection) -> Iterator[tuple[str, bool | None, str]]:
    """What was tried, whether it is allowed (None: that is not told), and why.

    Raises:
        Unavailable: the store does not answer.
    """
    calls = commerce.session()
    for write in WRITES:
        url = commerce.settings.url + write.route
        answer = commerce.exchange(calls, write.method, write.route, url, EMPTY)
        yield f"write {write.what}", *_told(write, answer)
    yield "other writes", None, LEFT_OUT


def _told(write: Write, answer: CommerceResponse) -> tuple[bool | None, str]:
    document = classification.parse(answer.content)
    if answer.status == 400 and write.part in classification.render(document):
        return True, "allowed"
    if answer.status == 200:
        return None, "not told: Commerce took an empty document"
    fault = classification.fault(write.method, write.route, answer, document)
    if isinstance(fault, Unavailable) and fault.status in (401, 403):
        return False, f"not allowed: {fault.message}"
    return None, f"not told: {fault.message}"
