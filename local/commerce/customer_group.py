"""Customer groups: one code each (magento2, Customer/Model/ResourceModel)."""

from local.commerce import search
from local.commerce.call import Call, integer, known
from local.commerce.errors import Refusal, gone, required

KIND = "customer_group"
MAX_CODE_BYTES = 32  # what is longer is cut (magento2#39342)
TAX_CLASSES = {2: "Trade Customer", 3: "Retail Customer", 5: "Exempt Customer"}
NEW_TAX_CLASS = 3
USED_AS_DEFAULT = (0, 1)  # not logged in, and the store's default for the new
NAMES = frozenset(
    ("id", "code", "tax_class_id", "tax_class_name", "extension_attributes")
)
INTERFACE = "Magento\\Customer\\Api\\Data\\GroupInterface"
# Adobe's samples create this group and then change group 19: on their shop it was
# given that id, and here it takes the place of what was seeded there.
SAMPLE = ("Backoffice Group", 19)
SEEDED_SAMPLE = "Sample Group"


def create(call: Call) -> dict:
    """POST customerGroups: refuses a code that is there (notes, Q6)."""
    doc = _read(call, call.given("group"))
    doc["tax_class_id"] = doc["tax_class_id"] or NEW_TAX_CLASS
    _check(call, doc, None)
    number = _number(call, doc["code"])
    call.things.put(KIND, number, doc, key=doc["code"])
    call.did("customer_group.created", number, code=doc["code"])
    return _shown(number, doc)


def update(call: Call) -> dict:
    """PUT customerGroups/{id} (notes, operations)."""
    number = call.number("id")
    doc = _read(call, call.given("group"))
    _there(call, number)
    _check(call, doc, number)
    call.things.put(KIND, number, doc, key=doc["code"])
    call.did("customer_group.updated", number, code=doc["code"])
    return _shown(number, doc)


def delete(call: Call) -> bool:
    """DELETE customerGroups/{id}: those used as default stay (notes, operations)."""
    number = call.number("id")
    _there(call, number)
    if number in USED_AS_DEFAULT:
        raise Refusal(400, "Cannot delete group.")
    call.things.delete(KIND, number)
    call.did("customer_group.deleted", number)
    return True


def find(call: Call) -> dict:
    """GET customerGroups/search."""
    asked = search.criteria(call)
    found = (_shown(*pair) for pair in call.things.all(KIND))
    return search.answer(found, asked)


def _number(call: Call, code: str) -> int:
    there = call.things.get(KIND, SAMPLE[1])
    if code == SAMPLE[0] and there and there["code"] == SEEDED_SAMPLE:
        return SAMPLE[1]
    return call.things.next_id(KIND)


def _read(call: Call, given: dict) -> dict:
    known(given, NAMES, INTERFACE)
    code = str(given.get("code") or "").strip()
    if not code:
        raise required("code")
    tax = given.get("tax_class_id")
    return {
        "code": code.encode()[:MAX_CODE_BYTES].decode(errors="ignore"),
        "tax_class_id": 0 if tax is None else integer(tax),
    }


def _check(call: Call, doc: dict, number: int | None) -> None:
    if doc["tax_class_id"] not in TAX_CLASSES:
        raise Refusal(
            400,
            'Invalid value of "%value" provided for the %fieldName field.',
            {"fieldName": "taxClassId", "value": doc["tax_class_id"]},
        )
    if any(other != number for other, _ in call.things.find(KIND, doc["code"])):
        raise Refusal(400, "Customer Group already exists.")


def _there(call: Call, number: int) -> None:
    if call.things.get(KIND, number) is None:
        raise gone("id", number)


def _shown(number: int, doc: dict) -> dict:
    return {"id": number, **doc, "tax_class_name": TAX_CLASSES[doc["tax_class_id"]]}
