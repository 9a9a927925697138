"""Operations that keep what they get, for routes without rules of their own.

``make new-event`` registers them::

    Route("PUT", "salesRules/{id}", stored.save("salesRules")),
"""

from local.commerce.call import Call, Operation
from local.commerce.errors import no_such_entity


def save(kind: str) -> Operation:
    """A POST or PUT that keeps its document, and answers with it and an id."""

    def save_document(call: Call) -> dict:
        key = _key(call)
        rows = call.entities.find(kind, key) if key else []
        entity_id = rows[0][0] if rows else call.entities.next_id(kind)
        document = call.body if isinstance(call.body, dict) else {}
        key = key or str(entity_id)
        call.entities.put(kind, entity_id, document, key=key)
        call.record_effect(f"{kind}.saved", key)
        return {"id": entity_id, **document}

    return save_document


def remove(kind: str) -> Operation:
    """A DELETE of what was kept under the same path."""

    def remove_document(call: Call) -> bool:
        rows = call.entities.find(kind, _key(call))
        if not rows:
            raise no_such_entity("id", _key(call))
        for entity_id, _ in rows:
            call.entities.delete(kind, entity_id)
        call.record_effect(f"{kind}.removed", _key(call))
        return True

    return remove_document


def _key(call: Call) -> str:
    return "/".join(call.values.values())
