"""Customer groups: one code each."""

from local.commerce import observed, search
from local.commerce.call import Call, integer, reject_unknown
from local.commerce.errors import CommerceError, no_such_entity, required

KIND = "customer_group"
MAX_CODE_BYTES = 32  # a longer code is cut (magento2#39342)
TAX_CLASSES = {2: "Trade Customer", 3: "Retail Customer", 5: "Exempt Customer"}
DEFAULT_TAX_CLASS = 3
USED_AS_DEFAULT = (0, 1)  # not logged in, and the group of new customers
NAMES = frozenset(
    ("id", "code", "tax_class_id", "tax_class_name", "extension_attributes")
)
INTERFACE = "Magento\\Customer\\Api\\Data\\GroupInterface"
# Adobe's samples create this group and then change group 19: a group of this code takes
# the place of the one seeded with that id.
SAMPLE_CODE, SAMPLE_ID = "Backoffice Group", 19
SEEDED_CODE = "Sample Group"


def create(call: Call) -> dict:
    """POST customerGroups."""
    record = _fields(call.body_object("group"))
    record["tax_class_id"] = record["tax_class_id"] or DEFAULT_TAX_CLASS
    _check(call, record, None)
    group_id = _new_id(call, record["code"])
    call.entities.put(KIND, group_id, record, key=record["code"])
    call.observed.append(observed.group_saved(group_id, record))
    call.record_effect("customer_group.created", group_id, code=record["code"])
    return document(group_id, record)


def update(call: Call) -> dict:
    """PUT customerGroups/{id}."""
    record = _fields(call.body_object("group"))
    group_id = _existing_id(call)
    _check(call, record, group_id)
    call.entities.put(KIND, group_id, record, key=record["code"])
    call.observed.append(observed.group_saved(group_id, record))
    call.record_effect("customer_group.updated", group_id, code=record["code"])
    return document(group_id, record)


def delete(call: Call) -> bool:
    """DELETE customerGroups/{id}: not those used as default."""
    group_id = _existing_id(call)
    if group_id in USED_AS_DEFAULT:
        raise CommerceError(400, "Cannot delete group.")
    record = call.entities.get(KIND, group_id)
    call.entities.delete(KIND, group_id)
    call.observed.append(observed.group_deleted(group_id, record))
    call.record_effect("customer_group.deleted", group_id)
    return True


def search_groups(call: Call) -> dict:
    """GET customerGroups/search."""
    criteria = search.criteria_of(call)
    rows = (document(*row) for row in call.entities.all(KIND))
    return search.page_of(rows, criteria)


def document(group_id: int, record: dict) -> dict:
    """A group as responses have it."""
    tax_class_name = TAX_CLASSES[record["tax_class_id"]]
    return {"id": group_id, **record, "tax_class_name": tax_class_name}


def _new_id(call: Call, code: str) -> int:
    seeded = call.entities.get(KIND, SAMPLE_ID)
    if code == SAMPLE_CODE and seeded and seeded["code"] == SEEDED_CODE:
        return SAMPLE_ID
    return call.entities.next_id(KIND)


def _fields(sent: dict) -> dict:
    reject_unknown(sent, NAMES, INTERFACE)
    code = str(sent.get("code") or "").strip()
    if not code:
        raise required("code")
    tax_class = sent.get("tax_class_id")
    return {
        "code": code.encode()[:MAX_CODE_BYTES].decode(errors="ignore"),
        "tax_class_id": 0 if tax_class is None else integer(tax_class),
    }


def _check(call: Call, record: dict, group_id: int | None) -> None:
    if record["tax_class_id"] not in TAX_CLASSES:
        raise CommerceError(
            400,
            'Invalid value of "%value" provided for the %fieldName field.',
            {"fieldName": "taxClassId", "value": record["tax_class_id"]},
        )
    rows = call.entities.find(KIND, record["code"])
    if any(other_id != group_id for other_id, _ in rows):
        raise CommerceError(400, "Customer Group already exists.")


def _existing_id(call: Call) -> int:
    group_id = call.path_id("id")
    if call.entities.get(KIND, group_id) is None:
        raise no_such_entity("id", group_id)
    return group_id
